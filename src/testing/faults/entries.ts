import type { Backend, BinaryReader, ByteRange, Call } from '../../base/backend.ts'
import { type Entry, type Meta, isLive } from '../../base/entry.ts'
import { type PromiseOrValue, chain, rescue } from '../../base/promise-or-value.ts'
import type {
  BinaryInput,
  CallOptions,
  GetOptions,
  LogOptions,
  SetOptions,
  Store,
  StoredBinary,
  UpdateOptions,
  WriteOptions,
} from '../../store/types.ts'
import { overlay } from '../overlay.ts'
import { type Plant, type Plants, inBackend, inStore, onCode, without } from './plant.ts'

const MEBIBYTE = 1024 * 1024

/** Faults of metadata, binaries and logs. */
export const faultsOfEntries: Plants = {
  'built-in-metadata': inStore((store) => {
    const types = new Map<string, unknown>()
    return {
      set(key: string, value: unknown, options?: SetOptions) {
        types.set(key, options?.meta?.['type'])
        return store.set(key, value, options)
      },
      getMeta: (key: string, options?: CallOptions) =>
        chain(store.getMeta(key, options), (meta) => meta && { ...meta, type: types.get(key) ?? meta.type }),
    }
  }),
  'metadata-has-the-type': inStore((store) => ({
    getMeta: (key: string, options?: CallOptions) =>
      chain(store.getMeta(key, options), (meta) => (meta?.type === 'binary' ? { ...meta, type: 'value' } : meta)),
  })),
  'set-replaces-metadata': written((meta, old) =>
    old?.custom && !meta.custom ? { ...meta, custom: old.custom } : meta,
  ),
  'updates-keep-metadata': updated(({ custom, ...meta }, old) =>
    custom && custom !== old?.custom ? { ...meta, custom } : meta,
  ),
  'update-changes-metadata': inStore((store) => ({
    update: (key: string, fn: (old: unknown) => unknown, options?: UpdateOptions) =>
      store.update(key, fn, without(options, 'meta')),
  })),
  'last-write-is-of-the-last-write': updated((meta, old) => ({ ...meta, lastWrite: old?.lastWrite ?? meta.lastWrite })),
  'last-write-never-goes-back': written((meta) => ({ ...meta, lastWrite: new Date(Date.now()) })),
  'ttl-is-positive': ttlAs((ttl) => (ttl === 0 ? undefined : ttl)),
  'ttl-in-milliseconds': ttlAs((ttl) => (ttl !== undefined && ttl >= 1000 ? Math.ceil(ttl / 1000) * 1000 : ttl)),
  'expired-is-missing': inBackend((backend) => ({
    read: (...args: Parameters<Backend['read']>) =>
      chain(backend.read(...args), (entry) => entry && { ...entry, meta: without(entry.meta, 'expires') }),
  })),
  'update-of-expired': updated((meta, old) =>
    old?.expires && !isLive(old) ? { ...meta, expires: old.expires } : meta,
  ),
  'delete-of-expired': inBackend((backend) => ({
    delete: (...[name, condition, call]: Parameters<Backend['delete']>) =>
      chain(backend.readMeta(name, call), (old) =>
        chain(backend.delete(name, condition, call), (deleted) => deleted || old !== undefined),
      ),
  })),
  'updates-keep-the-deadline': updated((meta) => without(meta, 'expires')),
  'set-resets-the-deadline': written((meta, old) =>
    old?.expires && isLive(old) && !meta.expires ? { ...meta, expires: old.expires } : meta,
  ),
  'collecting-spares-new-values': inBackend((backend) => ({
    read: (...[name, call]: Parameters<Backend['read']>) =>
      chain(backend.read(name, call), (entry) => {
        const collect = (): unknown =>
          rescue<unknown>(
            () => backend.delete(name, {}, { sync: true }),
            () => undefined,
          )
        if (entry && !isLive(entry.meta)) setTimeout(collect, 1)
        return entry
      }),
  })),

  'binary-round-trip': bytesAs((bytes) => (bytes.length === 0 ? undefined : bytes)),
  'large-binary-round-trip': bytesAs((bytes) => bytes.slice(0, MEBIBYTE)),
  'binary-sources': inputAs((input) =>
    ArrayBuffer.isView(input) ? new Uint8Array(input.buffer as ArrayBuffer) : input,
  ),
  'binary-in-pieces': inputAs((input) => (Array.isArray(input) ? cutAtBorders(input as Uint8Array[]) : input)),
  'binary-failed-source': inputAs((input) =>
    Symbol.iterator in input && !ArrayBuffer.isView(input) ? untilError(input as Iterable<Uint8Array>) : input,
  ),
  'binary-reader-ranges': readerAs((binary) => ({
    bytes: (range) => binary.bytes(range?.end === undefined ? range : { ...range, end: range.end + 1 }),
  })),
  'binary-reader-pieces': readerAs(
    (binary) => ({
      chunks: (range) => ({
        *[Symbol.iterator]() {
          for (const piece of binary.chunks(range) as Iterable<Uint8Array>) return void (yield piece)
        },
        async *[Symbol.asyncIterator]() {
          for await (const piece of binary.chunks(range)) return void (yield piece)
        },
      }),
    }),
    'map',
  ),
  'binary-replaced-while-read': inBackend((backend) => ({
    readStream: (name: string, call: Call) =>
      chain(backend.read(name, call), (entry) => entry && lateReader(backend, name, entry, call)),
  })),
  'get-gives-bytes-of-binary': inStore((store) => ({
    get: (key: string, options?: GetOptions) =>
      chain(store.get(key, options), (value: unknown) => {
        if (!(value instanceof Uint8Array)) return value
        return chain(store.getMeta(key, { sync: options?.sync }), (meta) =>
          meta?.type === 'binary' ? [...value] : value,
        )
      }),
  })),
  'get-binary-of-value': inStore((store) => ({
    getBinary: (...args: unknown[]) =>
      onCode(
        'NOT_BINARY',
        () => getBinary(store, args),
        () => undefined,
      ),
  })),
  'binary-metadata': inStore((store) => ({
    setBinary: (key: string, input: BinaryInput, options?: SetOptions) =>
      store.setBinary(key, input, without(options, 'meta')),
  })),

  'log-append': inStore((store) => ({
    log: (key: string, options?: LogOptions) =>
      chain(store.log(key, options), (elements) => elements.filter((element) => element !== undefined)),
  })),
  'log-ranges': inStore((store) => ({
    log(key: string, options: LogOptions = {}) {
      const { from, reverse, sync } = options
      if (!reverse || from === undefined) return store.log(key, options)
      return chain(store.log(key, { sync }), ({ length }) => store.log(key, { ...options, from: length - 1 - from }))
    },
  })),
  'reduce-log': inStore((store) => ({
    reduceLog: (key: string, fn: (all: unknown, element: unknown) => unknown, initial: unknown, options?: LogOptions) =>
      store.reduceLog(key, fn, initial, { ...options, reverse: true }),
  })),
  'log-starts-anew': inStore((store) => {
    const deleted = new Map<string, unknown[]>()
    return {
      delete(key: string, options?: WriteOptions) {
        const before = rescue<unknown[]>(
          () => store.log(key, { sync: options?.sync }),
          () => [],
        )
        const answer = store.delete(key, options)
        return chain(before, (elements) => {
          if (elements.length > 0) deleted.set(key, elements)
          return answer
        })
      },
      log: (key: string, options?: LogOptions) =>
        chain(store.log(key, options), (elements) =>
          elements.length > 0 ? [...(deleted.get(key) ?? []), ...elements] : [],
        ),
    }
  }),
  'not-a-log': inStore((store) => ({
    append: (key: string, element: unknown, options?: WriteOptions) =>
      onCode(
        'NOT_A_LOG',
        () => store.append(key, element, options),
        () => chain(store.delete(key, options), () => store.append(key, element, options)),
      ),
  })),
  'not-a-value': inStore((store) => ({
    get: (key: string, options?: GetOptions) =>
      onCode<unknown>(
        'NOT_A_VALUE',
        () => store.get(key, options),
        () => store.log(key, { sync: options?.sync }),
      ),
  })),
  'failed-append': inStore((store) => ({
    append: (key: string, element: unknown, options?: WriteOptions) =>
      onCode(
        'UNSERIALIZABLE_VALUE',
        () => store.append(key, element, options),
        (error) =>
          chain(store.append(key, undefined, options), () => {
            throw error
          }),
      ),
  })),
}

