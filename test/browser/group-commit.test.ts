import { deleteDB, openDB } from 'idb'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Store, type StoreConfig, connectStore, deleteStore } from '../../src/browser.ts'

/** The transactions that the page has begun since, each by its mode and durability. */
let begun: string[]
/** Where they were. */
let databases: IDBDatabase[]
let config: StoreConfig & { readonly name: string }
let store: Store

beforeEach(async () => {
  const id = crypto.randomUUID()
  config = { backend: 'indexeddb', id, name: `group-${id}` }
  store = await connectStore(config)
  await store.set('warm', 0)
  begun = []
  databases = []
  // oxlint-disable-next-line typescript/unbound-method -- called with its database
  const { transaction } = IDBDatabase.prototype
  vi.spyOn(IDBDatabase.prototype, 'transaction').mockImplementation(function (
    this: IDBDatabase,
    stores,
    mode,
    options,
  ) {
    databases.push(this)
    begun.push(mode === 'readwrite' ? `write ${options?.durability}` : 'read')
    return transaction.call(this, stores, mode, options)
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await deleteStore(config)
})

const count = (kind: string): number => begun.filter((each) => each.startsWith(kind)).length
const times = <T>(n: number, fn: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => fn(i))

describe('writes share transactions', () => {
  test('1,000 of one turn are one', async () => {
    await Promise.all(times(1000, (i) => store.set(`key-${i}`, i)))
    expect(count('write')).toBe(1)
    expect(await store.get('key-999')).toBe(999)
  })

  test('of different kinds, too', async () => {
    await Promise.all([
      store.set('a', 1),
      store.update('b', () => 2),
      store.setMany([['c', 3]]),
      store.delete('warm'),
      store.append('log', 4),
      store.setBinary('binary', new Uint8Array(5)),
    ])
    expect(count('write')).toBe(1)
    expect([...(await store.getMany(['a', 'b', 'c', 'warm']))]).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    expect(await store.log('log')).toEqual([4])
  })

  test('those that come while a transaction is running share the next one', async () => {
    const first = store.set('a', 1)
    await new Promise((resolve) => setTimeout(resolve))
    const rest = times(50, (i) => store.set(`key-${i}`, i))
    await first
    await Promise.all(rest)
    expect(count('write')).toBe(2)
  })

  test('50 callers who each await 20 sets in turn need hardly more than 20', async () => {
    const caller = async (n: number): Promise<void> => {
      for (let i = 0; i < 20; i++) await store.set(`key-${n}-${i}`, i)
    }
    await Promise.all(times(50, caller))
    expect(count('write')).toBeLessThanOrEqual(25)
  })

  test('200 updates of one key at once need at most 4', async () => {
    await Promise.all(times(200, () => store.update('n', (n: number = 0) => n + 1)))
    expect(await store.get('n')).toBe(200)
    expect(count('write')).toBeLessThanOrEqual(4)
  })

  test('a transaction takes no more than some 1,000 of them', async () => {
    await Promise.all(times(2500, (i) => store.set(`key-${i}`, i)))
    expect(count('write')).toBe(3)
  })

  test('one setMany is one transaction, whatever its size', async () => {
    const values = times(5000, (i) => [`key-${i}`, 'x'.repeat(1000)] as const)
    await store.setMany(values)
    expect(count('write')).toBe(1)
    const raw = await openDB(config.name)
    expect(await raw.count('entries')).toBe(5002)
    raw.close()
  })

  test('their durability is what the store and the call say, or stronger', async () => {
    await store.set('a', 1)
    await store.set('a', 1, { durability: 'strict' })
    await Promise.all([store.set('a', 1, { durability: 'strict' }), store.set('b', 1)])
    expect(begun).toEqual(['write relaxed', 'write strict', 'write strict'])
    await Promise.all([store.set('a', 1), store.set('b', 1, { durability: 'strict' })])
    expect(begun.slice(3)).toEqual(['write relaxed', 'write strict'])
  })

  test('the engine has each as soon as it is encoded', async () => {
    const puts = vi.spyOn(IDBObjectStore.prototype, 'put')
    const sets = times(3, (i) => store.set(`key-${i}`, i))
    expect(puts).toHaveBeenCalledTimes(3)
    await Promise.all(sets)
    expect(count('write')).toBe(1)
  })

  test('one with a signal can be taken back in its turn, and those behind it keep their order', async () => {
    const controller = new AbortController()
    const calls = [
      store.set('a', 1),
      store.set('b', 1, { signal: controller.signal }),
      store.set('a', 2),
      store.set('c', 3, { signal: new AbortController().signal }),
    ]
    controller.abort(new Error('no more'))
    expect(await Promise.allSettled(calls)).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { message: 'no more' } },
      { status: 'fulfilled' },
      { status: 'fulfilled' },
    ])
    expect([...(await store.getMany(['a', 'b', 'c']))]).toEqual([
      ['a', 2],
      ['c', 3],
    ])
  })
})

