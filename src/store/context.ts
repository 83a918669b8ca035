import type { AnyConfig, Backend, Call, Durability, OpenContext } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { BusyError, KonserveError, ReentrantUpdateError, StoreReleasedError, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, ensure, isPromise, rescue } from '../base/promise-or-value.ts'
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
  readonly durability: Durability | undefined
  readonly onError: (error: unknown) => void
  readonly hooks: Map<string, RegisteredHook> = new Map()
  #engine: Engine | undefined
  #released = false
  #running = 0
  #waiting: (() => void)[] = []

  constructor(shown: AnyConfig, onError: (error: unknown) => void) {
    this.config = shown
    this.durability = shown['durability'] as Durability | undefined
    this.onError = onError
  }

  get engine(): Engine {
    return this.#engine!
  }

  get backend(): Backend {
    return this.#engine!.backend
  }

  get released(): boolean {
    return this.#released
  }

  attach(engine: Engine): void {
    this.#engine = engine
  }

  checkOpen(): void {
    if (!this.#released) return
    throw new StoreReleasedError('This store was released or deleted. Get a new one from connectStore.')
  }

  /** Count `task` among the running calls until it ends. */
  track<T>(task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#running++
    return ensure(task, () => {
      if (--this.#running > 0) return
      for (const resolve of this.#waiting.splice(0)) resolve()
    })
  }

  stop({ sync }: OpenContext): PromiseOrValue<void> {
    if (sync && this.#running > 0) {
      throw new BusyError('Asynchronous calls on this store are under way. Await them before a synchronous release or delete.')
    }
    this.#released = true
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

/** Run the body of a public call: refused once the store is released, counted while it runs, sync or async as asked. */
export function run<T>(
  { handle }: Context,
  options: (CallOptions & { readonly durability?: Durability | undefined }) | undefined,
  body: (call: Call, backend: Backend) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  const sync = options?.sync === true
  const call: Call = { sync, signal: options?.signal, durability: options?.durability ?? handle.durability }
  const task = (): PromiseOrValue<T> => {
    handle.checkOpen()
    call.signal?.throwIfAborted()
    if (sync && handle.backend.capabilities.sync === false) throw syncUnsupported(handle.config.backend)
    return handle.track(() => body(call, handle.backend))
  }
  if (sync) return task()
  try {
    const result = task()
    return isPromise(result) ? result : Promise.resolve(result)
  } catch (error) {
    return Promise.reject(error as Error)
  }
}

/** The name of a key of the scope; `REENTRANT_UPDATE` while that key's own update function is running. */
export function nameIn({ handle, scope }: Context, key: unknown): Name {
  const name = keyToName(scope.inner(key as Key))
  if (sharedBy(handle.engine).updating.has(name)) {
    throw new ReentrantUpdateError(
      'An update function must not touch the key that it is updating: use the old value that it is given, and return the new one.',
      { key },
    )
  }
  return name
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

/** Errors from `fn` that say no key are about this one. */
export function about<T>(key: unknown, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
  return rescue(fn, (error) => {
    if (error instanceof KonserveError && error.key === undefined) error.key = key
    throw error
  })
}
