import { type IDBPDatabase, openDB } from 'idb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  ConflictError,
  CorruptEntryError,
  type KonserveError,
  type Store,
  type StoreConfig,
  UnserializableValueError,
  connectStore,
  deleteStore,
  registerType,
  releaseStore,
} from '../../src/browser.ts'
import { findBackend } from '../../src/base/backend.ts'
import { decode } from '../../src/codec/cbor.ts'
import { encodeFrame, parseFrame } from '../../src/codec/frame.ts'

interface Stored {
  readonly frame: Uint8Array
  readonly value: unknown
}

let config: StoreConfig & { readonly backend: 'indexeddb' }
let store: Store
let raw: IDBPDatabase
beforeEach(async () => {
  const id = crypto.randomUUID()
  config = { backend: 'indexeddb', id, name: `clones-${id}`, serializer: 'structured-clone' }
  store = await connectStore(config)
  raw = await openDB(config.name!)
})
afterEach(async () => {
  raw.close()
  await deleteStore(config)
})

const read = (name: string): Promise<Stored> => raw.get('entries', name) as Promise<Stored>

/** The same store, kept the other way. */
async function reconnect(serializer: 'cbor' | 'structured-clone'): Promise<Store> {
  await releaseStore(config, store)
  config = { ...config, serializer }
  return (store = await connectStore(config))
}

class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}
registerType<Point, number>('structured-clone.test/Point', {
  test: (value) => value instanceof Point,
  encode: ({ x }) => x,
  decode: (x) => new Point(x),
})

describe('another reader of the database', () => {
  test('finds the metadata in a frame of serializer 18 without a value, and the clone beside it', async () => {
    await store.set('a', new File(['text'], 'a.txt'), { meta: { author: 'me' }, ttl: 60_000 })
    const { frame, value, ...others } = await read('sa')
    expect(others).toEqual({})
    expect(frame).toBeInstanceOf(Uint8Array)
    expect(frame.buffer.byteLength).toBe(frame.length)
    const parsed = parseFrame('sa', frame)
    expect(parsed).toMatchObject({ serializer: 18, compressor: 0, encryptor: 0 })
    expect(parsed.value.length).toBe(0)
    expect(decode(parsed.meta)).toEqual({
      key: 'a',
      type: 'value',
      lastWrite: expect.any(Date) as Date,
      expires: expect.any(Date) as Date,
      custom: { author: 'me' },
      own: { writeId: expect.stringMatching(/^[0-9a-f]{32}$/) as string },
    })
    expect(value).toBeInstanceOf(File)
    expect(await (value as File).text()).toBe('text')
  })

  test('finds undefined beside the frame where undefined was stored, and the elements of a log beside its cells', async () => {
    await store.set('a', undefined)
    await store.append('log', new Blob(['x']))
    expect(Object.keys(await read('sa'))).toEqual(['frame', 'value'])
    const [cell] = (await raw.getAllKeys('entries')).filter((name) => String(name).startsWith('~l'))
    expect((await read(String(cell))).value).toBeInstanceOf(Blob)
    expect((await read('slog')).value).toBeUndefined()
    expect(await store.get('a', { default: 'missing' })).toBeUndefined()
  })

  test('finds binaries, their chunks and the descriptor as bytes, as in every store', async () => {
    await store.setBinary('small', new Uint8Array(3))
    await store.setBinary('large', new Uint8Array(1_500_000))
    const names = (await raw.getAllKeys('entries')) as string[]
    expect(names.filter((name) => name.startsWith('~c'))).toHaveLength(2)
    for (const name of names) expect(await raw.get('entries', name), name).toBeInstanceOf(Uint8Array)
    expect((await store.getBinary('large'))!.length).toBe(1_500_000)
  })

  test('finds another frame after each write, of the same value in the same millisecond too', async () => {
    const { now } = Date
    const frames = new Set<string>()
    try {
      Date.now = () => 1_900_000_000_000
      for (let i = 0; i < 20; i++) {
        await (i % 2 ? store.set('a', 1) : store.update('a', () => 1))
        frames.add(String((await read('sa')).frame.subarray(0, 20)))
      }
    } finally {
      Date.now = now
    }
    expect(frames.size).toBe(20)
  })
})

