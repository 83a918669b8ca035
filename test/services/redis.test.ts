import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startService } from '../../scripts/services.mjs'
import '../../src/backends/redis.ts'
import type { RedisConfig } from '../../src/backends/redis-config.ts'
import { type Store, type StoreConfig, connectStore, deleteStore, releaseStore, storeExists } from '../../src/node.ts'
import { runSuite } from '../compliance/suite.ts'
import { restartRounds } from '../proofs/children/restarts.mjs'
import { outputOf } from '../proofs/processes.ts'
import { MOST_GROWTH, listMany, writeMany } from './listing.ts'
import { startProxy } from './proxy.ts'
import { runEngineSuite, startUpdates } from './suite.ts'

const SECRET = 'open sesame'

const redis = await startService('redis', { args: ['--requirepass', SECRET] })
const raw = new Redis({ port: redis.port, password: SECRET })
afterAll(async () => {
  raw.disconnect()
  await redis.stop()
})

type Config = Extract<StoreConfig, { backend: 'redis' }>

const config = (own: RedisConfig = {}): Config => ({
  backend: 'redis',
  id: crypto.randomUUID(),
  url: `redis://:${encodeURIComponent(SECRET)}@127.0.0.1:${redis.port}/2`,
  ...own,
})
const times = <T>(n: number, fn: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => fn(i))

runEngineSuite({
  name: 'redis',
  module: 'backends/redis.js',
  secrets: [SECRET, encodeURIComponent(SECRET)],
  config: () => ({ ...config() }),
})
runSuite([
  {
    name: 'redis, by prefix, encrypted',
    addressable: true,
    config: () => {
      const encryptor = { type: 'xchacha20-poly1305', key: new Uint8Array(32).fill(7) } as const
      return { ...config({ prefix: `test:${crypto.randomUUID()}`, encryptor }) }
    },
  },
])

describe('a store in Redis', () => {
  let own: Config
  let store: Store
  beforeEach(async () => {
    own = config()
    store = await connectStore(own)
  })
  afterEach(() => deleteStore(own))

  test('is under one hash tag, and gone with all its keys once it is deleted', async () => {
    const keys = (): Promise<string[]> => raw.select(2).then(() => raw.keys(`*${own.id}*`))
    await store.setMany([
      ['a', 1],
      ['b', 2],
    ])
    await store.set('c', 3, { ttl: 60_000 })
    expect((await keys()).every((key) => key.startsWith(`{konserve:${own.id}}`))).toBe(true)
    await deleteStore(own)
    expect(await keys()).toEqual([])
    expect(await storeExists(own)).toBe(false)
  })

  test('is deleted by the server, name and all, an hour after an entry has expired', async () => {
    await store.set('a', 1, { ttl: 60_000 })
    await store.set('b', 1, { ttl: 60_000 })
    await store.update('b', (n) => n)
    await store.set('kept', 1)
    await raw.select(2)
    const place = (name: string): string => `{konserve:${own.id}}:${name}`
    const left = await raw.pttl(place('sa'))
    expect(left).toBeGreaterThan(3_600_000 + 50_000)
    expect(left).toBeLessThanOrEqual(3_600_000 + 60_000)
    expect(await raw.pttl(place('skept'))).toBe(-1)
    // What the server does then.
    await raw.call('pexpireat', place('sa'), '1')
    await raw.zadd(`{konserve:${own.id}}/expiring`, 1, 'sa', 1, 'sb')
    expect(await store.keys().toArray()).toEqual(['b', 'kept'])
    expect(await raw.zrange(`{konserve:${own.id}}/expiring`, 0, '-1')).toEqual([])
    expect(await store.get('b')).toBe(1)
  })

  test('lists 100,000 keys in order, both ways, with a flat memory, and reads no value', async () => {
    await writeMany(store)
    await raw.config('RESETSTAT')
    expect(await listMany(store, {})).toBeLessThan(MOST_GROWTH)
    expect(await listMany(store, { prefix: 'key-', reverse: true })).toBeLessThan(MOST_GROWTH)
    const commands = [...(await raw.info('commandstats')).matchAll(/^cmdstat_([^:]+)/gm)].map(([, name]) => name)
    expect(commands.filter((name) => name !== 'config|resetstat').sort()).toEqual([
      'zrangebylex',
      'zrangebyscore',
      'zrevrangebylex',
    ])
  }, 120_000)

  test('takes more in one call than a command can hold', async () => {
    await store.setMany(times(120_000, (i) => [i, i]))
    expect(await store.get(119_999)).toBe(119_999)
    expect((await store.keys().toArray()).length).toBe(120_000)
  }, 120_000)

  test('is asked once for what is read and what is written in one turn', async () => {
    const calls = async (command: string): Promise<number> =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(await raw.info('commandstats'))?.[1] ?? 0)
    await store.set('first', 0)
    const counted = await Promise.all(['evalsha', 'mget'].map(calls))
    const large = 'x'.repeat(20_000)
    await Promise.all([
      ...times(100, (i) => store.set(`key-${i}`, i)),
      store.set('large', large),
      store.set('expiring', 1, { ttl: 60_000 }),
      store.set('with a signal', 2, { signal: new AbortController().signal }),
    ])
    const found = await Promise.all(times(100, (i) => store.get(`key-${i}`)))
    expect(found).toEqual(times(100, (i) => i))
    expect(await Promise.all(['large', 'expiring', 'with a signal', 'none'].map((key) => store.get(key)))).toEqual([
      large,
      1,
      2,
      undefined,
    ])
    const [evalsha = 0, mget = 0] = await Promise.all(['evalsha', 'mget'].map(calls))
    expect(evalsha - counted[0]!).toBeLessThanOrEqual(4)
    expect(mget - counted[1]!).toBeLessThanOrEqual(2)
  })

  test('does not let somebody else write under a batch whose condition fails', async () => {
    await store.set('a', 1)
    await Promise.all([...times(20, () => store.update('a', (n) => Number(n) + 1)), raw.script('FLUSH')])
    expect(await store.get('a')).toBe(21)
  })
})

