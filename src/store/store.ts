import type { AnyConfig, Capabilities } from '../base/backend.ts'
import type { Key } from '../base/entry.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'
import { getBinary, setBinary } from './binary.ts'
import { type Context, peek, run } from './context.ts'
import { getOrSet } from './get-or-set.ts'
import { addWriteHook, removeWriteHook } from './hooks.ts'
import { entries, keys, metas } from './listing.ts'
import { withLock } from './locks.ts'
import { append, log, reduceLog } from './log.ts'
import { batch, clear, deleteMany, getMany, setMany } from './many.ts'
import { subScope } from './scope.ts'
import { type Tier, tierOf } from './tier.ts'
import type { CallOptions, GetOptions, Store } from './types.ts'
import { deleteIn, get, getIn, getMeta, has, remove, set, setIn, update, updateIn } from './values.ts'
import { watch } from './watch.ts'

/** The methods of a store: each gets the store's context and the caller's arguments. `types.ts` has their contracts. */
const methods = {
  has,
  getMeta,
  getOrSet,
  set,
  update,
  delete: remove,
  getIn,
  setIn,
  updateIn,
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
  scope: (context: Context, prefix: string | readonly Key[]) =>
    makeStore({ ...context, scope: subScope(context.scope, prefix) }),
  withLock,
  watch,
  addWriteHook,
  removeWriteHook,
  flush: (context: Context, options?: CallOptions): PromiseOrValue<void> =>
    run(context, options, (backend, call) => backend.flush(call)),
  // Safari does not have the symbol.
  ...(Symbol.asyncDispose && { [Symbol.asyncDispose]: ({ release }: Context): Promise<void> => release() }),
}

/** A store over an attached handle. */
export function makeStore<Schema>(context: Context): Store<Schema> {
  return new KonserveStore(context) as unknown as Store<Schema>
}

/** The context behind a store of this library, `undefined` for anything else. */
export function contextOf(store: unknown): Context | undefined {
  return readContext(Object(store) as KonserveStore)
}

/** Nobody else gets at the context of a store. */
let readContext: (store: KonserveStore) => Context | undefined

/** Methods get at the context by their `this`, so that a view costs no more than its scope. */
class KonserveStore {
  readonly #context: Context

  constructor(context: Context) {
    this.#context = context
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

  get tier(): Tier | undefined {
    return tierOf(this.#context)
  }

  // Of all methods the most often called, and so quick where nothing has to be waited for that the way of the others shows.
  get(key: Key, options?: GetOptions): PromiseOrValue<unknown> {
    const known = peek(this.#context, key, options)
    if (known === undefined) return get(this.#context, key, options)
    return options?.sync === true ? known : Promise.resolve(known)
  }

  static {
    readContext = (store) => (#context in store ? store.#context : undefined)
    type Method = (context: Context, ...args: unknown[]) => unknown
    const prototype = this.prototype as unknown as Record<PropertyKey, unknown>
    for (const name of Reflect.ownKeys(methods)) {
      const method = methods[name as 'has'] as Method
      prototype[name] = function (this: KonserveStore, ...args: unknown[]): unknown {
        return method(this.#context, ...args)
      }
    }
  }
}
