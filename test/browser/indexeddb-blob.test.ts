import { type IDBPDatabase, deleteDB, openDB, unwrap } from 'idb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type {
  AnyConfig,
  BackendDefinition,
  BlobBackend,
  Call,
  ListOptions,
  OpenContext,
} from '../../src/base/backend.ts'
import { findBackend } from '../../src/base/backend.ts'
import type { Entry } from '../../src/base/entry.ts'
import type { PromiseOrValue } from '../../src/base/promise-or-value.ts'
import {
  ConflictError,
  QuotaExceededError,
  StorageUnavailableError,
  StoreExistsError,
  StoreIdMismatchError,
  StoreNotFoundError,
  UnserializableValueError,
  UnsupportedLayoutError,
} from '../../src/base/errors.ts'
import '../../src/backends/indexeddb.ts'
import { Connection } from '../../src/backends/indexeddb-connection.ts'
import { indexedDbBlobs } from '../../src/backends/indexeddb-blobs.ts'
import { indexedDbError } from '../../src/backends/indexeddb-errors.ts'
import { encodeFrame, frameVersion } from '../../src/codec/frame.ts'
import { connectStore, deleteStore } from '../../src/index.ts'

const CALL: Call = { sync: false }
const ID = '5f3e0f9c-7a51-4c3c-9f43-0d7c1a1f0b11'
const definition = findBackend('indexeddb') as BackendDefinition

let name: string
let blobs: BlobBackend
beforeEach(async () => {
  name = `test-${crypto.randomUUID()}`
  blobs = await openBlobs(name)
})
afterEach(async () => {
  await blobs.close(CALL)
  await deleteDB(name)
})