test('getMeta does not show what the store keeps in the metadata for itself', async () => {
  await store.set('a', 1, { meta: { author: 'me' } })
  await store.update('a', (n: number) => n + 1, { meta: (old) => ({ ...old, seen: Object.keys(old) }) })
  const { lastWrite, ...meta } = (await store.getMeta('a'))!
  expect(lastWrite).toBeInstanceOf(Date)
  expect(meta).toEqual({ key: 'a', type: 'value', author: 'me', seen: ['author'] })
})

test('what only a page has comes back: ImageData, handles of files, a DOMRect', async () => {
  const folder = await navigator.storage.getDirectory()
  const handle = await folder.getFileHandle('structured-clone.txt', { create: true })
  await store.set('a', { image: new ImageData(2, 1), handle, rect: new DOMRect(1, 2, 3, 4) })
  const found = (await store.get('a')) as { image: ImageData; handle: FileSystemFileHandle; rect: DOMRect }
  expect(found.image).toBeInstanceOf(ImageData)
  expect(await found.handle.isSameEntry(handle)).toBe(true)
  expect(found.rect.width).toBe(3)
})

describe('damage', () => {
  /** What every way to read the entry makes of it. */
  const codesOf = async (stored: unknown): Promise<unknown> => {
    await raw.put('entries', stored, 'sa')
    const listed = async (): Promise<unknown> => (await store.entries().next()).value
    const reads = await Promise.allSettled([store.get('a'), store.getMany(['a']), store.update('a', () => 1), listed()])
    return [
      ...new Set(reads.map((each) => (each.status === 'rejected' ? (each.reason as KonserveError).code : each.value))),
    ]
  }
  const CORRUPT = ['CORRUPT_ENTRY']

  test('is noticed where the value beside a frame of serializer 18 is gone', async () => {
    await store.set('a', { b: 1 })
    const { frame } = await read('sa')
    for (const record of [frame, { frame }, { frame, other: 1 }]) expect(await codesOf(record)).toEqual(CORRUPT)
    await expect(store.getBinary('a')).rejects.toBeInstanceOf(CorruptEntryError)
    await store.set('a', 'anew')
    expect(await store.get('a')).toBe('anew')
  })

  test('is noticed where a value is beside a frame of another serializer', async () => {
    await store.set('a', 1)
    const { meta } = parseFrame('sa', (await read('sa')).frame)
    const encoded = encodeFrame('sa', { serializer: 3, meta, value: new Uint8Array([1]) })
    expect(await codesOf({ frame: encoded, value: 1 })).toEqual(CORRUPT)
    await store.setBinary('a', new Uint8Array(3))
    const binary: unknown = await raw.get('entries', 'sa')
    expect(await codesOf({ frame: binary, value: 1 })).toEqual(CORRUPT)
  })

  test('is noticed where a frame of serializer 18 has a value of its own, or is none', async () => {
    await store.set('a', 1)
    const { frame } = await read('sa')
    const { meta } = parseFrame('sa', frame)
    const both = encodeFrame('sa', { serializer: 18, meta, value: new Uint8Array([1]) })
    for (const other of [both, 'text', undefined, null, new Uint8Array()]) {
      expect(await codesOf({ frame: other, value: 1 })).toEqual(CORRUPT)
    }
    for (const other of ['text', null, 5, {}, []]) expect(await codesOf(other)).toEqual(CORRUPT)
  })

  test('of any bit of the frame is noticed, and of its end', async () => {
    await store.set('a', 1)
    const { frame, value } = await read('sa')
    for (let bit = 0; bit < frame.length * 8; bit += 7) {
      const flipped = frame.slice()
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      await raw.put('entries', { frame: flipped, value }, 'sa')
      await expect(store.get('a'), `bit ${bit}`).rejects.toMatchObject({ code: 'CORRUPT_ENTRY', key: 'a' })
    }
    for (let length = 0; length < frame.length; length += 5) {
      expect(await codesOf({ frame: frame.subarray(0, length), value })).toEqual(CORRUPT)
    }
    await raw.put('entries', { frame, value }, 'sa')
    expect(await store.get('a')).toBe(1)
  })

  test('of an entry does not stand in the way of its removal', async () => {
    await store.set('a', 1)
    await raw.put('entries', (await read('sa')).frame, 'sa')
    expect(await store.delete('a')).toBe(true)
    expect(await raw.get('entries', 'sa')).toBeUndefined()
  })
})

