import type { AnyConfig, Backend, Call, Durability, OpenContext } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { BusyError, KonserveError, ReentrantUpdateError, closedStore, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, ensure, rescue } from '../base/promise-or-value.ts'
import type { Engine, EngineUser } from '../engine/engines.ts'
import { KeyQueue } from '../engine/queue.ts'
import { keyToName } from './names.ts'
import type { Scope } from './scope.ts'
import type { CallOptions, WriteHook } from './types.ts'

/** What every operation of a store needs: whose call it is, and which keys it sees. */
export interface Context {
  readonly handle: Handle
  readonly scope: Scope
}

export interface RegisteredHook {
  readonly hook: WriteHook
  readonly scope: Scope
}

/** One connection to a store. Handles on the same place share its engine. */
export class Handle implements EngineUser {
  readonly config: AnyConfig
  readonly onError: (error: unknown) => void
  readonly hooks: Map<string, RegisteredHook> = new Map()
  engine!: Engine
  released = false
  #running = 0
  #waiting: (() => void)[] = []

  constructor(shown: AnyConfig, onError: (error: unknown) => void) {
    this.config = shown
    this.onError = onError
  }

  checkOpen(): void {
    if (this.released) throw closedStore()
  }

  /** Count `task` among the running calls until it ends. */
  track<T>(task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#running++
    return ensure(task, () => {
      if (--this.#running === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    })
  }

  stop({ sync }: OpenContext): PromiseOrValue<void> {
    if (sync && this.#running > 0)
      throw new BusyError('Await the asynchronous calls that are under way on this store first.')
    this.released = true
    this.hooks.clear()
    if (this.#running > 0) return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** What the handles of one engine share besides it. */
interface Shared {
  /** Names whose update functions are running. */
  readonly updating: Set<Name>
  readonly locks: KeyQueue
}

const shared = new WeakMap<Engine, Shared>()

export function sharedBy(engine: Engine): Shared {
  let state = shared.get(engine)
  if (state === undefined) shared.set(engine, (state = { updating: new Set(), locks: new KeyQueue() }))
  return state
}

type Options = CallOptions & { readonly durability?: Durability | undefined }

/** Run the body of a public call: refused once the store is released, counted while it runs, sync or async as asked. */
export function run<T>(
  { handle }: Context,
  options: Options | undefined,
  body: (call: Call, backend: Backend) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  const sync = options?.sync === true
  const call: Call = {
    sync,
    signal: options?.signal,
    durability: options?.durability ?? (handle.config['durability'] as Durability | undefined),
  }
  return answer(sync, () => {
    handle.checkOpen()
    call.signal?.throwIfAborted()
    const { backend } = handle.engine
    if (sync && backend.capabilities.sync === false) throw syncUnsupported(handle.config.backend)
    return handle.track(() => body(call, backend))
  })
}

/** What a public call answers: with `sync` the value itself, else a promise, also of what `task` throws. */
export function answer<T>(sync: boolean, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
  if (sync) return task()
  try {
    return Promise.resolve(task())
  } catch (error) {
    return Promise.reject(error)
  }
}

/** A call on one key: its name, the store's key for it, and what `run` gives. */
export interface KeyCall {
  readonly name: Name
  readonly inner: Key
  readonly call: Call
  readonly backend: Backend
}

/** `run` for a call on one key: errors that say no key are about this one. */
export function onKey<T>(
  context: Context,
  key: Key,
  options: Options | undefined,
  body: (keyCall: KeyCall) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  return run(context, options, (call, backend) =>
    rescue(
      () => {
        const { name, inner } = named(context, key)
        return body({ name, inner, call, backend })
      },
      (error) => {
        if (error instanceof KonserveError) error.key ??= key
        throw error
      },
    ),
  )
}

/** The store's key and the name of a key of the scope; `REENTRANT_UPDATE` while that key's own update function is running. */
export function named({ handle, scope }: Context, key: Key): { readonly name: Name; readonly inner: Key } {
  const inner = scope.inner(key)
  const name = keyToName(inner)
  if (sharedBy(handle.engine).updating.has(name)) {
    throw new ReentrantUpdateError(
      'An update function must not touch its own key: use the old value that it gets, return the new one.',
      { key },
    )
  }
  return { name, inner }
}

/** Run an update function, during which its key is out of bounds. */
export function whileUpdating<T>({ handle }: Context, name: Name, fn: () => T): T {
  const { updating } = sharedBy(handle.engine)
  updating.add(name)
  try {
    return fn()
  } finally {
    updating.delete(name)
  }
}
