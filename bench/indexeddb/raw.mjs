import { complete } from './store.mjs'

export const STORE = 'entries'

/**
 * IndexedDB without a library, used as well as we know: one transaction for all that a caller has in hand, committed
 * without waiting for its requests, and of many requests only the last is listened to.
 *
 * @param {IDBTransactionDurability} durability
 * @returns {import('./store.mjs').Open}
 */
export const raw = (durability) => async (database) => {
  const db = await openDatabase(database)
  const reading = () => db.transaction(STORE).objectStore(STORE)
  const writing = () => db.transaction(STORE, 'readwrite', { durability }).objectStore(STORE)

  /** @param {readonly (readonly [string, unknown])[]} pairs */
  const setMany = (pairs) => {
    const store = writing()
    for (const [key, value] of pairs) store.put(value, key)
    store.transaction.commit()
    return completed(store.transaction)
  }
  /** @param {readonly string[]} keys */
  const getMany = async (keys) => {
    const store = reading()
    const requests = keys.map((key) => store.get(key))
    await lastOf(requests)
    return requests.map(({ result }) => result)
  }
  return complete({
    set: (key, value) => setMany([[key, value]]),
    get: (key) => lastOf([reading().get(key)]),
    setAtOnce: setMany,
    getAtOnce: getMany,
    setMany,
    getMany,
    update(key, fn) {
      const store = writing()
      const request = store.get(key)
      request.onsuccess = () => {
        store.put(fn(request.result), key)
        store.transaction.commit()
      }
      return completed(store.transaction)
    },
    keys: () => lastOf([reading().getAllKeys()]),
    async entries() {
      const store = reading()
      const keys = store.getAllKeys()
      const values = store.getAll()
      // Once: WebKit makes the result anew each time that it is asked for.
      const found = await lastOf([keys, values])
      return keys.result.map((key, i) => [key, found[i]])
    },
    close: () => db.close(),
  })
}

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
export function openDatabase(name) {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => request.result.createObjectStore(STORE)
  return lastOf([request])
}

/**
 * The answer to the last request of a transaction: those before it are answered then.
 *
 * @param {readonly IDBRequest[]} requests
 * @returns {Promise<any>}
 */
export function lastOf(requests) {
  return new Promise((resolve, reject) => {
    const last = /** @type {IDBRequest} */ (requests.at(-1))
    last.onsuccess = () => resolve(last.result)
    last.onerror = () => reject(/** @type {DOMException} */ (last.error))
  })
}

/**
 * @param {IDBTransaction} transaction
 * @returns {Promise<void>}
 */
export function completed(transaction) {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(/** @type {DOMException} */ (transaction.error))
  })
}
