import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, expect, test } from 'vitest'
import { type Service, startServer, startService } from '../../scripts/services.mjs'
import { findRedis } from '../../scripts/services/redis.mjs'
import '../../src/backends/redis.ts'
import { connectStore, deleteStore } from '../../src/node.ts'

const main = await startService('redis')
const replica = await startService('redis', { args: ['--replicaof', '127.0.0.1', String(main.port)] })
const sentinel = await startSentinel(main.port)
afterAll(() => Promise.all([sentinel, replica, main].map(({ stop }) => stop())))

test('where sentinels name another server after the first was lost, a store goes on there', async () => {
  const options = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'main' }
  const config = { backend: 'redis' as const, id: crypto.randomUUID(), options, timeout: 60_000 }
  const store = await connectStore(config)
  const told: string[] = []
  store.watch({}, (event) => void told.push(event.type))
  await store.set('a', 1)
  const raw = new Redis({ port: main.port })
  expect(await raw.wait(1, 10_000)).toBe(1)
  raw.disconnect()
  await main.kill()
  await store.set('b', 2)
  expect([...(await store.getMany(['a', 'b'])).values()]).toEqual([1, 2])
  const left = new Redis({ port: replica.port })
  expect(await left.exists(`{konserve:${config.id}}:sb`)).toBe(1)
  left.disconnect()
  await expect.poll(() => told, { timeout: 20_000 }).toContain('resync')
  await deleteStore(config)
}, 120_000)

/** It has found the replica when it is ready. */
function startSentinel(watched: number): Promise<Service> {
  return startServer('sentinel', ({ port, folder }) => {
    const file = join(folder, 'sentinel.conf')
    const lines = [
      'bind 127.0.0.1',
      `port ${port}`,
      `sentinel monitor main 127.0.0.1 ${watched} 1`,
      'sentinel down-after-milliseconds main 500',
      'sentinel failover-timeout main 3000',
    ]
    writeFileSync(file, lines.join('\n'))
    const isReady = async (): Promise<boolean> => {
      const client = new Redis({ port, retryStrategy: null })
      client.on('error', () => undefined)
      const replicas = await client.call('sentinel', 'replicas', 'main').catch(() => [])
      client.disconnect()
      return Array.isArray(replicas) && replicas.length > 0
    }
    return { program: findRedis()!, args: [file, '--sentinel'], url: `redis://127.0.0.1:${port}`, isReady }
  })
}