describe('of writes that share a transaction', () => {
  test('each keeps the order of its key', async () => {
    const done: number[] = []
    await Promise.all(times(20, (i) => store.set('a', i).then(() => done.push(i))))
    expect(done).toEqual(times(20, (i) => i))
    expect(await store.get('a')).toBe(19)
  })

  test('each is seen by reads that come after it, queued or in flight', async () => {
    void store.set('a', 1)
    expect(await store.get('a')).toBe(1)
    const keys: unknown[] = []
    void store.set('b', 2)
    expect(await store.has('b')).toBe(true)
    void store.delete('a')
    for await (const key of store.keys()) keys.push(key)
    expect(keys).toEqual(['b', 'warm'])
    void store.set('c', 3)
    await store.clear()
    expect(await store.get('c')).toBeUndefined()
  })

  test('the one whose update throws fails alone', async () => {
    const settled = await Promise.allSettled([
      store.set('a', 1),
      store.update('warm', () => {
        throw new RangeError('mine')
      }),
      store.update('b', () => 2),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect((settled[1] as PromiseRejectedResult).reason).toEqual(new RangeError('mine'))
    expect(count('write')).toBe(1)
    expect([...(await store.getMany(['a', 'warm', 'b'])).values()]).toEqual([1, 0, 2])
  })

  test('the one that the engine refuses fails alone, and the others are done again without running a function twice', async () => {
    let runs = 0
    // oxlint-disable-next-line typescript/unbound-method -- called with its object store
    const { put } = IDBObjectStore.prototype
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      if (key === 'sbad') throw new DOMException('refused', 'DataCloneError')
      return put.call(this, value, key)
    })
    const settled = await Promise.allSettled([
      store.set('a', 1),
      store.update('warm', (n: number) => {
        runs++
        return n + 1
      }),
      store.set('bad', 1),
      store.setMany([
        ['c', 3],
        ['d', 4],
      ]),
    ])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect((settled[2] as PromiseRejectedResult).reason).toMatchObject({ code: 'UNSERIALIZABLE_VALUE', key: 'bad' })
    expect(runs).toBe(1)
    expect(count('write')).toBe(1 + 4)
    expect([...(await store.getMany(['a', 'warm', 'bad', 'c', 'd']))]).toEqual([
      ['a', 1],
      ['warm', 1],
      ['c', 3],
      ['d', 4],
    ])
  })

  test('all are done again if the transaction is aborted by no fault of theirs', async () => {
    // oxlint-disable-next-line typescript/unbound-method -- called with its transaction
    const { commit } = IDBTransaction.prototype
    let aborts = 0
    vi.spyOn(IDBTransaction.prototype, 'commit').mockImplementation(function (this: IDBTransaction) {
      if (aborts++ === 0) this.abort()
      else commit.call(this)
    })
    await Promise.all([...times(5, (i) => store.set(`key-${i}`, i)), store.update('warm', (n: number) => n + 1)])
    expect(aborts).toBe(7)
    expect((await store.getMany(times(5, (i) => `key-${i}`))).size).toBe(5)
    expect(await store.get('warm')).toBe(1)
  })

  test('the one that waits is given up by its signal, and the others are not', async () => {
    const first = store.set('a', 1)
    await new Promise((resolve) => setTimeout(resolve))
    const controller = new AbortController()
    const second = store.set('b', 2, { signal: controller.signal })
    const third = store.set('c', 3)
    controller.abort(new Error('enough'))
    await expect(second).rejects.toThrow('enough')
    await Promise.all([first, third])
    expect([...(await store.getMany(['a', 'b', 'c'])).keys()]).toEqual(['a', 'c'])
  })
})

