import { measure } from '../harness.mjs'
import { record } from '../record.mjs'

/**
 * The memory backend on 1,000 records of about 183 bytes of JSON. Map and lru-cache hand out the stored object itself,
 * so that changing it changes the store; 'Map, cloned' is what a Map costs that is isolated as konserve-ts is.
 */

const COUNT = 1000
const records = Array.from({ length: COUNT }, (_, i) => record(i))
const keys = records.map(({ id }) => id)

/**
 * @typedef {(typeof records)[number]} Item
 *
 * What every contestant does, in its own words; whatever is a promise is awaited.
 *
 * @typedef {object} Store
 * @property {(key: string) => any} get
 * @property {(key: string, value: Item) => unknown} set
 * @property {(key: string, fn: (old: Item) => Item) => unknown} update
 * @property {(key: string) => any} has
 * @property {(key: string) => unknown} delete
 * @property {(keys: string[]) => any} getMany how many were there
 * @property {() => any} keys how many there are
 *
 * @typedef {Record<string, Store>} Stores
 */

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const { lru, map, cloned, keyv, unstorage } = await openPeers()
  const store = await openOurs()
  const asynchronous = { Map: map, 'Map, cloned': cloned, keyv, unstorage, 'lru-cache': lru }
  const synchronous = { Map: map, 'Map, cloned': cloned, 'lru-cache': lru }
  const results = []
  for (const [name, work] of Object.entries(WORK)) {
    results.push(...(await measure(row(`${name}, async`, work.async, store.asynchronous, asynchronous), options)))
  }
  for (const [name, work] of Object.entries(WORK)) {
    results.push(...(await measure(row(`${name}, sync`, work.sync, store.synchronous, synchronous), options)))
  }
  await store.close()
  return results
}

/**
 * @param {string} name
 * @param {(store: Store) => number | Promise<number>} work
 * @param {Store} ours
 * @param {Stores} others
 * @returns {import('../harness.mjs').Row}
 */
function row(name, work, ours, others) {
  /** @param {Store} store */
  const contestant = (store) => ({ before: () => fill(store), run: () => work(store) })
  const peers = Object.fromEntries(Object.entries(others).map(([peer, store]) => [peer, contestant(store)]))
  return { name, operations: COUNT, ours: contestant(ours), peers }
}

/** @param {Store} store */
async function fill(store) {
  if ((await store.keys()) === COUNT) return
  for (let i = 0; i < COUNT; i++) await store.set(at(keys, i), at(records, i))
}

/** @param {Item} old */
const older = (old) => ({ ...old, age: (old.age + 1) % 100 })

/**
 * The same work with and without `await`, each answering a checksum.
 *
 * @type {Record<string, { async: (store: Store) => Promise<number>, sync: (store: Store) => number }>}
 */
const WORK = {
  set: {
    async: async (store) => {
      for (let i = 0; i < COUNT; i++) await store.set(at(keys, i), at(records, i))
      return COUNT
    },
    sync: (store) => {
      for (let i = 0; i < COUNT; i++) store.set(at(keys, i), at(records, i))
      return COUNT
    },
  },
  get: {
    async: async (store) => {
      let sum = 0
      for (const key of keys) sum += (await store.get(key)).score
      return sum
    },
    sync: (store) => {
      let sum = 0
      for (const key of keys) sum += store.get(key).score
      return sum
    },
  },
  update: {
    async: async (store) => {
      for (const key of keys) await store.update(key, older)
      return COUNT
    },
    sync: (store) => {
      for (const key of keys) store.update(key, older)
      return COUNT
    },
  },
  getMany: { async: async (store) => await store.getMany(keys), sync: (store) => store.getMany(keys) },
  keys: { async: async (store) => await store.keys(), sync: (store) => store.keys() },
  has: {
    async: async (store) => {
      let sum = 0
      for (const key of keys) sum += Number(await store.has(key))
      return sum
    },
    sync: (store) => {
      let sum = 0
      for (const key of keys) sum += Number(store.has(key))
      return sum
    },
  },
  delete: {
    async: async (store) => {
      for (const key of keys) await store.delete(key)
      return COUNT
    },
    sync: (store) => {
      for (const key of keys) store.delete(key)
      return COUNT
    },
  },
}

