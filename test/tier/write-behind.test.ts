import { describe, expect, test } from 'vitest'
import type { AnyConfig } from '../../src/base/backend.ts'
import { StorageUnavailableError } from '../../src/base/errors.ts'
import type { Store } from '../../src/node.ts'
import {
  back,
  connectStore,
  deleteStore,
  file,
  memory,
  releaseStore,
  storeExists,
  tiered,
  tried,
  writes,
} from './stores.ts'
import { trialOf } from './tried.ts'

const down = (): never => {
  throw new StorageUnavailableError('The back is down.')
}

/** What waits for it goes on when it is opened. */
function gate(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let open = (): void => undefined
  const promise = new Promise<void>((resolve) => (open = resolve))
  return { promise, resolve: () => open() }
}

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

  test('wait in a front of their own while the back cannot be opened, or does not answer', async () => {
    const config = behind({ frontendConfig: file() })
    const trial = trialOf(config.id)
    trial.before = down
    await expect(connectStore(config)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    trial.before = () => undefined
    const first = await connectStore(config)
    await first.set('a', 1)
    await releaseStore(config, first)
    const { promise, resolve } = gate()
    for (const isOut of [down, () => promise]) {
      trial.before = isOut
      const store = await connectStore(config)
      await store.update('a', (old) => Number(old) + 1)
      expect(store.tier?.pending().entries).toBe(1)
      await releaseStore(config, store)
    }
    resolve()
    trial.before = () => undefined
    const again = await connectStore(config)
    await again.flush()
    expect([await (await back(config)).get('a'), await again.tier?.deadLetters()]).toEqual([3, []])
    await releaseStore(config, again)
  }, 30_000)

  test('are told of whenever more or fewer of them wait', async () => {
    const config = behind()
    const store = await connectStore(config)
    const seen: number[] = []
    const stop = store.tier!.watchPending(({ entries }) => seen.push(entries))
    await store.setMany([
      ['a', 1],
      ['b', 1],
    ])
    await store.flush()
    await expect.poll(() => seen).toEqual([2, 0])
    stop()
    await store.set('a', 2)
    await store.flush()
    expect(seen).toEqual([2, 0])
  })

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
