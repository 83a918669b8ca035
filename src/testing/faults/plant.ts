import type { Backend, BackendDefinition } from '../../base/backend.ts'
import type { Key } from '../../base/entry.ts'
import { KonserveError } from '../../base/errors.ts'
import type { ErrorCode } from '../../base/errors.ts'
import { type PromiseOrValue, chain, rescue } from '../../base/promise-or-value.ts'
import { clone } from '../../codec/clone.ts'
import type { CallOptions, GetOptions, SetOptions, Store } from '../../store/types.ts'
import { same } from '../assert.ts'
import { overlay } from '../overlay.ts'
import type { Lifecycle } from '../rule.ts'

/** A memory store, one that keeps the platform's clones, one of bytes in a Map, or one in front of such. */
export type Base =
  | 'memory'
  | 'memory-cloning'
  | 'map'
  | 'map-compare-and-set'
  | 'map-asynchronous'
  | 'tiered-asynchronous'

/** A fault as code: what stands in for which parts of a correct backend, store, or the functions that make it. */
export interface Plant {
  /** What the fault is planted in: a memory store if nothing is said. */
  readonly base?: Base | undefined
  definition?(definition: BackendDefinition): Partial<BackendDefinition>
  backend?(backend: Backend): Partial<Backend>
  store?(store: Store): Partial<Store>
  lifecycle?(lifecycle: Lifecycle): Partial<Lifecycle>
}

export type Plants = Readonly<Record<string, Plant>>
/** Functions whatever they take. */
export type Methods = Readonly<Record<PropertyKey, (...args: never[]) => unknown>>

/** A fault in the store's methods. */
export function inStore(methods: (store: Store) => Methods, base?: Plant['base']): Plant {
  return { base, store: (store) => methods(store) }
}

/** A fault in the backend's methods. */
export function inBackend(methods: (backend: Backend) => Methods, base?: Plant['base']): Plant {
  return { base, backend: (backend) => methods(backend) }
}

export type Prefix = string | readonly Key[]

/** A fault in the methods of scopes. */
export function scopesAs(change: (scope: Store, prefix: Prefix, store: Store) => Methods): Plant {
  return inStore((store) => ({
    scope(prefix: Prefix) {
      const scope = store.scope(prefix)
      return overlay(scope, change(scope, prefix, store) as Partial<Store>)
    },
  }))
}

/** The store's key for a scope's. */
export function outside(prefix: Prefix, key: Key): Key {
  return typeof prefix === 'string' ? `${prefix}${String(key)}` : [...prefix, key]
}

/** Methods with which what runs in `during` gets the value of before the last set. */
export function oldReads(store: Store): { methods: Methods; during<T>(fn: () => T): T } {
  let before: { readonly key: string; readonly value: PromiseOrValue<unknown> } | undefined
  let telling = false
  return {
    methods: {
      set(key: string, value: unknown, options?: SetOptions) {
        const old = rescue<unknown>(
          () => store.get(key, { sync: options?.sync }),
          () => undefined,
        )
        before = { key, value: old }
        return store.set(key, value, options)
      },
      get: (key: string, options?: GetOptions) =>
        telling && before?.key === key ? before.value : store.get(key, options),
    },
    during(fn) {
      telling = true
      try {
        return fn()
      } finally {
        telling = false
      }
    },
  }
}

/** Methods with which a set fails of what was thrown in `guard`. */
export function throwingSets(store: Store): { methods: Methods; guard(fn: () => unknown): unknown } {
  let thrown: { readonly error: unknown } | undefined
  return {
    methods: {
      set: (key: string, value: unknown, options?: SetOptions) =>
        chain(store.set(key, value, options), () => {
          if (thrown) throw thrown.error
        }),
    },
    guard(fn) {
      try {
        return fn()
      } catch (error) {
        thrown = { error }
        return undefined
      }
    },
  }
}

/** Run `fn`; an error of this code goes to `handle`. */
export function onCode<T>(
  code: ErrorCode,
  fn: () => PromiseOrValue<T>,
  handle: (error: KonserveError) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  return rescue(fn, (error) => {
    if (error instanceof KonserveError && error.code === code) return handle(error)
    throw error
  })
}

/** A listing, synchronous or not, with each item replaced by others. */
export function eachItem<T>(
  items: Iterable<T> | AsyncIterable<T>,
  options: CallOptions | undefined,
  replace: (item: T) => readonly unknown[],
): Iterable<unknown> | AsyncIterable<unknown> {
  if (options?.sync) {
    return (function* () {
      for (const item of items as Iterable<T>) yield* replace(item)
    })()
  }
  return (async function* () {
    for await (const item of items) yield* replace(item)
  })()
}

/** Gives the object of an earlier call again as long as the store answers with an equal one. */
export function repeater(): <T>(key: unknown, value: T) => T {
  const given = new Map<unknown, { readonly copy: unknown; readonly value: unknown }>()
  return (key, value) => {
    if (typeof value !== 'object' || value === null) return value
    const earlier = given.get(key)
    if (earlier && same(earlier.copy, value)) return earlier.value as typeof value
    given.set(key, { copy: clone(value), value })
    return value
  }
}

/** A copy of `object` that lacks a field. */
export function without<T extends object, K extends keyof T>(object: T | undefined, field: K): Omit<T, K> {
  const { [field]: _, ...rest } = object ?? ({} as T)
  return rest
}
