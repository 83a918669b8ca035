import { startService } from '../../scripts/services.mjs'

/**
 * A server of its own that keeps everything in memory: what its disk costs is the same for all. The peers have keys of their
 * own in it, and no index, but for the driver.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openRedis({ encoded, read }) {
  const service = await startService('redis', { args: ['--appendonly', 'no'] })
  const { url } = service
  const { Redis } = await load('ioredis')
  const client = new Redis(url)
  const { connectStore, releaseStore } = await load(new URL('../../dist/node.js', import.meta.url).href)
  await load(new URL('../../dist/backends/redis.js', import.meta.url).href)
  const config = { backend: 'redis', id: '3d0f2c9a-5b5e-4f43-9a0b-6f1c8f9f0e11', url }
  const store = await connectStore(config)
  const { createStorage } = await load('unstorage')
  const { default: redisDriver } = await load('unstorage/drivers/redis')
  const storage = createStorage({ driver: redisDriver({ url, base: 'unstorage' }) })
  const { default: KeyvRedis } = await load('@keyv/redis')
  const { default: Keyv } = await load('keyv')
  const keyv = new Keyv({ store: new KeyvRedis(url) })

  return {
    ours: {
      get: (key) => store.get(key),
      set: (key, value) => store.set(key, value),
      getMany: async (keys) => [...(await store.getMany(keys)).values()],
      setMany: (pairs) => store.setMany(pairs),
    },
    peers: {
      driver: {
        get: async (key) => read(key, await client.getBuffer(`driver:${key}`)),
        set: (key, value) => client.multi().set(`driver:${key}`, encoded(value)).zadd('driver', 0, key).exec(),
        async getMany(keys) {
          const found = await client.mgetBuffer(keys.map((key) => `driver:${key}`))
          return keys.map((key, i) => read(key, found[i]))
        },
        setMany(pairs) {
          const multi = client.multi()
          for (const [key, value] of pairs) multi.set(`driver:${key}`, encoded(value)).zadd('driver', 0, key)
          return multi.exec()
        },
      },
      unstorage: {
        get: (key) => storage.getItem(key),
        set: (key, value) => storage.setItem(key, value),
        getMany: async (keys) => (await storage.getItems(keys)).map((/** @type {any} */ { value }) => value),
        setMany: (pairs) => storage.setItems(pairs.map(([key, value]) => ({ key, value }))),
      },
      keyv: {
        get: (key) => keyv.get(key),
        set: (key, value) => keyv.set(key, value),
        getMany: (keys) => keyv.getMany(keys),
        setMany: (pairs) => keyv.setMany(pairs.map(([key, value]) => ({ key, value }))),
      },
    },
    async close() {
      await releaseStore(config, store)
      await keyv.disconnect()
      await storage.dispose()
      client.disconnect()
      await service.stop()
    },
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