describe('IndexedDB blobs', () => {
  test('are read as they were written, whole, in part and many at once', async () => {
    for (const size of [20, 5000, 100_000]) {
      const bytes = frame(size)
      const version = await blobs.put(`s${size}`, bytes, {}, CALL)
      expect(version).toBe(frameVersion(bytes))
      const whole = await blobs.get(`s${size}`, {}, CALL)
      expect({ ...whole, version: whole?.version }).toEqual({ bytes, version })
      expect(await blobs.get(`s${size}`, { range: { start: 5, end: 30 } }, CALL)).toEqual({
        bytes: bytes.slice(5, 30),
        version,
      })
    }
    const many = await blobs.getMany!(['s5000', 'snone', 's20', 's5000'], CALL)
    expect(many.map((blob) => blob?.bytes.length)).toEqual([5000, undefined, 20, 5000])
  })

  test('that are missing are undefined, and deleting them answers false', async () => {
    expect(await blobs.get('sa', {}, CALL)).toBeUndefined()
    expect(await blobs.delete('sa', {}, CALL)).toBe(false)
    await blobs.put('sa', frame(30), {}, CALL)
    expect(await blobs.delete('sa', {}, CALL)).toBe(true)
    expect(await blobs.get('sa', {}, CALL)).toBeUndefined()
  })

  test('do not drag along the buffer that they are a view of', async () => {
    const buffer = new Uint8Array(100_000)
    buffer.set(frame(40), 1000)
    await blobs.put('sa', buffer.subarray(1000, 1040), {}, CALL)
    const { bytes } = (await blobs.get('sa', {}, CALL))!
    expect(bytes).toEqual(frame(40))
    expect(bytes.buffer.byteLength).toBe(40)
  })

  test('honour the expected version, alone and in a batch, which is applied whole or not at all', async () => {
    const first = await blobs.put('sa', frame(30, 1), { ifVersion: null }, CALL)
    await expect(blobs.put('sa', frame(30, 2), { ifVersion: null }, CALL)).rejects.toThrow(ConflictError)
    await expect(blobs.put('sb', frame(30, 2), { ifVersion: first }, CALL)).rejects.toThrow(ConflictError)
    await expect(blobs.delete('sa', { ifVersion: 'other' }, CALL)).rejects.toThrow(ConflictError)
    const refused = blobs.batch!(
      [{ put: ['sb', frame(30)] }, { delete: 'sa', ifVersion: null }, { put: ['sc', frame(30)] }],
      CALL,
    )
    await expect(refused).rejects.toThrow(ConflictError)
    expect(await blobs.list({}, CALL)).toEqual({ names: ['sa'] })
    await blobs.batch!(
      [
        { put: ['sb', frame(30)], ifVersion: null },
        { delete: 'sa', ifVersion: first },
      ],
      CALL,
    )
    expect(await blobs.list({}, CALL)).toEqual({ names: ['sb'] })
  })

  test('created by 16 at once have one winner', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 16 }, (_, i) => blobs.put('~d', frame(30, i), { ifVersion: null }, CALL)),
    )
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConflictError)
  })

  test('are changed inside one transaction, so that no concurrent change of two connections is lost', async () => {
    const others = await openBlobs(name)
    const increment = (to: BlobBackend): unknown =>
      to.transact!(['sn'], ([blob]) => [{ put: ['sn', frame(30, (blob?.bytes[29] ?? 0) + 1)] }], CALL)
    await Promise.all(Array.from({ length: 100 }, (_, i) => increment(i % 2 ? blobs : others)))
    expect((await blobs.get('sn', {}, CALL))!.bytes[29]).toBe(100)
    await others.close(CALL)
  })

  test('stay as they were when the change throws, and the call rejects with that very error, once', async () => {
    const unhandled: unknown[] = []
    const listener = (event: PromiseRejectionEvent): void => void unhandled.push(event.reason)
    addEventListener('unhandledrejection', listener)
    await blobs.put('sa', frame(30, 1), {}, CALL)
    for (const error of [new Error('mine'), new DOMException('mine', 'AbortError'), undefined]) {
      const call = (): unknown =>
        blobs.transact!(
          ['sa', 'sb'],
          () => {
            throw error
          },
          CALL,
        )
      expect(await settled(call())).toEqual({ status: 'rejected', reason: error })
      expect(((await settled(call())) as PromiseRejectedResult).reason).toBe(error)
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
    removeEventListener('unhandledrejection', listener)
    expect(unhandled).toEqual([])
    expect((await blobs.get('sa', {}, CALL))!.bytes).toEqual(frame(30, 1))
  })

  test('that cannot be stored change nothing, and the error is typed', async () => {
    const detached = frame(30)
    structuredClone(detached.buffer, { transfer: [detached.buffer] })
    await expect(blobs.batch!([{ put: ['sa', frame(30)] }, { put: ['sb', detached] }], CALL)).rejects.toThrow(
      UnserializableValueError,
    )
    expect(await blobs.list({}, CALL)).toEqual({ names: [] })
    await blobs.close(CALL)
    await expect(blobs.put('sa', frame(30), {}, CALL)).rejects.toThrow(StorageUnavailableError)
    await expect(blobs.get('sa', {}, CALL)).rejects.toThrow(/connect again/)
  })

  test('say that there is no more space with an error of its own, with how much is used of how much', async () => {
    const cause = new DOMException('full', 'QuotaExceededError')
    const error = await indexedDbError(cause, name)
    expect(error).toBeInstanceOf(QuotaExceededError)
    expect(error).toMatchObject({
      cause,
      message: expect.stringContaining(name) as string,
      usage: expect.any(Number) as number,
      quota: expect.any(Number) as number,
    })
  })

  test('are flushed without a change', async () => {
    await blobs.put('sa', frame(30), {}, CALL)
    await blobs.flush!(CALL)
    expect(await blobs.list({}, CALL)).toEqual({ names: ['sa'] })
  })

  test('are listed and scanned in byte order, by prefix, page by page, in both directions', async () => {
    const names = [
      '(',
      '(s',
      '(sa,s',
      'cuo',
      'n8000000000000000',
      's',
      's%41',
      's-',
      's0',
      's_',
      'sa',
      'sa1',
      'sb',
      '~c0-1',
      '~d',
    ]
    await blobs.batch!(
      names.map((each) => ({ put: [each, frame(30, each.length)] })),
      CALL,
    )
    const under = (prefix: string): string[] => names.filter((each) => each.startsWith(prefix))
    const cases: [ListOptions, string[]][] = [
      [{}, names],
      [{ reverse: true }, [...names].reverse()],
      [{ prefix: 's' }, under('s')],
      [{ prefix: 'sa' }, under('sa')],
      [{ prefix: 's', reverse: true }, under('s').reverse()],
      [{ prefix: '~' }, under('~')],
      [{ prefix: 'x' }, []],
      [{ after: 's0' }, names.slice(names.indexOf('s0') + 1)],
      [{ after: 's0', reverse: true }, names.slice(0, names.indexOf('s0')).reverse()],
      [{ after: 's0', prefix: 's' }, under('s').slice(4)],
      [{ after: 'sz', prefix: 's' }, []],
      [{ after: '(', prefix: 's' }, under('s')],
      [{ after: '(', prefix: 's', reverse: true }, []],
      [{ after: '~', prefix: 's', reverse: true }, under('s').reverse()],
      [{ after: '~~' }, []],
    ]
    for (const [options, expected] of cases) {
      for (const limit of [1, 2, 1000]) {
        expect(await collect(options, limit, async (page) => blobs.list(page, CALL)), JSON.stringify(options)).toEqual(
          expected,
        )
        const scanned = await collect(options, limit, async (page) => {
          const { entries, next } = await blobs.scan!(page, CALL)
          for (const [each, blob] of entries) expect(blob.bytes).toEqual(frame(30, each.length))
          return { names: entries.map(([each]) => each), next }
        })
        expect(scanned).toEqual(expected)
      }
    }
  })
})

