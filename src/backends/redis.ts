import { registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { blobDefinition } from '../engine/blob-definition.ts'
import { RedisBlobs, redisCapabilities } from './redis-blobs.ts'
import { type Config, type RedisConfig, checkRedis, prefixOf, redisSchema, serverOf } from './redis-config.ts'
import { RedisConnection } from './redis-connection.ts'
import { placesOf } from './redis-script.ts'
import { RedisWatch } from './redis-watch.ts'
import { withSyncCalls } from './sync-calls.ts'

export type { RedisConfig }

declare module '../base/backend.ts' {
  interface BackendConfigs {
    redis: RedisConfig
  }
}

registerBackend(
  'redis',
  blobDefinition(
    withSyncCalls<Config>('redis', import.meta.url, {
      schema: redisSchema,
      refine: checkRedis,
      secrets: ['url', 'cluster', 'options'],
      capabilities: redisCapabilities,
      methods: ['getMany', 'scan', 'batch', 'watch'],
      locate: (config) => `${serverOf(config)} ${prefixOf(config)}`,
      container: (config, { signal }) =>
        connected(config, async (connection) => {
          const descriptor = placesOf(prefixOf(config)).blob(DESCRIPTOR_NAME)
          return (await connection.run((client) => client.exists(descriptor), signal)) ? 'store' : 'absent'
        }),
      async open(config, { onError }) {
        const connection = await RedisConnection.open(config, serverOf(config))
        const places = placesOf(prefixOf(config))
        const watch = new RedisWatch(connection, places.changes, { showsKeys: !config.encryptor, onError })
        return new RedisBlobs(connection, places, watch)
      },
      remove: (config, { signal }) =>
        connected(config, async (connection) => {
          const { names, expiring } = placesOf(prefixOf(config))
          await connection.run((client) => client.del(names, expiring), signal)
        }),
    }),
  ),
)

async function connected<T>(config: Config, use: (connection: RedisConnection) => Promise<T>): Promise<T> {
  const connection = await RedisConnection.open(config, serverOf(config))
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}