describe('a change of the serializer', () => {
  test('leaves readable what was kept the other way, each as it was written', async () => {
    await store.set('clone', { blob: new Blob(['x']), point: new Point(1) })
    await store.append('log', new Blob(['1']))
    await reconnect('cbor')
    await store.set('encoded', { point: new Point(2), url: new URL('https://example.org/') })
    await store.append('log', new Point(3))
    for (const serializer of ['cbor', 'structured-clone', 'cbor'] as const) {
      await reconnect(serializer)
      expect(store.capabilities.serializer).toBe(serializer)
      const clone = (await store.get('clone')) as { blob: Blob; point: unknown }
      expect(await clone.blob.text()).toBe('x')
      expect(clone.point).toStrictEqual({ x: 1 })
      const encoded = { point: new Point(2), url: new URL('https://example.org/') }
      expect(await store.get('encoded')).toStrictEqual(encoded)
      expect([...(await store.getMany(['encoded', 'clone'])).values()]).toMatchObject([encoded, { point: { x: 1 } }])
      const [first, second] = await store.log('log')
      expect([first instanceof Blob, second]).toStrictEqual([true, new Point(3)])
    }
  })

  test('concerns what is written: an update keeps an entry as the store now does', async () => {
    await store.set('a', { n: 1 })
    await reconnect('cbor')
    await store.updateIn(['a', 'n'], (n: number) => n + 1)
    expect(await raw.get('entries', 'sa')).toBeInstanceOf(Uint8Array)
    await reconnect('structured-clone')
    await store.updateIn(['a', 'n'], (n: number) => n + 1)
    expect((await read('sa')).value).toEqual({ n: 3 })
  })

  test('to CBOR does not let an update keep what CBOR cannot', async () => {
    await store.set('a', { blob: new Blob([]) })
    await reconnect('cbor')
    await expect(store.setIn(['a', 'n'], 1)).rejects.toBeInstanceOf(UnserializableValueError)
    expect(((await store.get('a')) as { blob: unknown }).blob).toBeInstanceOf(Blob)
  })
})

describe('what the platform clones but does not store', () => {
  const unstorable = (): WebAssembly.Module => new WebAssembly.Module(new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]))

  test('is refused with its error as the cause, alone and in a batch, which changes nothing', async () => {
    await store.set('a', 1)
    const writes = [
      () => store.set('a', unstorable()),
      () =>
        store.setMany([
          ['b', 1],
          ['a', unstorable()],
        ]),
      () => store.append('log', unstorable()),
    ]
    for (const write of writes) {
      const error = (await write().catch((thrown: unknown) => thrown)) as KonserveError
      expect(error).toBeInstanceOf(UnserializableValueError)
      expect(error.cause).toMatchObject({ name: 'DataCloneError' })
    }
    expect(await raw.getAllKeys('entries')).toEqual(['sa', '~d'])
    expect(await store.get('a')).toBe(1)
  })

  test('is refused where a binary was, and does not hurt who shares its transaction', async () => {
    await store.set('warm', 1)
    await store.setBinary('binary', new Uint8Array(3))
    await store.setBinary('binary', new Uint8Array(4))
    const [wrong, right] = await Promise.allSettled([store.update('binary', unstorable), store.update('warm', () => 2)])
    expect(wrong).toMatchObject({ reason: { code: 'UNSERIALIZABLE_VALUE' } })
    expect(right).toMatchObject({ value: [1, 2] })
    expect(await store.getBinary('binary')).toEqual(new Uint8Array(4))
    expect(await store.get('warm')).toBe(2)
  })

  test('does not hurt the updates that wait beside it', async () => {
    const increment = (n = 0): number => n + 1
    const results = await Promise.allSettled([
      store.update('n', increment),
      store.update('n', increment),
      store.update('n', increment),
      store.update('n', () => unstorable()),
    ])
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    expect(await store.get('n')).toBe(3)
  })
})