describe('a watch', () => {
  let own: Config
  let store: Store
  let told: string[]
  beforeEach(async () => {
    own = config()
    store = await connectStore(own)
    told = []
    store.watch({}, (event) => void told.push('key' in event ? `${event.type} ${String(event.key)}` : event.type))
  })
  afterEach(() => deleteStore(own))

  test('is told of what other processes commit, each once and in order', async () => {
    await store.set('counter', 0)
    expect(await outputOf(startUpdates('backends/redis.js', own, 50))).toBe('done\n')
    await store.set('last', 1)
    expect(told).toEqual([...times(51, () => 'set counter'), 'set last'])
  })

  test('takes what somebody else says on the channel for a resync', async () => {
    await store.set('a', 1)
    for (const message of ['hello', 'hello +', 'hello world', '']) {
      const before = told.length
      await raw.publish(`{konserve:${own.id}}/changes`, message)
      await expect.poll(() => told.slice(before)).toEqual(['resync'])
    }
  })

  test('whose connection was lost gets one resync, and goes on', async () => {
    await store.set('a', 1)
    await raw.call('client', 'kill', 'type', 'pubsub')
    await expect.poll(() => told).toEqual(['set a', 'resync'])
    await store.delete('a')
    expect(told).toEqual(['set a', 'resync', 'delete a'])
  })
})

describe('an answer that is lost', () => {
  test('200 of them, while others write on top: each update is applied once', async () => {
    const proxy = await startProxy(redis.port)
    const own = config()
    const behind = { ...own, url: own.url!.replace(String(redis.port), String(proxy.port)), timeout: 60_000 }
    const store = await connectStore(behind)
    await store.set('counter', 0)
    proxy.loseAnswers(2, 200, (request) => request.includes('evalsha'))
    const others = startUpdates('backends/redis.js', own, 400)
    const done = outputOf(others)
    for (let i = 0; i < 400; i++) await store.update('counter', (n) => Number(n) + 1)
    while (proxy.lost < 200) await store.update('counter', (n) => Number(n))
    expect(await done).toBe('done\n')
    expect(proxy.lost).toBe(200)
    expect(await store.get('counter')).toBe(800)
    await releaseStore(behind, store)
    await deleteStore(own)
    await proxy.close()
  }, 120_000)

  test('of a delete and of a plain write: what others have written since stays', async () => {
    const proxy = await startProxy(redis.port)
    const own = config()
    const behind = { ...own, url: own.url!.replace(String(redis.port), String(proxy.port)) }
    const [store, other] = [await connectStore(behind), await connectStore(own)]
    for (const write of [() => store.set('a', 'lost'), () => store.deleteMany(['a'])]) {
      await other.set('a', 'old')
      const lost = proxy.lost
      proxy.loseAnswers(1, 1, (request) => request.includes('evalsha'))
      proxy.refuses = true
      const writing = write()
      await expect.poll(() => proxy.lost).toBe(lost + 1)
      await other.set('a', 'new')
      proxy.refuses = false
      await writing
      expect(await other.get('a')).toBe('new')
    }
    await releaseStore(behind, store)
    await deleteStore(own)
    await proxy.close()
  })
})

test('a server that is killed in mid-load, three times: nothing acknowledged is lost, no update is done twice', async () => {
  const service = await startService('redis')
  const own: Config = { backend: 'redis', id: crypto.randomUUID(), url: service.url, timeout: 60_000 }
  const store = await connectStore(own)
  const { writes, updates } = await restartRounds({ store, service, rounds: 3 })
  expect(writes).toBeGreaterThan(100)
  expect(updates).toBeGreaterThan(10)
  await deleteStore(own)
  await service.stop()
}, 120_000)
