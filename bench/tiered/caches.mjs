import { Cacheable } from 'cacheable'
import { Keyv } from 'keyv'
import { LRUCache } from 'lru-cache'
import { createStorage } from 'unstorage'
import memoryDriver from 'unstorage/drivers/memory'
import { COUNT, revisions } from './data.mjs'

/**
 * What keeps things in memory alone, each new and with the records in it. Map and lru-cache hand out the stored object
 * itself, the others a copy or what they parse.
 */
export const caches = {
  Map: async () => new Map(revisions[0]),
  'lru-cache': async () => {
    /** @type {LRUCache<string, import('./data.mjs').Item>} */
    const cache = new LRUCache({ max: 10 * COUNT })
    for (const [key, value] of revisions[0] ?? []) cache.set(key, value)
    return cache
  },
  unstorage: async () => {
    const storage = createStorage({ driver: memoryDriver() })
    return filled({
      get: (key) => storage.getItem(key),
      set: (key, value) => storage.setItem(key, value),
    })
  },
  keyv: () => filled(new Keyv()),
  cacheable: () => filled(new Cacheable()),
}

/** @param {import('./place.mjs').Library} cache */
async function filled(cache) {
  for (const [key, value] of revisions[0] ?? []) await cache.set(key, value)
  return cache
}
