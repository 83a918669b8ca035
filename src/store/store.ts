import type { AnyConfig, Capabilities } from '../base/backend.ts'
import type { Key } from '../base/entry.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { getBinary, setBinary } from './binary.ts'
import { type Context, type Handle, run } from './context.ts'
import { entries, keys, metas } from './listing.ts'
import { withLock } from './locks.ts'
import { append, log, reduceLog } from './log.ts'
import { batch, clear, deleteMany, getMany, setMany } from './many.ts'
import { rootScope, subScope } from './scope.ts'
import type { CallOptions, StoredBinary, Store, WriteHook } from './types.ts'
import { get, getIn, getMeta, has, deleteIn, remove, set, setIn, update } from './values.ts'

/** What of a call's arguments comes after the context. */
type Rest<F> = F extends (context: Context, ...rest: infer R) => unknown ? R : never

/** The public face of a handle: each method hands its arguments to the function of the same name. */
class KonserveStore {
  readonly #context: Context
  readonly #release: () => Promise<void>

  constructor(context: Context, release: () => Promise<void>) {
    this.#context = context
    this.#release = release
  }

  /** The handle behind a store of this library, `undefined` for anything else. */
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
    return this.#context.handle.backend.capabilities
  }

  get(...args: Rest<typeof get>): PromiseOrValue<unknown> {
    return get(this.#context, ...args)
  }

  has(...args: Rest<typeof has>): PromiseOrValue<unknown> {
    return has(this.#context, ...args)
  }

  getMeta(...args: Rest<typeof getMeta>): PromiseOrValue<unknown> {
    return getMeta(this.#context, ...args)
  }

  set(...args: Rest<typeof set>): PromiseOrValue<unknown> {
    return set(this.#context, ...args)
  }

  update(key: Key, fn: (old: unknown) => unknown, options?: CallOptions): PromiseOrValue<unknown> {
    return update(this.#context, 'update', [key], fn, options)
  }

  delete(...args: Rest<typeof remove>): PromiseOrValue<unknown> {
    return remove(this.#context, ...args)
  }

  getIn(...args: Rest<typeof getIn>): PromiseOrValue<unknown> {
    return getIn(this.#context, ...args)
  }

  setIn(...args: Rest<typeof setIn>): PromiseOrValue<unknown> {
    return setIn(this.#context, ...args)
  }

  updateIn(path: readonly [Key, ...Key[]], fn: (old: unknown) => unknown, options?: CallOptions): PromiseOrValue<unknown> {
    return update(this.#context, 'updateIn', path, fn, options)
  }

  deleteIn(...args: Rest<typeof deleteIn>): PromiseOrValue<unknown> {
    return deleteIn(this.#context, ...args)
  }

  getMany(...args: Rest<typeof getMany>): PromiseOrValue<unknown> {
    return getMany(this.#context, ...args)
  }

  setMany(...args: Rest<typeof setMany>): PromiseOrValue<unknown> {
    return setMany(this.#context, ...args)
  }

  deleteMany(...args: Rest<typeof deleteMany>): PromiseOrValue<unknown> {
    return deleteMany(this.#context, ...args)
  }

  batch(...args: Rest<typeof batch>): PromiseOrValue<unknown> {
    return batch(this.#context, ...args)
  }

  clear(...args: Rest<typeof clear>): PromiseOrValue<unknown> {
    return clear(this.#context, ...args)
  }

  append(...args: Rest<typeof append>): PromiseOrValue<unknown> {
    return append(this.#context, ...args)
  }

  log(...args: Rest<typeof log>): PromiseOrValue<unknown> {
    return log(this.#context, ...args)
  }

  reduceLog(...args: Rest<typeof reduceLog>): PromiseOrValue<unknown> {
    return reduceLog(this.#context, ...args)
  }

  getBinary(key: Key, ...rest: readonly unknown[]): PromiseOrValue<unknown> {
    const [reader, options] = typeof rest[0] === 'function' ? rest : [(binary: StoredBinary) => binary.bytes(), ...rest]
    return getBinary(this.#context, key, reader as (binary: StoredBinary) => unknown, options as CallOptions | undefined)
  }

  setBinary(...args: Rest<typeof setBinary>): PromiseOrValue<unknown> {
    return setBinary(this.#context, ...args)
  }

  keys(...args: Rest<typeof keys>): unknown {
    return keys(this.#context, ...args)
  }

  entries(...args: Rest<typeof entries>): unknown {
    return entries(this.#context, ...args)
  }

  metas(...args: Rest<typeof metas>): unknown {
    return metas(this.#context, ...args)
  }

  scope(prefix: string | readonly Key[]): unknown {
    return new KonserveStore({ ...this.#context, scope: subScope(this.#context.scope, prefix) }, this.#release)
  }

  withLock(...args: Rest<typeof withLock>): Promise<unknown> {
    return withLock(this.#context, ...args)
  }

  addWriteHook(id: string, hook: WriteHook): void {
    const { handle, scope } = this.#context
    handle.checkOpen()
    if (typeof hook !== 'function') throw new TypeError('A write hook is a function.')
    handle.hooks.set(id, { hook, scope })
  }

  removeWriteHook(id: string): boolean {
    return this.#context.handle.hooks.delete(id)
  }

  flush(options?: CallOptions): PromiseOrValue<void> {
    return run(this.#context, options, (call, backend) => chain(backend.flush(call), () => undefined))
  }

  static {
    const dispose = function (this: KonserveStore): Promise<void> {
      return this.#release()
    }
    // Safari does not have the symbol.
    if (Symbol.asyncDispose) Object.defineProperty(this.prototype, Symbol.asyncDispose, { value: dispose })
  }
}

/** A store over an attached handle. `release` is what disposing does. */
export function makeStore<Schema>(handle: Handle, release: () => Promise<void>): Store<Schema> {
  return new KonserveStore({ handle, scope: rootScope }, release) as unknown as Store<Schema>
}

export const handleOf: (store: unknown) => Handle | undefined = KonserveStore.handleOf