/** Other metadata with what set writes. */
function written(change: (meta: Meta, old: Meta | undefined) => Meta): Plant {
  return inBackend((backend) => ({
    write: (...[name, entry, condition, call]: Parameters<Backend['write']>) =>
      chain(backend.readMeta(name, call), (old) =>
        backend.write(name, { ...entry, meta: change(entry.meta, old) }, condition, call),
      ),
  }))
}

/** Other metadata with what an update of a value writes. */
function updated(change: (meta: Meta, old: Meta | undefined) => Meta): Plant {
  return inBackend((backend) => ({
    update: (...[name, fn, call]: Parameters<Backend['update']>) =>
      backend.update(
        name,
        (old) => {
          const next = fn(old)
          return next === undefined || next === old || next.meta.type === 'log'
            ? next
            : { ...next, meta: change(next.meta, old?.meta) }
        },
        call,
      ),
  }))
}

function ttlAs(change: (ttl: number | undefined) => number | undefined): Plant {
  return inStore((store) => ({
    set: (key: string, value: unknown, { ttl, ...options }: SetOptions = {}) =>
      store.set(key, value, { ...options, ttl: change(ttl) }),
  }))
}

/** Other bytes from a getBinary without a reader. */
function bytesAs(change: (bytes: Uint8Array) => Uint8Array | undefined): Plant {
  return inStore((store) => ({
    getBinary: (...args: unknown[]) =>
      chain(getBinary(store, args), (found) =>
        found instanceof Uint8Array && typeof args[1] !== 'function' ? change(found) : found,
      ),
  }))
}