describe('an IndexedDB store', () => {
  const config = (): AnyConfig => ({ backend: 'indexeddb', id: ID, name: `${name}-store` })
  const context: OpenContext = { sync: false, createContainer: false, private: false, onError: () => undefined }
  afterEach(() => deleteDB(`${name}-store`))

  test('is looked for without leaving a database behind', async () => {
    expect(await definition.exists(config(), context)).toBe(false)
    await definition.destroy(config(), context)
    await expect(definition.open(config(), context)).rejects.toThrow(StoreNotFoundError)
    expect((await indexedDB.databases()).map((each) => each.name)).not.toContain(`${name}-store`)
  })

  test('is made once, opened with its id only, and removed with its database', async () => {
    const backend = await definition.create(config(), context)
    await expect(definition.create(config(), context)).rejects.toThrow(StoreExistsError)
    await backend.close(CALL)
    expect(await definition.exists(config(), context)).toBe(true)
    const other = { ...config(), id: '00000000-0000-4000-8000-000000000000' }
    await expect(definition.open(other, context)).rejects.toThrow(StoreIdMismatchError)
    await (await definition.open(config(), context)).close(CALL)
    await definition.destroy(config(), context)
    expect((await indexedDB.databases()).map((each) => each.name)).not.toContain(`${name}-store`)
  })

  test('is not what another application keeps under that name', async () => {
    for (const stores of [[], ['other'], ['entries', 'other']]) {
      const foreign = await openDB(`${name}-store`, 3, {
        upgrade: (db) => stores.forEach((each) => db.createObjectStore(each)),
      })
      foreign.close()
      expect(await definition.exists(config(), context)).toBe(false)
      await definition.destroy(config(), context)
      await expect(definition.create(config(), context)).rejects.toThrow(UnsupportedLayoutError)
      await expect(definition.open(config(), context)).rejects.toThrow(UnsupportedLayoutError)
      expect((await indexedDB.databases()).map((each) => each.name)).toContain(`${name}-store`)
      await deleteDB(`${name}-store`)
    }
  })

  test('lets another connection delete the database, and says afterwards to connect again', async () => {
    const backend = await definition.create(config(), context)
    await deleteDB(`${name}-store`)
    await expect(backend.read('sa', CALL)).rejects.toThrow(StorageUnavailableError)
  })

  test('that another tab holds and does not close is not waited for without end', async () => {
    await (await definition.create(config(), context)).close(CALL)
    const holder = await openRaw(`${name}-store`)
    await expect(definition.destroy(config(), context)).rejects.toThrow(/Close the other tabs/)
    await expect(definition.open(config(), context)).rejects.toThrow(StorageUnavailableError)
    holder.close()
  }, 20_000)
})

