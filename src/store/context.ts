import type { AnyConfig, Backend, Call, Durability } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { BusyError, KonserveError, ReentrantUpdateError, closedStore, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, ensure } from '../base/promise-or-value.ts'
import type { Engine, EngineUser } from '../engine/engines.ts'
import type { Written } from './hooks.ts'
import { keyToName } from './names.ts'
import type { Scope } from './scope.ts'
import type { CallOptions } from './types.ts'

/** What every operation of a store needs: whose call it is, and which keys it sees. */
export interface Context {
  readonly handle: Handle
  readonly scope: Scope
  /** What disposing of the store does. */
  readonly release: () => Promise<void>
}

/** One connection to a store. Handles on the same place share its engine. */
export interface Handle extends EngineUser {
  readonly config: AnyConfig
  readonly onError: (error: unknown) => void
  /** Who is told of a write, by the id of the hook. */
  readonly hooks: Map<string, (written: Written) => void>
  /** What ends each watch. */
  readonly watches: Set<() => void>
  engine: Engine
  released: boolean
  /** Count `task` among the running calls until it ends, and `map` its answer. What it fails of, `explain` may add to. */
  track<T, R>(
    task: () => PromiseOrValue<T>,
    map: ((answer: T) => R) | undefined,
    explain: ((error: unknown) => void) | undefined,
  ): PromiseOrValue<R>
}

/** A handle that is yet to get its engine. */
export function makeHandle(config: AnyConfig, onError: (error: unknown) => void): Handle {
  let running = 0
  let idle: Promise<void> | undefined
  let finish = (): void => undefined
  const handle: Omit<Handle, 'engine'> = {
    config,
    onError,
    hooks: new Map(),
    watches: new Set(),
    released: false,
    track(task, map, explain) {
      running++
      const end = (error?: unknown): void => {
        if (--running === 0) finish()
        if (error !== undefined) explain?.(error)
      }
      return ensure(task, end, map)
    },
    stop({ sync }) {
      if (sync && running > 0)
        throw new BusyError('Asynchronous work on this store is under way: await it before a call with { sync: true }.')
      handle.released = true
      handle.hooks.clear()
      for (const end of handle.watches) end()
      if (running > 0) return (idle ??= new Promise((resolve) => (finish = resolve)))
    },
  }
  return handle as Handle
}

export function checkOpen({ released }: Handle): void {
  if (released) throw closedStore()
}

type Options = CallOptions & { readonly durability?: Durability | undefined }

/**
 * Run the body of a public call: refused once the store is released, counted while it runs, sync or async as asked. The
 * caller gets what `map` makes of its answer.
 */
export function run<T, R = T>(
  { handle }: Context,
  options: Options | undefined,
  body: (backend: Backend, call: Call) => PromiseOrValue<T>,
  map?: (answer: T) => R,
  explain?: (error: unknown) => void,
): PromiseOrValue<R> {
  const sync = options?.sync === true
  const call: Call = {
    sync,
    signal: options?.signal,
    durability: options?.durability ?? (handle.config['durability'] as Durability | undefined),
  }
  return answer(sync, () => {
    checkOpen(handle)
    call.signal?.throwIfAborted()
    const { backend } = handle.engine
    if (sync && backend.capabilities.sync === false) throw syncUnsupported(handle.config.backend)
    return handle.track(() => body(backend, call), map, explain)
  })
}

/** Of what a caller wants how many, or from which on. */
export function checkCount(option: string, value: number): void {
  if (!(value >= 0 && (value === Infinity || Number.isInteger(value)))) {
    throw new TypeError(`${option} must be an integer from 0 up, got ${String(value)}.`)
  }
}

/** What a public call answers: with `sync` the value itself, else a promise, also of what `task` throws. */
export function answer<T>(sync: boolean, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
  if (sync) return task()
  try {
    const value = task()
    return value instanceof Promise ? value : Promise.resolve(value)
  } catch (error) {
    return Promise.reject(error)
  }
}

/** What the body of a call on one key gets; `inner` is the store's key. */
export type KeyCall = [backend: Backend, call: Call, name: Name, inner: Key]

/** `run` for a call on one key, with its name and the store's key for it: errors that say no key are about this one. */
export function onKey<T, R = T>(
  context: Context,
  key: Key,
  options: Options | undefined,
  body: (...keyCall: KeyCall) => PromiseOrValue<T>,
  map?: (answer: T, inner: Key) => R,
): PromiseOrValue<R> {
  let inner: Key
  const onName = (backend: Backend, call: Call): PromiseOrValue<T> => {
    const [name, own] = nameAndKey(context, key)
    inner = own
    return body(backend, call, name, own)
  }
  const explain = (error: unknown): void => {
    if (error instanceof KonserveError) error.key ??= key
  }
  return run(context, options, onName, map && ((found) => map(found, inner)), explain)
}

/** The store's key for a key of the scope, and its name; `REENTRANT_UPDATE` while its update function is running. */
export function nameAndKey(context: Context, key: Key): [name: Name, inner: Key] {
  const inner = context.scope.inner(key)
  const name = keyToName(inner)
  if (context.handle.engine.updating.has(name)) {
    throw new ReentrantUpdateError(
      'An update function must not touch its own key: it gets the old value and returns the new one.',
      { key },
    )
  }
  return [name, inner]
}

/** A name, together with the place of its store: what is apart from the same name in all other stores. */
export function placeOf({ handle }: Context, name: Name): string {
  return `${handle.engine.location} ${name}`
}

/** Run an update function, during which its key is out of bounds. */
export function whileUpdating<T>({ handle: { engine } }: Context, name: Name, fn: () => T): T {
  engine.updating.add(name)
  try {
    return fn()
  } finally {
    engine.updating.delete(name)
  }
}