test('a signal that stands for many calls is left by each of them', async () => {
  const { signal } = new AbortController()
  const added = vi.spyOn(signal, 'addEventListener')
  const removed = vi.spyOn(signal, 'removeEventListener')
  await store.set('a', 1, { signal })
  await store.get('a', { signal })
  await store.update('a', (n: number) => n + 1, { signal })
  await store.getMany(['a', 'warm'], { signal })
  expect(added.mock.calls.length).toBeGreaterThan(0)
  expect(removed.mock.calls.length).toBe(added.mock.calls.length)
})

describe('reads share transactions', () => {
  beforeEach(async () => {
    await store.setMany(times(1000, (i) => [`key-${String(i).padStart(4, '0')}`, i] as const))
    begun = []
  })

  const key = (i: number): string => `key-${String(i % 1000).padStart(4, '0')}`

  test('1,000 of one turn are one, and each gets its own answer', async () => {
    const values = await Promise.all(times(1200, (i) => store.get(key(i))))
    expect(values).toEqual(times(1200, (i) => i % 1000))
    expect(begun).toEqual(['read'])
  })

  test('what is read in answer to a read goes on in the same one', async () => {
    for (let i = 0; i < 20; i++) expect(await store.get(key(i))).toBe(i)
    expect(begun.length).toBeLessThanOrEqual(3)
  })

  test('what comes while a transaction is between two answers, from a timer, is read as well', async () => {
    const read = async (i: number): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, i % 7))
      expect(await store.get(key(i))).toBe(i % 1000)
      await new Promise((resolve) => setTimeout(resolve, i % 3))
      expect((await store.getMany([key(i), key(i + 1)])).size).toBe(2)
      const keys: unknown[] = []
      for await (const each of store.keys({ after: key(i), limit: 2 })) keys.push(each)
      expect(keys.length).toBe(Math.min(2, 1000 - (i % 1000)))
    }
    await Promise.all(times(200, read))
  })

  test('a listing that comes while a transaction is between two answers is read in another one', async () => {
    for (let i = 0; i < 20; i++) {
      const under = store.entries().toArray()
      const { port1, port2 } = new MessageChannel()
      await new Promise((resolve) => {
        port1.addEventListener('message', resolve, { once: true })
        port1.start()
        port2.postMessage(0)
      })
      expect(await store.keys({ prefix: 'key-', limit: 1 }).toArray()).toEqual([key(0)])
      expect(await store.entries({ prefix: 'key-', limit: 1, reverse: true }).toArray()).toEqual([[key(999), 999]])
      await under
    }
  })

  test('getMany of names with gaps between them, of missing ones and of one twice answers all', async () => {
    const wanted = [
      ...times(300, (i) => key(i * 3)),
      ...times(100, (i) => key(i)),
      'missing',
      'a',
      'zzz',
      ...times(80, (i) => `none-${i}`),
    ]
    const found = await store.getMany(wanted)
    expect(found.size).toBe(new Set([...times(300, (i) => key(i * 3)), ...times(100, (i) => key(i))]).size)
    for (const [name, value] of found) expect(name).toBe(key(value as number))
    expect(begun).toEqual(['read'])
  })

  test('a loop of reads does not keep the writer of another connection waiting', async () => {
    const raw = await openDB(config.name)
    let ended = false
    const loops = times(20, async (n) => {
      for (let i = 0; !ended; i++) await store.get(key(i + n * 50))
    })
    const waits: number[] = []
    for (let i = 0; i < 5; i++) {
      const started = performance.now()
      await raw.put('entries', new Uint8Array(1), 'zz')
      waits.push(performance.now() - started)
    }
    ended = true
    await Promise.all(loops)
    raw.close()
    expect(Math.max(...waits)).toBeLessThan(1000)
  })
})

test('requests of the same database that are closed under a store are made again on a new connection', async () => {
  await store.set('a', 1)
  databases.at(-1)!.close()
  const answers = await Promise.all([
    store.get('a'),
    store.set('b', 2),
    store.update('a', (n: number) => n + 1),
    store.get('warm'),
  ])
  expect(answers).toEqual([1, undefined, [1, 2], 0])
  databases.at(-1)!.close()
  expect([...(await store.getMany(['a', 'b']))]).toEqual([
    ['a', 2],
    ['b', 2],
  ])
})

test('a store that was deleted, and one in its place, are not taken for the one that was opened', async () => {
  await deleteDB(config.name)
  await expect(store.get('warm')).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', key: 'warm' })
  await expect(store.set('a', 1)).rejects.toThrow(/connect again/)
})
