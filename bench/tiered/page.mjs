import { connectStore, releaseStore } from '../../dist/browser.js'
import { settling } from '../indexeddb/databases.mjs'
import { openIdbKeyval, openLocalForage, openUnstorage } from '../indexeddb/libraries.mjs'
import { STORE, completed, lastOf, openDatabase, raw } from '../indexeddb/raw.mjs'
import { many } from './data.mjs'
import { ID } from './ours.mjs'

/**
 * The back is IndexedDB, each store in a database of its own.
 *
 * @returns {Promise<import('./place.mjs').Place>}
 */
export async function open() {
  return {
    connectStore,
    releaseStore,
    back: (name) => ({ backend: 'indexeddb', id: ID, name: `ours ${name}` }),
    libraries: {
      'idb-keyval': (name) => openIdbKeyval(`idb-keyval ${name}`),
      localforage: (name) => openLocalForage(`localforage ${name}`),
      unstorage: (name) => openUnstorage(`unstorage ${name}`),
    },
    openRaw,
    toFiles,
    settle: await settling(),
    close: async () => undefined,
  }
}

/** @param {string} name */
async function openRaw(name) {
  const db = await openDatabase(`raw ${name}`)
  const store = db.transaction(STORE, 'readwrite').objectStore(STORE)
  for (const [key, value] of many) store.put(value, key)
  await completed(store.transaction)
  return () => lastOf([db.transaction(STORE).objectStore(STORE).getAll()])
}

/**
 * Chromium's IndexedDB has what was written last in memory, where it reads it faster: whoever was filled last would be ahead.
 * So much more pushes all of it into files, which it goes on sorting for a while.
 */
async function toFiles() {
  const filler = await raw('relaxed')('filler')
  for (let i = 0; i < FILLERS; i++) await filler.set(`${i}`, crypto.getRandomValues(new Uint8Array(FILLER_BYTES)))
  filler.close?.()
  await new Promise((resolve) => setTimeout(resolve, 2000))
}

const FILLERS = 256
/** The most that there is random at once. */
const FILLER_BYTES = 65_536
