import { describe, expect, test } from 'vitest'
import type { AnyConfig } from '../../src/base/backend.ts'
import type { Store } from '../../src/node.ts'
import { back, connectStore, file, memory, releaseStore, tiered } from './stores.ts'
import { trialOf, untoldOf } from './tried.ts'

describe('misses', () => {
  test('are remembered if asked, until somebody writes', async () => {
    const config = tiered({ negative: true })
    const store = await connectStore(config)
    const other = await back(config)
    await store.get('a')
    trialOf(config.id).calls.length = 0
    expect([await store.get('a'), await store.has('a')]).toEqual([undefined, false])
    expect(trialOf(config.id).calls).toEqual([])
    await other.set('a', 1)
    expect(await store.get('a')).toBe(1)
  })
})

describe('polling', () => {
  test('finds what has changed in a back that does not tell, and tells watchers', async () => {
    const config = { ...tiered({ poll: 20 }), backendConfig: { backend: 'untold' } }
    const store = await connectStore(config)
    const { raw } = untoldOf(config.id)
    await store.setMany([
      ['a', 1],
      ['b', 1],
      ['c', 1],
    ])
    expect(await Promise.all(['a', 'b', 'c'].map((key) => store.get(key)))).toEqual([1, 1, 1])
    const events: unknown[] = []
    store.watch({}, (event) => events.push(event))
    const [name = ''] = (await raw.list({}, { sync: false })).names
    const entry = (await raw.read(name, { sync: false }))!
    await raw.write(name, { meta: { ...entry.meta, lastWrite: new Date(0) }, value: 2 }, {}, { sync: false })
    await raw.delete((await raw.list({}, { sync: false })).names[1]!, {}, { sync: false })
    await expect
      .poll(() => events)
      .toEqual([
        { type: 'set', key: 'a' },
        { type: 'delete', key: 'b' },
      ])
    expect(await Promise.all(['a', 'b', 'c'].map((key) => store.get(key)))).toEqual([2, undefined, 1])
    expect(store.capabilities.staleness).toBe(20)
    await releaseStore(config, store)
  })
})

test('polling goes on when one key cannot be read, and holds up no write', async () => {
  const errors: unknown[] = []
  const config = tiered({ poll: 10 })
  const store = await connectStore(config, { onError: (error: unknown) => errors.push(error) })
  await store.setMany([
    ['a', 1],
    ['b', 1],
  ])
  const trial = trialOf(config.id)
  trial.calls.length = 0
  let hanging = 0
  trial.before = (method, [name]) => {
    if (method !== 'readMeta') return undefined
    if (name === 'sa') throw new Error('damaged')
    hanging++
    return new Promise(() => undefined)
  }
  await expect.poll(() => hanging).toBe(1)
  await store.set('b', 2)
  expect(await store.get('b')).toBe(2)
  trial.before = () => undefined
  await releaseStore(config, store)
})

test('an updated value is as fresh as it was', async () => {
  const store = await connectStore(tiered())
  const options = { ttl: 20, staleWhileRevalidate: 10_000 }
  await store.getOrSet('a', () => 1, options)
  await store.update('a', () => 2)
  await new Promise((resolve) => setTimeout(resolve, 30))
  expect(await store.getOrSet('a', () => 3, options)).toBe(2)
  await expect.poll(() => store.get('a')).toBe(3)
})

describe('a bounded front', () => {
  test('lets copies go when there is no room, and says how it goes', async () => {
    const config = tiered({ maxEntries: 10 })
    const store = await connectStore(config)
    for (let i = 0; i < 100; i++) await store.set(i, `v${i}`)
    expect(store.tier?.stats()).toMatchObject({ entries: 10, evictions: 90, pinned: 0 })
    expect(await store.get(0)).toBe('v0')
    expect(await store.get(99)).toBe('v99')
    expect(store.tier?.stats()).toMatchObject({ entries: 10, hits: 1, misses: 1 })
  })

  test('keeps what is written there, whatever has to leave for it', async () => {
    const config = tiered({ maxEntries: 2, writePolicy: 'write-behind' })
    await (
      await back(config)
    ).setMany([
      ['a', 'old'],
      ['b', 'old'],
    ])
    const store = await connectStore(config)
    await store.get('a')
    await store.get('b')
    await store.get('b')
    await store.setMany([
      ['x', 1],
      ['a', 2],
    ])
    expect([await store.get('x'), await store.get('a')]).toEqual([1, 2])
    await store.flush()
    expect([...(await (await back(config)).getMany(['x', 'a', 'b'])).values()]).toEqual([1, 2, 'old'])
  })

  test('keeps what is there alone, and refuses more of it', async () => {
    const config = tiered({ maxEntries: 2 })
    const store = await connectStore(config)
    const OWN = { writePolicy: 'frontend-only' } as const
    await store.set('a', 1, OWN)
    await store.set('b', 1, OWN)
    await expect(store.set('c', 1, OWN)).rejects.toThrow(expect.objectContaining({ code: 'LIMIT_EXCEEDED', key: 'c' }))
    for (let i = 0; i < 10; i++) await store.set(i, i)
    expect([await store.get('a'), await store.get('b'), await store.get('c')]).toEqual([1, 1, undefined])
    expect(store.tier?.stats()).toMatchObject({ entries: 2, pinned: 2 })
  })

  test('answers for a copy no longer than its time, and never beyond its deadline', async () => {
    const config = tiered({ ttl: 30 })
    const store = await connectStore(config)
    await store.set('a', 1)
    await store.set('b', 1, { ttl: 5 })
    trialOf(config.id).calls.length = 0
    await store.get('a')
    expect(trialOf(config.id).calls).toEqual([])
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect([await store.get('a'), await store.get('b')]).toEqual([1, undefined])
    expect(trialOf(config.id).calls.length).toBeGreaterThan(0)
  })

  test('is of memory', async () => {
    await expect(connectStore(tiered({ frontendConfig: file(), maxEntries: 1 }))).rejects.toThrow(/frontendConfig/)
  })
})

