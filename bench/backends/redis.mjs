import { startService } from '../../scripts/services.mjs'
import { load, openOurs } from './ours.mjs'

/**
 * A server of its own that keeps everything in memory: what its disk costs is the same for all. The peers have keys of their
 * own in it, and no index, but for the driver.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openRedis(driven) {
  const service = await startService('redis', { args: ['--appendonly', 'no'] })
  const { url } = service
  const { Redis } = await load('ioredis')
  const client = new Redis(url)
  const { ours, sync, close } = await openOurs({ backend: 'redis', url }, 'redis')
  const { createStorage } = await load('unstorage')
  const { default: redisDriver } = await load('unstorage/drivers/redis')
  const storage = createStorage({ driver: redisDriver({ url, base: 'unstorage' }) })
  const { default: KeyvRedis } = await load('@keyv/redis')
  const { default: Keyv } = await load('keyv')
  const keyv = new Keyv({ store: new KeyvRedis(url) })

  return {
    ours,
    sync,
    peers: {
      driver: overClient(client, '{konserve:0d4b6f0e-97c5-4a52-8d0e-3f6a1c5f2b71}', driven.driver),
      bytes: overClient(client, '{konserve:5c1e8a43-2b7f-4f19-9e64-a0d2c7b98f35}', driven.bytes),
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

/**
 * @param {any} client
 * @param {string} index the sorted set, and what the keys start with: as long as ours, because that is sent, too
 * @param {import('../suites/backends.mjs').Driven} driven
 * @returns {import('../suites/backends.mjs').Store}
 */
function overClient(client, index, { encode, decode }) {
  /** @param {string} key */
  const at = (key) => `${index}:${key}`
  return {
    get: async (key) => decode(key, await client.getBuffer(at(key))),
    set: (key, value) => client.multi().set(at(key), encode(value)).zadd(index, 0, key).exec(),
    async getMany(keys) {
      const found = await client.mgetBuffer(keys.map(at))
      return keys.map((key, i) => decode(key, found[i]))
    },
    setMany(pairs) {
      const multi = client.multi()
      for (const [key, value] of pairs) multi.set(at(key), encode(value)).zadd(index, 0, key)
      return multi.exec()
    },
  }
}
