import { describe, expect, test } from 'vitest'
import { cached, connectStore, deleteStore, releaseStore } from '../../src/browser.ts'
import type { StoreConfig, WatchEvent, WriteEvent } from '../../src/browser.ts'
import { type AnyConfig, type Backend, findBackend, registerBackend } from '../../src/base/backend.ts'

/** Memory whose reads are counted, and answered later. */
const memory = findBackend('memory')!
const reads = new Map<string, number>()
registerBackend<AnyConfig>('counted', {
  ...memory,
  capabilities: {
    ...(memory.capabilities as (config: AnyConfig) => Backend['capabilities'])({} as AnyConfig),
    sync: false,
  },
  create: async (config, context) => counted(config.id, (await memory.create(config, context)) as Backend),
  open: async (config, context) => counted(config.id, (await memory.open(config, context)) as Backend),
})

function counted(id: string, inner: Backend): Backend {
  const backend = { ...inner }
  delete backend.peek
  delete backend.learn
  return {
    ...backend,
    capabilities: { ...backend.capabilities, sync: false },
    async readMany(names, call) {
      reads.set(id, (reads.get(id) ?? 0) + names.length)
      return backend.readMany(names, call)
    },
  }
}

const configOf = (): StoreConfig => ({ backend: 'counted', id: crypto.randomUUID() }) as unknown as StoreConfig

describe('cached', () => {
  test('reads once, and forgets what any handle writes', async () => {
    const config = configOf()
    const store = await connectStore(config)
    const quick = await cached(store)
    await store.set('a', 1)
    expect([await quick.get('a'), await quick.get('a'), reads.get(config.id)]).toEqual([1, 1, 1])
    expect(quick.get('a', { sync: true })).toBe(1)
    await store.set('a', 2)
    expect([await quick.get('a'), reads.get(config.id)]).toEqual([2, 2])
    await quick.set('a', 3)
    expect([await store.get('a'), await quick.get('a'), reads.get(config.id)]).toEqual([3, 3, 2])
    await quick.update('a', (old) => Number(old) + 1)
    expect([await store.get('a'), await quick.keys().toArray()]).toEqual([4, ['a']])
    expect([quick.id, quick.config, quick.tier?.stats().hits]).toEqual([store.id, store.config, 3])
  })

  test('keeps within its bounds, and remembers what is missing if asked', async () => {
    const config = configOf()
    const quick = await cached(await connectStore(config), { maxEntries: 2, negative: true, isolation: 'freeze' })
    for (let i = 0; i < 10; i++) await quick.set(i, { i })
    expect(quick.tier?.stats()).toMatchObject({ entries: 2, evictions: 8 })
    await quick.get('none')
    await quick.get('none')
    expect(reads.get(config.id)).toBe(1)
    expect(await quick.get(9)).toBe(await quick.get(9))
  })

  test('is seen in a scope, told to hooks and watches once, and loads what is missing once', async () => {
    const store = await connectStore(configOf())
    const quick = await cached(store.scope('user:'))
    const hooks: WriteEvent[] = []
    const events: WatchEvent[] = []
    store.addWriteHook('test', (event) => hooks.push(event))
    quick.watch({}, (event) => events.push(event))
    await quick.set('1', 'Ada')
    expect(await store.get('user:1')).toBe('Ada')
    expect([hooks.length, events]).toEqual([1, [{ type: 'set', key: '1' }]])
    expect(await Promise.all([quick.getOrSet('2', () => 'Bob'), quick.getOrSet('2', () => 'Eve')])).toEqual([
      'Bob',
      'Bob',
    ])
  })

  test('is released by itself, keeps the store open, and ends with the store', async () => {
    const config = configOf()
    const store = await connectStore(config)
    const quick = await cached(store)
    const other = await cached(store, { ttl: 10 })
    await releaseStore(config, quick)
    await expect(quick.get('a')).rejects.toMatchObject({ code: 'STORE_RELEASED' })
    await expect(cached(quick)).rejects.toMatchObject({ code: 'STORE_RELEASED' })
    await releaseStore(config, store)
    await other.set('a', 1)
    expect(await other.get('a')).toBe(1)
    await other[Symbol.asyncDispose]()
    const again = await connectStore(config)
    const last = await cached(again)
    expect(await last.get('a')).toBe(1)
    await deleteStore(config)
    await expect(last.get('a')).rejects.toMatchObject({ code: 'STORE_RELEASED' })
    await expect(cached({} as never)).rejects.toMatchObject({ code: 'INVALID_CONFIG' })
    await expect(cached(await connectStore(config), { maxEntries: -1 })).rejects.toThrow(TypeError)
  })

  test('of a cached store does not end with that, and loads as its store does', async () => {
    const config = configOf()
    const store = await connectStore(config)
    const first = await cached(store)
    const second = await cached(first)
    await store.set('k', 1)
    expect(await second.get('k')).toBe(1)
    await releaseStore(config, first)
    await store.set('k', 2)
    expect([await second.get('k'), await second.get('other', { default: 'none' })]).toEqual([2, 'none'])
    let count = 0
    const load = async (): Promise<number> => ++count
    expect(await Promise.all([store.getOrSet('l', load), second.getOrSet('l', load)])).toEqual([1, 1])
  })
})
