import type { AnyConfig, Capabilities } from '../base/backend.ts'
import type { Key } from '../base/entry.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'
import { getBinary, setBinary } from './binary.ts'
import { type Context, type Handle, run } from './context.ts'
import { addWriteHook, removeWriteHook } from './hooks.ts'
import { entries, keys, metas } from './listing.ts'
import { withLock } from './locks.ts'
import { append, log, reduceLog } from './log.ts'
import { batch, clear, deleteMany, getMany, setMany } from './many.ts'
import { rootScope, subScope } from './scope.ts'
import type { CallOptions, Segment, Store, UpdateOptions } from './types.ts'
import { deleteIn, get, getIn, getMeta, has, remove, set, setIn, update } from './values.ts'

/** A store over an attached handle. `release` is what disposing does. */
export function makeStore<Schema>(handle: Handle, release: () => Promise<void>): Store<Schema> {
  return new KonserveStore({ handle, scope: rootScope }, release) as unknown as Store<Schema>
}

/** The handle behind a store of this library, `undefined` for anything else. */
export function handleOf(store: unknown): Handle | undefined {
  return KonserveStore.handleOf(store)
}

type Update = (old: unknown) => unknown

/** The methods of a store: each gets the store's context and the caller's arguments. `types.ts` has their contracts. */
const methods = {
  get,
  has,
  getMeta,
  set,
  update: (context: Context, key: Key, fn: Update, options?: UpdateOptions) =>
    update(context, 'update', [key], fn, options),
  delete: remove,
  getIn,
  setIn,
  updateIn: (context: Context, path: readonly [Key, ...Segment[]], fn: Update, options?: UpdateOptions) =>
    update(context, 'updateIn', path, fn, options),
  deleteIn,
  getMany,
  setMany,
  deleteMany,
  batch,
  clear,
  append,
  log,
  reduceLog,
  getBinary,
  setBinary,
  keys,
  entries,
  metas,
  withLock,
  addWriteHook,
  removeWriteHook,
  flush: (context: Context, options?: CallOptions): PromiseOrValue<void> =>
    run(context, options, (call, backend) => backend.flush(call)),
}

class KonserveStore {
  readonly #context: Context
  readonly #release: () => Promise<void>

  constructor(context: Context, release: () => Promise<void>) {
    this.#context = context
    this.#release = release
  }

  static handleOf(store: unknown): Handle | undefined {
    return typeof store === 'object' && store !== null && #context in store ? store.#context.handle : undefined
  }

  get id(): string {
    return this.config.id
  }

  get config(): AnyConfig {
    return this.#context.handle.config
  }

  get capabilities(): Capabilities {
    return this.#context.handle.engine.backend.capabilities
  }

  scope(prefix: string | readonly Key[]): KonserveStore {
    return new KonserveStore({ ...this.#context, scope: subScope(this.#context.scope, prefix) }, this.#release)
  }

  static {
    type Method = (context: Context, ...args: unknown[]) => unknown
    for (const [name, method] of Object.entries(methods as unknown as Record<string, Method>)) {
      const value = function (this: KonserveStore, ...args: unknown[]): unknown {
        return method(this.#context, ...args)
      }
      Object.defineProperty(this.prototype, name, { value, writable: true, configurable: true })
    }
    const dispose = function (this: KonserveStore): Promise<void> {
      return this.#release()
    }
    // Safari does not have the symbol.
    if (Symbol.asyncDispose) Object.defineProperty(this.prototype, Symbol.asyncDispose, { value: dispose })
  }
}
