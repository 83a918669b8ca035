import { describe, expect, test } from 'vitest'
import { connectStore, releaseStore } from '../../src/browser.ts'
import type { Store, StoreConfig, WriteEvent } from '../../src/browser.ts'

const memory = (): StoreConfig => ({ backend: 'memory', id: crypto.randomUUID() })
const tiered = (): StoreConfig => ({
  backend: 'tiered',
  id: crypto.randomUUID(),
  frontendConfig: { backend: 'memory' },
  backendConfig: { backend: 'memory' },
})
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Answers 1, 2, 3, … */
function counting(ms = 0): { load: () => Promise<number>; count: () => number } {
  let count = 0
  const load = async (): Promise<number> => {
    const own = ++count
    await pause(ms)
    return own
  }
  return { load, count: () => count }
}

describe.each([
  ['memory', memory],
  ['tiered', tiered],
])('getOrSet, %s', (_, config) => {
  const open = (errors: unknown[] = []): Promise<Store> =>
    connectStore(config(), { onError: (error) => errors.push(error) })

  test('answers what is there, and else loads and stores it', async () => {
    const store = await open()
    const { load, count } = counting()
    expect([await store.getOrSet('a', load), await store.getOrSet('a', load), count()]).toEqual([1, 1, 1])
    expect(await store.get('a')).toBe(1)
    await store.set('n', null)
    expect([await store.getOrSet('n', load), count()]).toEqual([null, 1])
    await store.delete('a')
    expect(await store.getOrSet('a', load)).toBe(2)
  })

  test('loads once for all who ask meanwhile, and gives each a copy', async () => {
    const store = await open()
    let count = 0
    const load = async (): Promise<{ n: number }> => {
      await pause(10)
      return { n: ++count }
    }
    const found = await Promise.all(Array.from({ length: 100 }, () => store.getOrSet('a', load)))
    expect([count, new Set(found).size, found[99]]).toEqual([1, 100, { n: 1 }])
  })

  test('stores nothing of a load that fails, or that answers with undefined', async () => {
    const store = await open()
    const fail = (): Promise<number> => Promise.reject(new Error('no answer'))
    const both = await Promise.allSettled([store.getOrSet('a', fail), store.getOrSet('a', fail)])
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(await store.getOrSet('a', () => undefined)).toBe(undefined)
    expect(await store.has('a')).toBe(false)
    expect(await store.getOrSet('a', () => 1)).toBe(1)
    await expect(store.getOrSet('b', () => (() => 1) as never)).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE' })
  })

  test('keeps what somebody has written while it was loading', async () => {
    const store = await open()
    const loading = store.getOrSet('a', async () => {
      await store.set('a', 'theirs')
      return 'mine'
    })
    expect([await loading, await store.get('a')]).toEqual(['theirs', 'theirs'])
  })

  test('loads again after its time, and with staleWhileRevalidate answers the old value meanwhile', async () => {
    const errors: unknown[] = []
    const store = await open(errors)
    const { load, count } = counting(5)
    expect(await store.getOrSet('brief', load, { ttl: 20 })).toBe(1)
    await pause(30)
    expect(await store.getOrSet('brief', load, { ttl: 20 })).toBe(2)
    const options = { ttl: 20, staleWhileRevalidate: 10_000 }
    expect(await store.getOrSet('a', load, options)).toBe(3)
    expect([await store.getOrSet('a', load, options), count()]).toEqual([3, 3])
    await pause(30)
    const stale = await Promise.all([store.getOrSet('a', load, options), store.getOrSet('a', load, options)])
    expect([stale, count()]).toEqual([[3, 3], 4])
    await expect.poll(() => store.get('a')).toBe(4)
    await pause(30)
    expect(await store.getOrSet('a', () => Promise.reject(new Error('no answer')), options)).toBe(4)
    await expect.poll(() => errors).toEqual([new Error('no answer')])
    expect(await store.get('a')).toBe(4)
    await expect(store.getOrSet('b', load, { staleWhileRevalidate: 5 })).rejects.toThrow(TypeError)
  })

  test('ends for who aborts it, and goes on for the others', async () => {
    const store = await open()
    const abort = new AbortController()
    const { load } = counting(20)
    const [first, second] = [store.getOrSet('a', load, { signal: abort.signal }), store.getOrSet('a', load)]
    abort.abort(new Error('enough'))
    await expect(first).rejects.toThrow('enough')
    expect(await second).toBe(1)
  })

  test('is synchronous, told to hooks with its metadata, and seen in scopes', async () => {
    const store = await open()
    const events: WriteEvent[] = []
    store.addWriteHook('test', (event) => events.push(event))
    const sync = { sync: true } as const
    expect(store.getOrSet('a', () => 1, { ...sync, meta: { from: 'load' } })).toBe(1)
    expect(store.getOrSet('a', () => 2, sync)).toBe(1)
    expect(await store.getMeta('a')).toMatchObject({ from: 'load' })
    expect(events).toEqual([expect.objectContaining({ op: 'set', key: 'a', value: 1 })])
    const late = () => Promise.resolve(1) as unknown as number
    expect(() => store.getOrSet('b', late, sync)).toThrow(TypeError)
    expect(await store.scope('s:').getOrSet('a', () => 3)).toBe(3)
    expect(await store.get('s:a')).toBe(3)
  })

  test('ends quietly where the store is released while it loads in the background', async () => {
    const errors: unknown[] = []
    const own = config()
    const store = await connectStore(own, { onError: (error) => errors.push(error) })
    const options = { ttl: 1, staleWhileRevalidate: 10_000 }
    await store.getOrSet('a', () => 1, options)
    await pause(5)
    await store.getOrSet('a', counting(10).load, options)
    await releaseStore(own, store)
    await pause(30)
    expect(errors).toEqual([])
  })
})
