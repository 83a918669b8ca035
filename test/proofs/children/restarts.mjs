import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'

/**
 * Kill a server in the middle of writes, start it again, and see what is there: nothing that was acknowledged is lost,
 * nothing is torn, and no update is applied twice. The writers wait for the server to come back.
 *
 * @param {object} options
 * @param {import('../../../src/node.ts').Store} options.store whose calls are tried for longer than a restart takes
 * @param {{ kill(): Promise<void>, start(): Promise<void> }} options.service
 * @param {number} options.rounds
 * @returns {Promise<{ writes: number, updates: number }>}
 */
export async function restartRounds({ store, service, rounds }) {
  let [writes, updates] = [0, 0]
  await store.set('counter', 0)
  for (let round = 0; round < rounds; round++) {
    /** @type {Map<string, number>} the last acknowledged write of each key */
    const acknowledged = new Map()
    let running = true
    const setting = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let i = 0; running; i++) {
        await store.set(`key-${writer}`, { round, i, filler: 'x'.repeat(i % 3000) })
        acknowledged.set(`key-${writer}`, i)
        writes++
      }
    })
    const batching = async () => {
      for (let i = 0; running; i++) {
        await store.setMany(Array.from({ length: 10 }, (_, n) => [`batch-${n}`, { round, i }]))
        acknowledged.set('batch', i)
        writes++
      }
    }
    const counting = async () => {
      while (running) {
        await store.update('counter', (n) => Number(n) + 1)
        updates++
      }
    }
    const working = Promise.all([...setting, batching(), counting()])
    await delay(50 + Math.random() * 300)
    await service.kill()
    await service.start()
    await delay(50)
    running = false
    await working
    assert.equal(await store.get('counter'), updates, `round ${round}: the counter`)
    for (let writer = 0; writer < WRITERS; writer++) {
      const found = /** @type {any} */ (await store.get(`key-${writer}`))
      assert.deepEqual(
        [found.round, found.i],
        [round, acknowledged.get(`key-${writer}`)],
        `round ${round}: key ${writer}`,
      )
      assert.equal(found.filler.length, found.i % 3000)
    }
    for (let n = 0; n < 10; n++) {
      assert.deepEqual(
        await store.get(`batch-${n}`),
        { round, i: acknowledged.get('batch') },
        `round ${round}: batch ${n}`,
      )
    }
  }
  return { writes, updates }
}

const WRITERS = 8
