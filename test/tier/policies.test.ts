import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import type { AnyConfig } from '../../src/base/backend.ts'
import { StorageUnavailableError } from '../../src/base/errors.ts'
import * as konserve from '../../src/node.ts'
import type { Store } from '../../src/node.ts'
import { trialOf } from './tried.ts'

// The backends of tests are not known to the types.
const { connectStore, deleteStore, releaseStore, storeExists } = konserve as unknown as {
  connectStore(config: AnyConfig, opts?: object): Promise<Store>
  deleteStore(config: AnyConfig): Promise<void>
  releaseStore(config: AnyConfig, store: Store): Promise<void>
  storeExists(config: AnyConfig): Promise<boolean>
}
const memory = { backend: 'memory' }
const tried = { backend: 'tried' }
const down = (): never => {
  throw new StorageUnavailableError('The back is down.')
}
const folders: string[] = []

function tiered(own: object = {}): AnyConfig {
  return { backend: 'tiered', id: crypto.randomUUID(), frontendConfig: memory, backendConfig: tried, ...own }
}

function file(): { readonly backend: string; readonly path: string } {
  const path = join(tmpdir(), `konserve-tier-${crypto.randomUUID()}`)
  folders.push(path)
  return { backend: 'file', path }
}

function back({ id }: AnyConfig): Promise<Store> {
  return connectStore({ ...tried, id })
}

