import { connectStore, releaseStore } from '../../dist/browser.js'
import { complete } from './store.mjs'

const ID = '3d0f2c9a-5b5e-4f43-9a0b-6f1c8f9f0e11'

/**
 * konserve-ts, with its encoding and checksums.
 *
 * @param {Omit<import('../../src/backends/indexeddb.ts').IndexedDbConfig, 'name'>} [config]
 * @returns {import('./store.mjs').Open}
 */
export const ours = (config) => async (database) => {
  const own = /** @type {const} */ ({ backend: 'indexeddb', id: ID, name: database, ...config })
  const store = await connectStore(own)
  return complete({
    set: (key, value) => store.set(key, value),
    get: (key) => store.get(key),
    setMany: (pairs) => store.setMany(pairs),
    getMany: async (keys) => [...(await store.getMany(keys)).values()],
    update: (key, fn) => store.update(key, fn),
    keys: () => store.keys().toArray(),
    entries: () => store.entries().toArray(),
    setBytes: (key, bytes) => store.setBinary(key, bytes),
    getBytes: (key) => store.getBinary(key),
    close: () => releaseStore(own, store),
  })
}