test('what another program put into the database is not listed by the store', async () => {
  const config = { backend: 'indexeddb', id: crypto.randomUUID() } as const
  const store = await connectStore(config)
  await store.setMany([
    ['a', 1],
    [2, 'b'],
  ])
  const raw = await openDB(`konserve-${config.id}`)
  for (const key of ['NO NAME', 'nothing', 'cccc', 'x', 's%2d']) await raw.put('entries', new Uint8Array(30), key)
  raw.close()
  const keys: unknown[] = []
  for await (const key of store.keys()) keys.push(key)
  expect(keys).toEqual([2, 'a'])
  await deleteStore(config)
})

/** Blobs of a database that is not opened again when its connection is gone. */
async function openBlobs(database: string): Promise<BlobBackend> {
  const gone = (): Promise<IDBDatabase> => Promise.reject(new DOMException('gone', 'NotFoundError'))
  return indexedDbBlobs(new Connection(unwrap(await openRaw(database)), gone))
}

function openRaw(database: string): Promise<IDBPDatabase> {
  return openDB(database, 1, {
    upgrade(db) {
      db.createObjectStore('entries')
      db.createObjectStore('commits', { autoIncrement: true })
    },
  })
}

/** A frame of `size` bytes, different for each `fill`. */
function frame(size: number, fill = 0): Uint8Array<ArrayBuffer> {
  return encodeFrame('sa', { serializer: 17, meta: new Uint8Array(0), value: new Uint8Array(size - 20).fill(fill) })
}

async function settled(call: unknown): Promise<PromiseSettledResult<unknown>> {
  const [result] = await Promise.allSettled([call])
  return result!
}

async function collect(
  options: ListOptions,
  limit: number,
  read: (options: ListOptions) => Promise<{ names: string[]; next?: string | undefined }>,
): Promise<string[]> {
  const names: string[] = []
  let { after } = options
  for (;;) {
    const page = await read({ ...options, after, limit })
    names.push(...page.names)
    if (page.next === undefined) return names
    after = page.next
  }
}

test('a batch looks at the version of what it writes, also in a store without parts', async () => {
  const context: OpenContext = { sync: false, createContainer: false, private: true, onError: () => undefined }
  const config: AnyConfig = { backend: 'indexeddb', id: crypto.randomUUID(), name: `test-${crypto.randomUUID()}` }
  const backend = await definition.create(config, context)
  const entry = (value: unknown): Entry => ({ meta: { key: 'a', type: 'value', lastWrite: new Date() }, value })
  const write = (value: unknown, ifVersion: string | null): PromiseOrValue<boolean[]> =>
    backend.batch([{ write: ['sa', entry(value)], ifVersion }, { write: ['sb', entry(value)] }], { atomic: true }, CALL)
  expect(await write(1, null)).toEqual([true, true])
  await expect(write(2, null)).rejects.toThrow(ConflictError)
  const { version } = (await backend.read('sa', CALL))!
  expect(await write(3, version!)).toEqual([true, true])
  await expect(write(4, version!)).rejects.toThrow(ConflictError)
  const found = await backend.readMany(['sa', 'sb'], CALL)
  expect(found.map((each) => each?.value)).toEqual([3, 3])
  await backend.close(CALL)
  await definition.destroy(config, context)
})
