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
    const done = { updates: 0, elements: 0, sets: /** @type {number[]} */ (Array(WORKERS).fill(0)), writes: 0 }
    /** @param {number} worker @param {() => boolean} ended */
    const work = async (worker, ended) => {
      while (!ended()) {
        const n = ++done.writes
        const kind = n % 4
        if (kind === 0) {
          await store.update('count', (count = 0) => Number(count) + 1)
          done.updates++
        } else if (kind === 1) {
          await store.append('log', n)
          done.elements++
        } else {
          const value = { n, text: 'x'.repeat(kind === 2 ? 900_000 : n % 1000) }
          await (kind === 2
            ? store.set(`own-${worker}`, value)
            : store.setMany([
                [`own-${worker}`, value],
                ['other', n],
              ]))
          done.sets[worker] = n
        }
      }
    }
    for (let round = 0; round < rounds; round++) {
      let ended = false
      const workers = Array.from({ length: WORKERS }, (_, worker) => work(worker, () => ended))
      const all = Promise.all(workers)
      all.catch(() => undefined)
      await delay(300 + Math.random() * 1000)
      await service.kill()
      await service.start()
      await delay(200)
      ended = true
      await all
      assert.equal(await store.get('count'), done.updates, 'an update was lost, or done twice')
      const log = await store.log('log')
      assert.equal(log.length, done.elements, 'an element was lost, or is there twice')
      assert.equal(new Set(log).size, done.elements, 'an element is there twice')
      for (const [worker, n] of done.sets.entries()) {
        const value = /** @type {{ n: number } | undefined} */ (await store.get(`own-${worker}`))
        assert.equal(value?.n ?? 0, n, 'an acknowledged set was lost')
      }
    }
    await releaseStore(config, store)
    return `${rounds} kills of the server, ${done.writes} writes; none that was acknowledged is lost or was done twice`
  } finally {
    await service.stop()
  }
}
