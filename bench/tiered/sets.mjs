import { caches } from './caches.mjs'
import { COUNT, fill, revisions } from './data.mjs'
import { tierConfig } from './ours.mjs'

/**
 * Writes of all keys, each awaited before the next. Map and keyv keep them in memory alone, the others where our back does.
 * What is still on the way to the back when the last write is answered is waited for, untimed, and so is the database.
 *
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 * @param {string} writePolicy
 */
export async function writes(place, name, writePolicy) {
  const store = await place.connectStore(tierConfig(place, name, { writePolicy }))
  await fill(store)
  /** @type {Record<string, import('../harness.mjs').Contestant>} */
  const peers = { Map: writing(await caches.Map()), keyv: writing(await caches.keyv()) }
  for (const [label, open] of Object.entries(place.libraries)) {
    const library = await open(name)
    await fill(library)
    peers[label] = writing(library, place.settle)
  }
  // Until then konserve-ts numbers its writes, as it does not know yet that nobody watches.
  await new Promise((resolve) => setTimeout(resolve, 2000))
  const settled = async () => {
    await store.flush()
    await place.settle()
  }
  return { operations: COUNT, ours: writing(store, settled), peers }
}

/**
 * Each run writes the other revision.
 *
 * @param {import('./place.mjs').Library} library
 * @param {() => Promise<void>} [settled]
 * @returns {import('../harness.mjs').Contestant}
 */
function writing(library, settled) {
  let revision = 0
  const pairs = () => revisions[revision] ?? []
  return {
    before: () => {
      revision = 1 - revision
    },
    run: async () => {
      for (const [key, value] of pairs()) await library.set(key, value)
      return 0
    },
    after: async () => {
      await settled?.()
      for (const [key, { age }] of [...pairs().slice(0, 1), ...pairs().slice(-1)]) {
        const found = (await library.get(key)).age
        if (found !== age) throw new Error(`${key} has the age ${found}, not ${age}.`)
      }
    },
  }
}
