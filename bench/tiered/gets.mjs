import { caches } from './caches.mjs'
import { COUNT, fill, keys } from './data.mjs'
import { tierConfig } from './ours.mjs'

/**
 * Reads of keys that are in front, each key in its turn. Of the peers, Map and lru-cache are bare; idb-keyval and
 * localforage read the same records from IndexedDB.
 *
 * @typedef {import('../harness.mjs').Contestant} Contestant
 * @typedef {import('./place.mjs').Library} Library
 */

const SYNC = /** @type {const} */ ({ sync: true })

/**
 * Awaited.
 *
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 * @param {'freeze'} [isolation]
 */
export async function hot(place, name, isolation) {
  const store = await openOurs(place, name, isolation)
  /** @type {Record<string, Contestant>} */
  const peers = {}
  for (const [label, open] of Object.entries(caches)) peers[label] = reading(await open())
  Object.assign(peers, await databases(place, name, ['idb-keyval', 'localforage']))
  return { operations: COUNT, ours: reading(store), peers }
}

/**
 * With `{ sync: true }`. Whoever can has a loop of its own: one for all would be compiled for all of them, and calling them
 * through it cost as much as `Map.get`.
 *
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 * @param {'freeze'} [isolation]
 */
export async function hotSync(place, name, isolation) {
  const store = await openOurs(place, name, isolation)
  const map = await caches.Map()
  const lru = await caches['lru-cache']()
  /** @type {Contestant} */
  const ours = {
    run: () => {
      let sum = 0
      for (const key of keys) sum += store.get(key, SYNC).score
      return sum
    },
  }
  /** @type {Record<string, Contestant>} */
  const peers = {
    Map: {
      run: () => {
        let sum = 0
        for (const key of keys) sum += map.get(key)?.score ?? 0
        return sum
      },
    },
    'lru-cache': {
      run: () => {
        let sum = 0
        for (const key of keys) sum += lru.get(key)?.score ?? 0
        return sum
      },
    },
    ...(await databases(place, name, ['idb-keyval'])),
  }
  return { operations: COUNT, ours, peers }
}

/**
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 * @param {'freeze'} [isolation]
 * @returns {Promise<any>} a store all of whose keys are in front
 */
async function openOurs(place, name, isolation) {
  const store = await place.connectStore(tierConfig(place, name, { isolation }))
  await fill(store)
  return store
}

/**
 * Those of the libraries over a database that are there. They are waited for after each run: their answers are there before
 * their transactions have ended, and whoever comes next would pay for that.
 *
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 * @param {readonly string[]} labels
 */
async function databases({ libraries, settle }, name, labels) {
  /** @type {Record<string, Contestant>} */
  const found = {}
  for (const label of labels) {
    const library = await libraries[label]?.(name)
    if (library === undefined) continue
    await fill(library)
    found[label] = { ...reading(library), after: settle }
  }
  return found
}

/**
 * @param {Pick<Library, 'get'>} library
 * @returns {Contestant}
 */
function reading(library) {
  return {
    run: async () => {
      let sum = 0
      for (const key of keys) sum += (await library.get(key)).score
      return sum
    },
  }
}
