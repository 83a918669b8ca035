import { Dexie } from 'dexie'
import { openDB } from 'idb'
import * as idbKeyval from 'idb-keyval'
import localForage from 'localforage'
import { createStorage } from 'unstorage'
import indexedDbDriver from 'unstorage/drivers/indexedb'
import { complete } from './store.mjs'

/**
 * The libraries, each by its own calls. Those that cannot choose a durability write with the browser's default, which is
 * `relaxed` in all three.
 */

const STORE = 'entries'

/**
 * @param {IDBTransactionDurability} durability
 * @returns {import('./store.mjs').Open}
 */
export const idb = (durability) => async (database) => {
  const db = await openDB(database, 1, { upgrade: (db) => void db.createObjectStore(STORE) })
  const writing = () => db.transaction(STORE, 'readwrite', { durability })
  return complete({
    async set(key, value) {
      const { store, done } = writing()
      await Promise.all([store.put(value, key), done])
    },
    get: (key) => db.get(STORE, key),
    async setMany(pairs) {
      const { store, done } = writing()
      await Promise.all([...pairs.map(([key, value]) => store.put(value, key)), done])
    },
    getMany(keys) {
      const { store } = db.transaction(STORE)
      return Promise.all(keys.map((key) => store.get(key)))
    },
    async update(key, fn) {
      const { store, done } = writing()
      await store.put(fn(await store.get(key)), key)
      await done
    },
    keys: () => db.getAllKeys(STORE),
    async entries() {
      const { store } = db.transaction(STORE)
      const [keys, values] = await Promise.all([store.getAllKeys(), store.getAll()])
      return keys.map((key, i) => [key, values[i]])
    },
    close: () => db.close(),
  })
}

/** @type {import('./store.mjs').Open} */
export async function openIdbKeyval(database) {
  const store = idbKeyval.createStore(database, STORE)
  return complete({
    set: (key, value) => idbKeyval.set(key, value, store),
    get: (key) => idbKeyval.get(key, store),
    setMany: (pairs) => idbKeyval.setMany(pairs, store),
    getMany: (keys) => idbKeyval.getMany(keys, store),
    update: (key, fn) => idbKeyval.update(key, fn, store),
    keys: () => idbKeyval.keys(store),
    entries: () => idbKeyval.entries(store),
    close: () => store('readonly', ({ transaction }) => transaction.db.close()),
  })
}

/** @type {import('./store.mjs').Open} */
export async function openLocalForage(database) {
  const { INDEXEDDB } = localForage
  const instance = localForage.createInstance({ name: database, storeName: STORE, driver: INDEXEDDB })
  await instance.ready()
  return complete({
    set: (key, value) => instance.setItem(key, value),
    get: (key) => instance.getItem(key),
    keys: () => instance.keys(),
    async entries() {
      /** @type {[string, unknown][]} */
      const entries = []
      await instance.iterate((value, key) => void entries.push([key, value]))
      return entries
    },
  })
}

/**
 * @param {IDBTransactionDurability} durability
 * @returns {import('./store.mjs').Open}
 */
export const dexie = (durability) => async (database) => {
  const db = new Dexie(database, { chromeTransactionDurability: durability })
  db.version(1).stores({ [STORE]: '' })
  await db.open()
  const table = db.table(STORE)
  return complete({
    set: (key, value) => table.put(value, key),
    get: (key) => table.get(key),
    setMany(pairs) {
      const values = pairs.map(([, value]) => value)
      return table.bulkPut(
        values,
        pairs.map(([key]) => key),
      )
    },
    getMany: (keys) => table.bulkGet(keys),
    update: (key, fn) => db.transaction('rw', table, async () => table.put(fn(await table.get(key)), key)),
    keys: () => table.toCollection().primaryKeys(),
    async entries() {
      const [keys, values] = await db.transaction('r', table, () =>
        Promise.all([table.toCollection().primaryKeys(), table.toArray()]),
      )
      return keys.map((key, i) => [key, values[i]])
    },
    close: () => db.close(),
  })
}

/** @type {import('./store.mjs').Open} */
export async function openUnstorage(database) {
  const storage = createStorage({ driver: indexedDbDriver({ dbName: database, storeName: STORE }) })
  return complete({
    set: (key, value) => storage.setItem(key, value),
    get: (key) => storage.getItem(key),
    setMany: (pairs) => storage.setItems(pairs.map(([key, value]) => ({ key, value }))),
    getMany: async (keys) => (await storage.getItems(keys)).map(({ value }) => value),
    keys: () => storage.getKeys(),
    entries: async () => (await storage.getItems(await storage.getKeys())).map(({ key, value }) => [key, value]),
    setBytes: (key, bytes) => storage.setItemRaw(key, bytes),
    getBytes: (key) => storage.getItemRaw(key),
  })
}
