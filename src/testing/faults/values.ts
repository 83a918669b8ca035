import type { Backend, Call, Condition, EntryOp, Watcher } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import { UnserializableValueError } from '../../base/errors.ts'
import { type PromiseOrValue, chain, ensure } from '../../base/promise-or-value.ts'
import { kindOf } from '../../codec/kinds.ts'
import { findType } from '../../codec/types.ts'
import type { CallOptions, GetOptions, SetOptions, WriteOptions } from '../../store/types.ts'
import { nameToKey } from '../../store/names.ts'
import { type Methods, type Plant, type Plants, eachItem, inBackend, inStore, onCode } from './plant.ts'

export const faultsOfValues: Plants = {
  'primitives-round-trip': stored((value) => (Object.is(value, -0) ? 0 : value)),
  'containers-round-trip': stored((value) => (value instanceof Map ? Object.fromEntries(value) : value)),
  'objects-round-trip': stored((value) => (value instanceof RegExp ? new RegExp(value.source) : value)),
  'urls-round-trip': stored((value) => (value instanceof URL ? value.href : value)),
  'buffers-round-trip': stored((value) =>
    ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : value,
  ),
  'registered-types-round-trip': stored((value) =>
    typeof value === 'object' && value !== null && kindOf(value) === undefined && findType(value)
      ? { ...value }
      : value,
  ),
  'missing-key': inStore((store) => ({
    get: (key: string, options?: GetOptions) =>
      chain(store.get(key, options), (value: unknown) => {
        if (value !== undefined || options?.signal) return value
        return chain(store.has(key, { sync: options?.sync }), (found) => (found ? value : null))
      }),
  })),
  'nothing-is-a-value': inStore((store) => ({
    get: (key: string, options?: GetOptions) =>
      chain(store.get(key, options), (value: unknown) =>
        options && 'default' in options ? (value ?? options.default) : value,
      ),
  })),
  'set-replaces-value': inBackend((backend) => ({
    write: (name: Name, entry: Entry, condition: Condition, call: Call) =>
      chain(backend.read(name, call), (old) => {
        const merges = isPlain(old?.value) && isPlain(entry.value)
        const value = merges ? { ...(old?.value as object), ...(entry.value as object) } : entry.value
        return backend.write(name, { ...entry, value }, condition, call)
      }),
  })),
  'delete-answers': inStore((store) => ({
    delete: (key: string, options?: WriteOptions) => chain(store.delete(key, options), (found) => found || undefined),
  })),
  'unserializable-kinds': inStore((store) => ({
    set: (key: string, value: unknown, options?: SetOptions) =>
      onCode(
        'UNSERIALIZABLE_VALUE',
        () => store.set(key, value, options),
        (error) => {
          if (typeof value !== 'object' || (error as UnserializableValueError).path.length > 0) throw error
          return store.set(key, { ...value }, options)
        },
      ),
  })),
  'unserializable-path': inStore((store) => ({
    set: (key: string, value: unknown, options?: SetOptions) =>
      onCode(
        'UNSERIALIZABLE_VALUE',
        () => store.set(key, value, options),
        () => {
          throw new UnserializableValueError('a value', [], { key })
        },
      ),
  })),
  'failed-set-of-new-key': inBackend((backend) => {
    const { methods, quietly } = untold(backend)
    return {
      ...methods,
      write: (name: Name, entry: Entry, condition: Condition, call: Call) =>
        chain(backend.readMeta(name, call), (old) =>
          chain(old ?? quietly(() => backend.write(name, { ...entry, value: undefined }, condition, call)), () =>
            backend.write(name, entry, condition, call),
          ),
        ),
    }
  }),
  'failed-set-of-old-key': inBackend((backend) => {
    const { methods, quietly } = untold(backend)
    return {
      ...methods,
      write: (name: Name, entry: Entry, condition: Condition, call: Call) =>
        chain(
          quietly(() => backend.delete(name, condition, call)),
          () => backend.write(name, entry, condition, call),
        ),
    }
  }),

  'keys-round-trip': inStore((store) => ({
    keys: (options?: CallOptions) =>
      eachItem<unknown>(store.keys(options), options, (key) => [key instanceof Date ? key.toISOString() : key]),
  })),
  'keys-of-types-differ': keysAs((key) => (typeof key === 'bigint' && key > -1000n && key < 1000n ? Number(key) : key)),
  'equal-keys-are-one': keysAs((key) => {
    const properties = isPlain(key) ? Object.keys(key) : []
    return String(properties) === String(properties.toSorted()) ? key : ['object', JSON.stringify(key)]
  }),
  'strings-are-keys-as-they-are': keysAs((key) => (typeof key === 'string' ? key.toLowerCase() : key)),
  'long-keys': inBackend((backend) => namesAs(backend, (name) => name.slice(0, 120))),
  'invalid-keys': keysAs((key) => (Number.isNaN(key) ? 'NaN' : key)),
  'numbers-in-numeric-order': orderedBy((names) => {
    const numbers = names.filter((name) => name.startsWith('n')).map((name) => [String(nameToKey(name)), name] as const)
    const sorted = numbers.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) => name)
    return names.map((name) => (name.startsWith('n') ? sorted.shift()! : name))
  }),
  'keys-in-order-of-names': orderedBy((names) => [
    ...names.filter((name) => !name.startsWith('(')),
    ...names.filter((name) => name.startsWith('(')),
  ]),
}