/** @returns {Promise<{ asynchronous: Store, synchronous: Store, close: () => Promise<void> }>} */
async function openOurs() {
  /** @type {typeof import('../../src/node.ts')} */
  const { connectStore, deleteStore } = await import(new URL('../../dist/node.js', import.meta.url).href)
  const config = /** @type {const} */ ({ backend: 'memory', id: '3d0f2c9a-5b5e-4f43-9a0b-6f1c8f9f0e11' })
  const store = await connectStore(config)
  const sync = /** @type {const} */ ({ sync: true })
  return {
    asynchronous: {
      get: (key) => store.get(key),
      set: (key, value) => store.set(key, value),
      update: (key, fn) => store.update(key, fn),
      has: (key) => store.has(key),
      delete: (key) => store.delete(key),
      getMany: async (keys) => (await store.getMany(keys)).size,
      keys: async () => {
        let sum = 0
        for await (const key of store.keys()) sum += Number(key !== undefined)
        return sum
      },
    },
    synchronous: {
      get: (key) => store.get(key, sync),
      set: (key, value) => store.set(key, value, sync),
      update: (key, fn) => store.update(key, fn, sync),
      has: (key) => store.has(key, sync),
      delete: (key) => store.delete(key, sync),
      getMany: (keys) => store.getMany(keys, sync).size,
      keys: () => count(store.keys(sync)),
    },
    close: () => deleteStore(config),
  }
}

/** @returns {Promise<Stores & Record<'map' | 'cloned' | 'lru' | 'keyv' | 'unstorage', Store>>} */
async function openPeers() {
  const { LRUCache } = await load('lru-cache')
  const { default: Keyv } = await load('keyv')
  const { createStorage } = await load('unstorage')
  const { default: memoryDriver } = await load('unstorage/drivers/memory')
  const keyv = new Keyv()
  const storage = createStorage({ driver: memoryDriver() })
  return {
    map: mapLike(new Map(), (value) => value),
    cloned: mapLike(new Map(), structuredClone),
    lru: mapLike(new LRUCache({ max: 10 * COUNT }), (value) => value),
    keyv: {
      get: (key) => keyv.get(key),
      set: (key, value) => keyv.set(key, value),
      update: async (key, fn) => keyv.set(key, fn(await keyv.get(key))),
      has: (key) => keyv.has(key),
      delete: (key) => keyv.delete(key),
      getMany: async (keys) => (await keyv.getMany(keys)).length,
      keys: async () => {
        let sum = 0
        for await (const [key] of keyv.iterator()) sum += Number(key !== undefined)
        return sum
      },
    },
    unstorage: {
      get: (key) => storage.getItem(key),
      set: (key, value) => storage.setItem(key, value),
      update: async (key, fn) => storage.setItem(key, fn(await storage.getItem(key))),
      has: (key) => storage.hasItem(key),
      delete: (key) => storage.removeItem(key),
      getMany: async (keys) => (await storage.getItems(keys)).length,
      keys: async () => (await storage.getKeys()).length,
    },
  }
}

/**
 * @param {Pick<Map<string, Item>, 'get' | 'set' | 'has' | 'delete' | 'keys'>} map
 * @param {(value: Item) => Item} copy
 * @returns {Store}
 */
function mapLike(map, copy) {
  /** @param {string} key */
  const get = (key) => copy(/** @type {Item} */ (map.get(key)))
  return {
    get,
    set: (key, value) => map.set(key, copy(value)),
    update: (key, fn) => map.set(key, copy(fn(get(key)))),
    has: (key) => map.has(key),
    delete: (key) => map.delete(key),
    getMany: (keys) => new Map(keys.map((key) => [key, get(key)])).size,
    keys: () => count(map.keys()),
  }
}

/**
 * The peers are installed apart, so that their types are not there when the scripts are checked.
 *
 * @param {string} name
 * @returns {Promise<any>}
 */
function load(name) {
  return import(name)
}

/** @param {Iterable<unknown>} values */
function count(values) {
  let sum = 0
  for (const value of values) sum += Number(value !== undefined)
  return sum
}

/**
 * @template T
 * @param {readonly T[]} values
 * @param {number} index
 */
function at(values, index) {
  return /** @type {T} */ (values[index])
}