/** What waits for it goes on when it is opened. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let open = (): void => undefined
  const promise = new Promise<void>((resolve) => (open = resolve))
  return { promise, resolve: () => open() }
}

function writes({ id }: AnyConfig): string[] {
  return trialOf(id)
    .calls.map(([method]) => method)
    .filter((method) => ['write', 'update', 'delete', 'batch'].includes(method))
}

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

describe('writes behind', () => {
  const behind = (own: object = {}): AnyConfig => tiered({ writePolicy: 'write-behind', ...own })

  test('are answered before the back has them, and seen at once', async () => {
    const config = behind()
    const store = await connectStore(config)
    trialOf(config.id).before = () => new Promise(() => undefined)
    await store.set('a', 1)
    expect(await store.get('a')).toBe(1)
    expect(store.tier?.pending().entries).toBe(1)
  })

  test('reach the back in order, and of one key only the last', async () => {
    const config = behind()
    const store = await connectStore(config)
    trialOf(config.id).calls.length = 0
    for (let i = 0; i < 10; i++) await store.set('a', i)
    await Promise.all([
      store.set('b', 1),
      store.setMany([
        ['c', 1],
        ['d', 1],
      ]),
    ])
    await store.flush()
    expect(store.tier?.pending()).toMatchObject({ entries: 0, bytes: 0, lastError: undefined })
    expect(writes(config).length).toBeLessThanOrEqual(3)
    expect([...(await (await back(config)).getMany(['a', 'b', 'c', 'd'])).entries()]).toEqual([
      ['a', 9],
      ['b', 1],
      ['c', 1],
      ['d', 1],
    ])
  })

  test('are tried again until the back takes them', async () => {
    const config = behind()
    const store = await connectStore(config)
    let failures = 3
    trialOf(config.id).before = () => (failures-- > 0 ? down() : undefined)
    await store.set('a', 1)
    await store.flush()
    expect(await (await back(config)).get('a')).toBe(1)
  })

  test('wait when too many are waiting', async () => {
    const config = behind({ writeBehind: { maxEntries: 2 } })
    const store = await connectStore(config)
    const { promise, resolve } = gate()
    trialOf(config.id).before = () => promise
    await store.set('a', 1)
    await store.set('b', 1)
    let isDone = false
    const third = store.set('c', 1).then(() => (isDone = true))
    await new Promise((wait) => setTimeout(wait, 20))
    expect(isDone).toBe(false)
    expect(() => store.set('d', 1, { sync: true })).toThrow(expect.objectContaining({ code: 'BUSY' }))
    resolve()
    await third
    await store.flush()
    expect(await (await back(config)).get('c')).toBe(1)
  })

  test('may be synchronous, over a back that is not', async () => {
    const config = behind()
    const store = await connectStore(config)
    store.set('a', 1, { sync: true })
    expect(store.update('a', (n: number) => n + 1, { sync: true })).toEqual([1, 2])
    expect(store.get('a', { sync: true })).toBe(2)
    expect(() => store.get('b', { sync: true })).toThrow(expect.objectContaining({ code: 'NOT_RESIDENT' }))
    expect(store.delete('a', { sync: true })).toBe(true)
    expect(store.get('a', { sync: true })).toBe(undefined)
    await store.flush()
    expect(await (await back(config)).has('a')).toBe(false)
  })

  test('are all of them there after a flush, though one is written over and over', async () => {
    const config = behind()
    const store = await connectStore(config)
    let isOver = false
    const writing = (async () => {
      for (let i = 0; !isOver; i++) await store.set('a', i)
    })()
    await store.set('b', 1)
    await store.flush()
    isOver = true
    expect(await (await back(config)).get('b')).toBe(1)
    await writing
  })

  test('never wait beyond the bound, however many wait for it', async () => {
    const config = behind({ writeBehind: { maxEntries: 3 } })
    const store = await connectStore(config)
    let most = 0
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        await store.set(i, i)
        most = Math.max(most, store.tier!.pending().entries)
      }),
    )
    expect(most).toBeLessThanOrEqual(3)
    await store.flush()
    expect((await (await back(config)).keys().toArray()).length).toBe(100)
  })

  test('of any key are found again in a front of their own, and more than a page of them', async () => {
    const config = behind({ frontendConfig: file() })
    const store = await connectStore(config)
    const trial = trialOf(config.id)
    trial.before = (method) => (['write', 'batch', 'delete'].includes(method) ? down() : undefined)
    const keys = ['User:1', 'ÄÖ', ['a', { b: 1 }], 'x'.repeat(300), ...Array.from({ length: 1100 }, (_, i) => i)]
    await store.setMany(keys.map((key): [typeof key, unknown] => [key, { key }]))
    await releaseStore(config, store)
    trial.before = () => undefined
    const again = await connectStore(config)
    await again.flush()
    expect(again.tier?.pending().entries).toBe(0)
    expect((await (await back(config)).getMany(keys)).size).toBe(keys.length)
    await releaseStore(config, again)
    await deleteStore(config)
    expect(await storeExists(config)).toBe(false)
  }, 30_000)

  test('are sent before the store is released', async () => {
    const config = behind()
    const store = await connectStore(config)
    const other = await back(config)
    await store.set('a', 1)
    await releaseStore(config, store)
    expect(await other.get('a')).toBe(1)
  })

  test('that are in a front of their own are sent by whoever opens it next', async () => {
    const config = behind({ frontendConfig: file() })
    const store = await connectStore(config)
    const other = await back(config)
    const trial = trialOf(config.id)
    trial.before = (method) => (['write', 'batch', 'delete'].includes(method) ? down() : undefined)
    await store.set('a', 1)
    await store.set('b', 1)
    await store.delete('b')
    await releaseStore(config, store)
    expect(await other.get('a')).toBe(undefined)
    trial.before = () => undefined
    const again = await connectStore(config)
    expect(await again.get('a')).toBe(1)
    expect(await again.keys().toArray()).toEqual(['a'])
    await again.flush()
    expect(await other.get('a')).toBe(1)
    expect(again.tier?.pending().entries).toBe(0)
  }, 20_000)

  test('that the back refuses are given up, hold up no other, and can be sent again or forgotten', async () => {
    const errors: unknown[] = []
    const config = behind({ backendConfig: { ...file(), limits: { bytes: 1000 } } })
    const store = await connectStore(config, { onError: (error: unknown) => errors.push(error) })
    await store.set('large', 'x'.repeat(5000))
    await store.set('small', 1)
    await store.flush()
    expect(errors).toEqual([expect.objectContaining({ code: 'LIMIT_EXCEEDED' })])
    expect(await store.tier?.deadLetters()).toEqual([
      expect.objectContaining({ key: 'large', code: 'LIMIT_EXCEEDED', at: expect.any(Date) as Date }),
    ])
    expect(await store.get('large')).toHaveLength(5000)
    expect(await store.tier?.retry(['large'])).toBe(1)
    await store.flush()
    expect(await store.tier?.deadLetters()).toHaveLength(1)
    expect(await store.tier?.drop(['small'])).toBe(0)
    expect(await store.tier?.drop()).toBe(1)
    expect(await store.get('large')).toBe(undefined)
    expect(await store.tier?.deadLetters()).toEqual([])
    // Written anew, a letter is none any more.
    await store.set('large', 'x'.repeat(5000))
    await store.flush()
    await store.set('large', 'short')
    await store.flush()
    expect(await store.tier?.deadLetters()).toEqual([])
    await releaseStore(config, store)
  })

  describe('of an entry that somebody else has changed', () => {
    async function conflict(onConflict: unknown): Promise<{ readonly store: Store; readonly other: Store }> {
      const config = behind({ writeBehind: { onConflict } })
      const other = await back(config)
      await other.set('a', { n: 1 })
      const store = await connectStore(config, { onError: () => undefined })
      await store.get('a')
      const { promise, resolve } = gate()
      trialOf(config.id).before = (method) => (method === 'write' || method === 'batch' ? promise : undefined)
      await store.set('a', { mine: true })
      trialOf(config.id).before = () => undefined
      await other.set('a', { theirs: true })
      resolve()
      await store.flush()
      return { store, other }
    }

    test('write over it', async () => {
      const { store, other } = await conflict('overwrite')
      expect(await other.get('a')).toEqual({ mine: true })
      expect(await store.get('a')).toEqual({ mine: true })
    })

    test('or are given up', async () => {
      const { store, other } = await conflict('fail')
      expect(await other.get('a')).toEqual({ theirs: true })
      expect(await store.get('a')).toEqual({ mine: true })
      expect(await store.tier?.deadLetters()).toEqual([expect.objectContaining({ key: 'a', code: 'CONFLICT' })])
      await store.tier?.drop()
      expect(await store.get('a')).toEqual({ theirs: true })
    })

    test('are given up where nothing can be made of both', async () => {
      const { store } = await conflict(() => () => undefined)
      expect(await store.tier?.deadLetters()).toEqual([
        expect.objectContaining({ key: 'a', code: 'UNSERIALIZABLE_VALUE' }),
      ])
      const { store: second } = await conflict(async () => 1)
      expect(await second.tier?.deadLetters()).toEqual([expect.objectContaining({ key: 'a', code: 'UNKNOWN' })])
    })

    test('or are merged with it', async () => {
      const merge = (mine: object, theirs: object): object => ({ ...mine, ...theirs })
      const { store, other } = await conflict(merge)
      expect(await other.get('a')).toEqual({ mine: true, theirs: true })
      expect(await store.get('a')).toEqual({ mine: true, theirs: true })
    })
  })

  test('whose answer was lost are known again, and not in conflict with themselves', async () => {
    const config = behind({ writeBehind: { onConflict: 'fail' } })
    const other = await back(config)
    await other.set('a', 1)
    const store = await connectStore(config)
    await store.get('a')
    let isLost = false
    trialOf(config.id).before = async (method, args) => {
      if (method !== 'write' || isLost) return
      isLost = true
      const [, entry] = args as [string, { value: unknown; meta: object }]
      // It lands, and says that it does not.
      await other.set('a', entry.value)
    }
    await store.set('a', 2)
    await store.flush()
    expect(await other.get('a')).toBe(2)
  })

  test('fire hooks and watches once', async () => {
    const config = behind({
      frontendConfig: memory,
      backendConfig: { backend: 'tiered', frontendConfig: memory, backendConfig: tried },
    })
    const store = await connectStore(config)
    const heard: unknown[] = []
    store.watch({}, (event) => heard.push(event))
    store.addWriteHook('h', ({ op, key }) => heard.push({ op, key }))
    await store.set('a', 1)
    await store.flush()
    await store.delete('a')
    await store.flush()
    expect(heard).toEqual([
      { type: 'set', key: 'a' },
      { op: 'set', key: 'a' },
      { type: 'delete', key: 'a' },
      { op: 'delete', key: 'a' },
    ])
  })

  test('of logs and large binaries go to the back at once', async () => {
    const config = behind()
    const store = await connectStore(config)
    await store.set('a', 1)
    await store.append('log', 1)
    await store.append('log', 2)
    await store.setBinary('large', new Uint8Array(2 << 20))
    const other = await back(config)
    expect(await other.log('log')).toEqual([1, 2])
    expect(await store.log('log')).toEqual([1, 2])
    expect((await store.getBinary('large'))?.length).toBe(2 << 20)
  })
})

describe('writes to the front only', () => {
  async function overlaid(
    own: object = {},
  ): Promise<{ readonly store: Store; readonly other: Store; readonly config: AnyConfig }> {
    const config = tiered({ writePolicy: 'frontend-only', ...own })
    const other = await back(config)
    await other.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    await other.append('log', 'theirs')
    const store = await connectStore(config)
    trialOf(config.id).calls.length = 0
    return { store, other, config }
  }

  test('hide what the back has, and never change it', async () => {
    const { store, other, config } = await overlaid()
    await store.set('a', 'mine')
    await store.update('b', (n: number) => n + 1)
    await store.batch([{ delete: 'c' }, { set: ['d', 4] }])
    await store.append('log', 'mine')
    await store.setBinary('bytes', new Uint8Array([1, 2]))
    expect([...(await store.getMany(['a', 'b', 'c', 'd'])).entries()]).toEqual([
      ['a', 'mine'],
      ['b', 3],
      ['d', 4],
    ])
    expect(await store.log('log')).toEqual(['theirs', 'mine'])
    expect(await store.getBinary('bytes')).toEqual(new Uint8Array([1, 2]))
    expect(await store.keys().toArray()).toEqual(['a', 'b', 'bytes', 'd', 'log'])
    expect(await store.keys({ reverse: true, limit: 3 }).toArray()).toEqual(['log', 'd', 'bytes'])
    expect(await store.entries({ prefix: '' }).toArray()).toEqual([
      ['a', 'mine'],
      ['b', 3],
      ['bytes', new Uint8Array([1, 2])],
      ['d', 4],
    ])
    expect(await store.has('c')).toBe(false)
    expect(await store.delete('c')).toBe(false)
    await store.clear()
    expect(await store.keys().toArray()).toEqual([])
    await store.flush()
    expect(writes(config)).toEqual([])
    expect(await other.keys().toArray()).toEqual(['a', 'b', 'c', 'log'])
    expect(await other.log('log')).toEqual(['theirs'])
  })

  test('leave everything else as others write it', async () => {
    const { store, other } = await overlaid()
    await store.set('a', 'mine')
    expect(await store.get('b')).toBe(2)
    await other.setMany([
      ['a', 10],
      ['b', 20],
    ])
    expect([await store.get('a'), await store.get('b')]).toEqual(['mine', 20])
  })

  test('need a back that is there, and leave it there when the store is deleted', async () => {
    const { config } = await overlaid()
    await expect(connectStore(tiered({ writePolicy: 'frontend-only' }))).rejects.toThrow(
      expect.objectContaining({ code: 'STORE_NOT_FOUND' }),
    )
    await deleteStore(config)
    expect(await storeExists({ ...tried, id: config.id })).toBe(true)
  })

  test('stay in a front of their own', async () => {
    const { store, config } = await overlaid({ frontendConfig: file() })
    await store.set('a', 'mine')
    await store.delete('b')
    await releaseStore(config, store)
    const again = await connectStore(config)
    expect(await again.keys().toArray()).toEqual(['a', 'c', 'log'])
    expect(await again.get('a')).toBe('mine')
    await releaseStore(config, again)
  })

  test('allow no call to write to the back', async () => {
    const { store } = await overlaid()
    await expect(store.set('a', 1, { writePolicy: 'write-through' })).rejects.toThrow(TypeError)
  })

  test('are chosen for a call', async () => {
    const config = tiered()
    const store = await connectStore(config)
    await store.set('a', 1)
    await store.set('a', 2, { writePolicy: 'frontend-only' })
    expect([await store.get('a'), await (await back(config)).get('a')]).toEqual([2, 1])
    await store.update('a', (n: number) => n + 1)
    expect([await store.get('a'), await (await back(config)).get('a')]).toEqual([3, 3])
  })
})

describe('reads of the front only', () => {
  test('answer of what is there', async () => {
    const config = tiered()
    const store = await connectStore(config)
    await (
      await back(config)
    ).setMany([
      ['a', 1],
      ['b', 2],
    ])
    await store.get('a')
    const FRONT = { readPolicy: 'frontend-only' } as const
    expect([await store.get('a', FRONT), await store.get('b', FRONT)]).toEqual([1, undefined])
    expect(await store.keys(FRONT).toArray()).toEqual(['a'])
    expect(await store.entries(FRONT).toArray()).toEqual([['a', 1]])
    expect(await store.keys().toArray()).toEqual(['a', 'b'])
  })
})

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

test('a listing in pages has what is in front, too', async () => {
  const config = tiered({ backendConfig: file(), frontendConfig: file(), writePolicy: 'frontend-only' })
  const { backendConfig, id } = config as { backendConfig?: object; id: string } & AnyConfig
  const other = await connectStore({ ...(backendConfig as AnyConfig), id })
  await other.setMany(Array.from({ length: 1500 }, (_, i): [string, number] => [`k${i}`, i]))
  const store = await connectStore(config)
  await store.deleteMany(Array.from({ length: 500 }, (_, i) => `k${i}`))
  await store.setMany(Array.from({ length: 500 }, (_, i): [string, number] => [`own${i}`, i]))
  const expected = [
    ...Array.from({ length: 1000 }, (_, i) => `k${500 + i}`),
    ...Array.from({ length: 500 }, (_, i) => `own${i}`),
  ].sort()
  expect(await store.keys().toArray()).toEqual(expected)
  expect(await store.keys({ reverse: true }).toArray()).toEqual([...expected].reverse())
  expect((await store.entries().toArray()).map(([key]) => key)).toEqual(expected)
  const listed: unknown[] = []
  for await (const key of store.keys()) listed.push(key)
  expect(listed).toEqual(expected)
  await releaseStore(config, store)
})

test('letters of a scope are those of its keys', async () => {
  const config = tiered({ writePolicy: 'write-behind', backendConfig: { ...file(), limits: { bytes: 100 } } })
  const store = await connectStore(config, { onError: () => undefined })
  await store.set('a:1', 'x'.repeat(500))
  await store.set('b:1', 'x'.repeat(500))
  await store.flush()
  const scope = store.scope('a:')
  expect(await scope.tier?.deadLetters()).toEqual([expect.objectContaining({ key: '1' })])
  expect(await scope.tier?.drop()).toBe(1)
  expect(await store.tier?.deadLetters()).toEqual([expect.objectContaining({ key: 'b:1' })])
  await releaseStore(config, store)
})

test('a store that is not tiered has no tier', async () => {
  expect((await connectStore({ ...memory, id: crypto.randomUUID() })).tier).toBe(undefined)
})