describe('filling the front', () => {
  async function filled(): Promise<{ readonly store: Store; readonly config: AnyConfig }> {
    const config = tiered()
    const other = await back(config)
    await other.setMany(Array.from({ length: 10_000 }, (_, i) => [i, { i, next: i + 2 }]))
    return { store: await connectStore(config), config }
  }
  const FRONT = { readPolicy: 'frontend-only' } as const

  test('copies what is missing, all, or what some keys lead to', async () => {
    const { store, config } = await filled()
    await store.get(5)
    expect(await store.tier?.populate('missing')).toEqual({ seen: 10_000, read: 9999 })
    expect(await store.tier?.populate('full')).toEqual({ seen: 10_000, read: 10_000 })
    for (let i = 0; i < 10_000; i += 7) expect(await store.get(i, FRONT)).toEqual({ i, next: i + 2 })
    expect((await store.keys(FRONT).toArray()).length).toBe(10_000)
    await releaseStore(config, store)
    const again = await connectStore(config)
    const walk = (value: unknown): number[] => [(value as { next: number }).next]
    expect(await again.tier?.populate({ roots: [9000], walk })).toEqual({ seen: 501, read: 501 })
    expect((await again.keys(FRONT).toArray()).length).toBe(500)
    expect(await again.tier?.syncKeys([1, 3, 'none'])).toEqual({ seen: 3, read: 3 })
    expect(await again.get(3, FRONT)).toEqual({ i: 3, next: 5 })
  })

  test('does not read the values that are in front already', async () => {
    const { store, config } = await filled()
    await store.tier?.populate('full')
    trialOf(config.id).calls.length = 0
    expect(await store.tier?.populate('missing')).toEqual({ seen: 10_000, read: 0 })
    const scans = trialOf(config.id).calls.filter(([method]) => method !== 'list')
    expect(scans.map(([method]) => method)).toEqual(['scan'])
  })

  test('gives the front values of its own', async () => {
    const { store, config } = await filled()
    await store.tier?.populate('full')
    const change = async (): Promise<unknown> => Object.assign((await store.get(1)) as object, { i: 'changed' })
    expect(await change()).toEqual({ i: 'changed', next: 3 })
    expect([await store.get(1), await (await back(config)).get(1)]).toEqual([
      { i: 1, next: 3 },
      { i: 1, next: 3 },
    ])
  })

  test('leaves what was read meanwhile, though the back tells of nothing', async () => {
    const config = { ...tiered(), backendConfig: { backend: 'untold' } }
    const store = await connectStore(config)
    await store.set('a', 'old', { writePolicy: 'write-around' })
    const own = untoldOf(config.id)
    let answer = (): void => undefined
    own.pages = new Promise((resolve) => (answer = resolve))
    const populated = store.tier!.populate('full')
    const [name = ''] = (await own.raw.list({}, { sync: false })).names
    const entry = (await own.raw.read(name, { sync: false }))!
    await own.raw.write(name, { ...entry, value: 'new' }, {}, { sync: false })
    expect(await store.get('a')).toBe('new')
    answer()
    await populated
    expect(await store.get('a')).toBe('new')
  })

  test('ends at any page', async () => {
    const { store } = await filled()
    const pages: number[] = []
    const abort = new AbortController()
    const populated = store.tier!.populate('missing', {
      signal: abort.signal,
      onProgress({ seen }) {
        pages.push(seen)
        if (pages.length === 3) abort.abort(new Error('enough'))
      },
    })
    await expect(populated).rejects.toThrow('enough')
    expect(pages).toEqual([250, 500, 750])
    expect((await store.keys(FRONT).toArray()).length).toBe(750)
  })

  test('may be asked for by the config', async () => {
    const { store, config } = await filled()
    await releaseStore(config, store)
    const again = await connectStore({ ...config, populate: 'missing' })
    await expect.poll(async () => (await again.keys(FRONT).toArray()).length, { timeout: 5000 }).toBe(10_000)
  })
})

test('a thousand reads of a key that is not in front are one read of the back', async () => {
  const config = tiered()
  await (await back(config)).set('a', { n: 1 })
  const store = await connectStore(config)
  trialOf(config.id).calls.length = 0
  const found = await Promise.all(Array.from({ length: 1000 }, () => store.get('a')))
  expect(trialOf(config.id).calls.length).toBe(1)
  expect(new Set(found).size).toBe(1000)
})

test('a store that is not tiered has no tier', async () => {
  expect((await connectStore({ ...memory, id: crypto.randomUUID() })).tier).toBe(undefined)
})
