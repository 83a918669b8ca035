import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { startService } from '../../scripts/services.mjs'

const WORKERS = 4
/** More than a server takes to start again. */
const TIMEOUT = 120_000

/**
 * DynamoDB Local on disk is killed in the middle of the work of several writers, and started again, so many times.
 * Whatever was acknowledged is there, updates and elements of logs once; the writers go on by themselves.
 *
 * DynamoDB Local answers to a transaction a moment before it is on disk, and has it there when it answers to the next
 * request: what it was killed in between may be there or not, once. It is asked for transactions only on entries that are
 * small: of one that it forgets, the large value that was replaced would be there again, whose pieces are gone.
 *
 * @param {Pick<typeof import('../../src/node.ts'), 'connectStore' | 'releaseStore'>} library with the backend registered
 * @param {number} rounds
 * @returns {Promise<string>} what was done
 */
export async function dynamoDbKillRounds({ connectStore, releaseStore }, rounds) {
  const service = await startService('dynamodb', { args: ['-dbPath', '.'] })
  try {
    /** @type {import('../../src/backends/dynamodb.ts').DynamoDbConfig & { backend: 'dynamodb', id: string }} */
    const config = {
      backend: 'dynamodb',
      id: crypto.randomUUID(),
      table: 'konserve',
      region: 'eu-central-1',
      endpoint: service.url,
      credentials: { accessKeyId: 'TESTKEY', secretAccessKey: 'the secret of the tests' },
      timeout: TIMEOUT,
    }
    const store = await connectStore(config, { createContainer: true })
    let writes = 0
    let updates = 0
    let kills = 0
    const elements = new Set()
    const uncertain = new Set()
    /** What each worker's own entries may be, by key. @type {Map<string, number[]>} */
    const own = new Map()

    /** Whether a transaction is known to be on disk. @param {() => Promise<unknown>} write */
    const isOnDisk = async (write) => {
      const before = kills
      await write()
      await store.get('count')
      return kills === before
    }
    /** @param {number} worker @param {() => boolean} ended */
    const work = async (worker, ended) => {
      for (let i = worker; !ended(); i++) {
        const n = ++writes
        const value = { n, text: 'x'.repeat(i % 4 === 2 ? 900_000 : n % 1000) }
        if (i % 4 === 0) {
          await store.update('count', (count = 0) => Number(count) + 1)
          updates++
        } else if (i % 4 === 1) {
          const known = await isOnDisk(() => store.append('log', n))
          const list = known ? elements : uncertain
          list.add(n)
        } else if (i % 4 === 2) {
          await store.set(`own-${worker}`, value)
          own.set(`own-${worker}`, [n])
        } else {
          const entries = /** @type {const} */ ([
            [`pair-${worker}`, value],
            [`beside-${worker}`, n],
          ])
          const known = await isOnDisk(() => store.setMany(entries))
          own.set(`pair-${worker}`, known ? [n] : [...(own.get(`pair-${worker}`) ?? [0]), n])
        }
      }
    }
    for (let round = 0; round < rounds; round++) {
      let ended = false
      const all = Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(worker, () => ended)))
      // It is awaited below.
      all.catch(() => undefined)
      await delay(300 + Math.random() * 1000)
      kills++
      await service.kill()
      await service.start()
      await delay(200)
      ended = true
      await all

      assert.equal(await store.get('count'), updates, 'an update was lost, or done twice')
      const log = await store.log('log')
      assert.equal(new Set(log).size, log.length, 'an element is there twice')
      for (const n of elements) assert.ok(log.includes(n), 'an element was lost')
      for (const n of log) assert.ok(elements.has(n) || uncertain.has(n), 'an element came from nowhere')
      for (const [key, possible] of own) {
        const value = /** @type {{ n: number } | undefined} */ (await store.get(key))
        assert.ok(possible.includes(value?.n ?? 0), `${value?.n} was set, and not one of ${possible.join()}`)
      }
    }
    await releaseStore(config, store)
    return `${rounds} kills of the server, ${writes} writes; none that was on disk is lost, none was done twice`
  } finally {
    await service.stop()
  }
}
