/** A Redis server that syncs each write is killed in mid-load, 20 times: nothing that was acknowledged is lost. */
import { startService } from '../../scripts/services.mjs'
import { restartRounds } from '../proofs/children/restarts.mjs'

const ROUNDS = 20

const DIST = new URL('../../dist/', import.meta.url)
/** @type {typeof import('../../src/node.ts')} */
const { connectStore, deleteStore } = await import(new URL('node.js', DIST).href)
await import(new URL('backends/redis.js', DIST).href)

const service = await startService('redis')
try {
  /** @type {any} */
  const config = { backend: 'redis', id: crypto.randomUUID(), url: service.url, timeout: 60_000 }
  const store = await connectStore(config)
  const { writes, updates } = await restartRounds({ store, service, rounds: ROUNDS })
  await deleteStore(config)
  console.log(
    `redis-kill: ${ROUNDS} kills, ${writes} writes, ${updates} updates; none that was acknowledged is lost, none is torn, none was done twice.`,
  )
} finally {
  await service.stop()
}