function inputAs(change: (input: BinaryInput) => BinaryInput): Plant {
  return inStore((store) => ({
    setBinary: (key: string, input: BinaryInput, options?: SetOptions) => store.setBinary(key, change(input), options),
  }))
}

function readerAs(change: (binary: StoredBinary) => Partial<StoredBinary>, base?: Plant['base']): Plant {
  return inStore(
    (store) => ({
      getBinary(...[key, read, ...rest]: unknown[]) {
        if (typeof read !== 'function') return getBinary(store, [key, read, ...rest])
        const faulty = (binary: StoredBinary): unknown =>
          (read as (of: StoredBinary) => unknown)(overlay(binary, change(binary)))
        return getBinary(store, [key, faulty, ...rest])
      },
    }),
    base,
  )
}

function getBinary(store: Store, args: readonly unknown[]): PromiseOrValue<unknown> {
  return (store.getBinary as (...all: readonly unknown[]) => PromiseOrValue<unknown>).apply(store, args as unknown[])
}

function cutAtBorders(pieces: readonly Uint8Array[]): Uint8Array[] {
  let at = 0
  return pieces.map((piece) => {
    const border = MEBIBYTE - (at % MEBIBYTE)
    at += piece.length
    return piece.subarray(0, border)
  })
}

function* untilError(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  try {
    yield* pieces
  } catch {
    // What came so far is taken for all.
  }
}

/** Reads the bytes only when they are asked for. */
function lateReader(backend: Backend, name: string, { meta, value }: Entry, call: Call): BinaryReader {
  return {
    meta,
    size: meta.type === 'binary' ? (value as Uint8Array).byteLength : 0,
    read({ start, end }: ByteRange) {
      let done = false
      return () => {
        if (done) return undefined
        done = true
        return chain(backend.read(name, call), (entry) =>
          (entry?.value as Uint8Array | undefined)?.subarray(start, end),
        )
      }
    },
    close: () => undefined,
  }
}
