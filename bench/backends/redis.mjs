import { startService } from '../../scripts/services.mjs'
import { load, openOurs } from './ours.mjs'

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
  const { ours, close } = await openOurs({ backend: 'redis', url }, 'redis')
  const { createStorage } = await load('unstorage')
  const { default: redisDriver } = await load('unstorage/drivers/redis')
  const storage = createStorage({ driver: redisDriver({ url, base: 'unstorage' }) })
  const { default: KeyvRedis } = await load('@keyv/redis')
  const { default: Keyv } = await load('keyv')
  const keyv = new Keyv({ store: new KeyvRedis(url) })

  return {
    ours,
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
      await close()
      await keyv.disconnect()
      await storage.dispose()
      client.disconnect()
      await service.stop()
    },
  }
}