/** What is written in place of a value. */
function stored(change: (value: unknown) => unknown): Plant {
  return inBackend((backend) => ({
    write: (name: Name, entry: Entry, condition: Condition, call: Call) =>
      backend.write(
        name,
        entry.meta.type === 'value' ? { ...entry, value: change(entry.value) } : entry,
        condition,
        call,
      ),
  }))
}

/** Another key in place of the caller's. */
function keysAs(change: (key: unknown) => unknown): Plant {
  return inStore((store) => {
    const methods: Record<string, (...args: never[]) => unknown> = {}
    for (const name of ['get', 'has', 'getMeta', 'set', 'update', 'delete'] as const) {
      const method = store[name].bind(store) as (...args: unknown[]) => unknown
      methods[name] = (...[key, ...rest]: unknown[]) => method(change(key), ...rest)
    }
    return methods
  })
}

/** Other names than those that were asked for. */
function namesAs(backend: Backend, change: (name: Name) => Name): Methods {
  return {
    read: (name: Name, call: Call) => backend.read(change(name), call),
    readMeta: (name: Name, call: Call) => backend.readMeta(change(name), call),
    readMany: (names: Name[], call: Call) => backend.readMany(names.map(change), call),
    write: (name: Name, entry: Entry, condition: Condition, call: Call) =>
      backend.write(change(name), entry, condition, call),
    delete: (name: Name, condition: Condition, call: Call) => backend.delete(change(name), condition, call),
    batch: (ops: readonly EntryOp[], options: { readonly atomic: boolean }, call: Call) =>
      backend.batch(
        ops.map((op) =>
          'write' in op ? { ...op, write: [change(op.write[0]), op.write[1]] } : { ...op, delete: change(op.delete) },
        ),
        options,
        call,
      ),
  }
}

/** Methods with which no watch is told of what runs in `quietly`. */
function untold(backend: Backend): { methods: Methods; quietly<T>(fn: () => PromiseOrValue<T>): PromiseOrValue<T> } {
  let quiet = 0
  return {
    methods: {
      watch: (watcher: Watcher) =>
        backend.watch((notice) => {
          if (quiet === 0) watcher(notice)
        }),
    },
    quietly(fn) {
      quiet++
      return ensure(fn, () => void quiet--)
    },
  }
}

function orderedBy(order: (names: Name[]) => Name[]): Plant {
  return inBackend((backend) => ({
    list: (...args: Parameters<Backend['list']>) =>
      chain(backend.list(...args), ({ names, next }) => ({ names: order(names), next })),
  }))
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && kindOf(value) === 'Object'
}