test('a value is cloned when the call is made', async () => {
  const value = { list: [1] }
  const writes = [store.set('a', value), store.setIn(['b', 'x'], value), store.append('log', value)]
  value.list.push(2)
  await Promise.all(writes)
  expect([await store.get('a'), await store.getIn(['b', 'x']), await store.log('log')]).toEqual([
    { list: [1] },
    { list: [1] },
    [{ list: [1] }],
  ])
})

test('each of many folded updates has objects of its own', async () => {
  await store.set('a', { list: [0] })
  const given: { list: number[] }[] = []
  const pairs = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      store.update('a', (old: { list: number[] }) => {
        given.push(old)
        return { list: [...old.list, i + 1] }
      }),
    ),
  )
  for (const { list } of given) list.fill(-1)
  for (const [, after] of pairs) (after as { list: number[] }).list.fill(-2)
  expect(await store.get('a')).toEqual({ list: Array.from({ length: 21 }, (_, i) => i) })
  expect(new Set(given).size).toBe(20)
})

test('an expected version is that of the record', async () => {
  const context = { sync: false, createContainer: false, private: false, onError: () => undefined }
  await releaseStore(config, store)
  const backend = await findBackend('indexeddb')!.open({ ...config }, context)
  const meta = { key: 'a', type: 'value', lastWrite: new Date() } as const
  const first = await backend.write('sa', { meta, value: 1 }, { ifVersion: null }, { sync: false })
  expect((await backend.read('sa', { sync: false }))!.version).toBe(first)
  const second = await backend.write('sa', { meta, value: 1 }, { ifVersion: first! }, { sync: false })
  expect(second).not.toBe(first)
  const stale = backend.write('sa', { meta, value: 2 }, { ifVersion: first! }, { sync: false })
  await expect(stale).rejects.toBeInstanceOf(ConflictError)
  await backend.close({ sync: false })
})

describe('a tiered store', () => {
  const tiered = (serializer: 'cbor' | 'structured-clone'): StoreConfig => ({
    backend: 'tiered',
    id: config.id,
    frontendConfig: { backend: 'memory' },
    backendConfig: { ...config, serializer },
  })
  beforeEach(() => releaseStore(config, store))

  test('keeps clones in front as well, where synchronous reads find them', async () => {
    const tier = await connectStore(tiered('structured-clone'))
    const value: { blob: Blob; self?: unknown } = { blob: new Blob(['x']) }
    value.self = value
    await tier.set('a', value)
    const found = tier.get('a', { sync: true }) as typeof value
    expect(found.blob).toBeInstanceOf(Blob)
    expect(found.self).toBe(found)
    expect(found).not.toBe(value)
    await releaseStore(tiered('structured-clone'), tier)
    const again = await connectStore(tiered('structured-clone'))
    const [one, two] = (await Promise.all([again.get('a'), again.get('a')])) as (typeof value)[]
    expect(one!.blob).toBeInstanceOf(Blob)
    expect(one).not.toBe(two)
    expect((again.get('a', { sync: true }) as typeof value).blob).toBeInstanceOf(Blob)
    await releaseStore(tiered('structured-clone'), again)
  })

  test('reads what was kept the other way from the back, as it was written', async () => {
    for (const [written, later] of [
      ['cbor', 'structured-clone'],
      ['structured-clone', 'cbor'],
    ] as const) {
      const errors: unknown[] = []
      const before = await connectStore(tiered(written))
      const value = written === 'cbor' ? new Point(1) : [new Blob(['x'])]
      await before.set(written, value)
      await releaseStore(tiered(written), before)
      const after = await connectStore(tiered(later), { onError: (error) => errors.push(error) })
      for (let i = 0; i < 2; i++) {
        const found: unknown[] = await Promise.all([after.get(written), after.get(written)])
        for (const each of found) expect(each instanceof Point || (each as unknown[])[0] instanceof Blob).toBe(true)
        expect(found[0]).not.toBe(found[1])
      }
      expect(() => after.get(written, { sync: true })).toThrow(/not in memory/)
      await after.set(written, 'anew')
      expect(after.get(written, { sync: true })).toBe('anew')
      expect(errors).toEqual([])
      await releaseStore(tiered(later), after)
    }
  })
})
