import type { BaseConfig, LifecycleOptions, OpenContext, StoreConfig } from '../base/backend.ts'
import { InvalidConfigError, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, chain, onFailure } from '../base/promise-or-value.ts'
import { type CheckedConfig, capabilitiesOf, checkConfig, publicConfig } from '../engine/config.ts'
import { type Mode, acquireEngine, destroyEngine, locationOf, releaseEngine } from '../engine/engines.ts'
import { type Handle, makeHandle } from './context.ts'
import { rootScope } from './scope.ts'
import { contextOf, makeStore } from './store.ts'
import type { AnySchema, Store } from './types.ts'

type SyncOptions = LifecycleOptions & { readonly sync: true }
type AsyncOptions = LifecycleOptions & { readonly sync?: false | undefined }

/**
 * Open a store, creating it if it is not there yet (with `{ create: false }`: `STORE_NOT_FOUND`). Handles on one store
 * in one process share its engine.
 *
 * Errors: `MISSING_ID`, `INVALID_ID`, `INVALID_CONFIG`, `UNKNOWN_BACKEND`, `STORE_ID_MISMATCH` (another store is there),
 * `UNSUPPORTED_LAYOUT` (something else is there), `SYNC_UNSUPPORTED`, `STORAGE_UNAVAILABLE`.
 *
 * @example
 * const store = await connectStore({ backend: 'memory', id: '5f0c6c0e-9a3b-4d6e-8f57-3a2f0d8c1b11' })
 */
export function connectStore<Schema = AnySchema>(config: StoreConfig, opts: SyncOptions): Store<Schema>
export function connectStore<Schema = AnySchema>(config: StoreConfig, opts?: AsyncOptions): Promise<Store<Schema>>
export function connectStore<Schema = AnySchema>(
  config: StoreConfig,
  opts?: LifecycleOptions,
): PromiseOrValue<Store<Schema>> {
  return openStore(config, opts)
}

/** Create a store and open it; exclusive, in a race too: `STORE_EXISTS`. Other errors as `connectStore`. */
export function createStore<Schema = AnySchema>(config: StoreConfig, opts: SyncOptions): Store<Schema>
export function createStore<Schema = AnySchema>(config: StoreConfig, opts?: AsyncOptions): Promise<Store<Schema>>
export function createStore<Schema = AnySchema>(
  config: StoreConfig,
  opts?: LifecycleOptions,
): PromiseOrValue<Store<Schema>> {
  return openStore(config, opts, 'create')
}

/** Whether there is a store: a place with foreign content has none. `STORE_ID_MISMATCH` if it is another one. */
export function storeExists(config: StoreConfig, opts: SyncOptions): boolean
export function storeExists(config: StoreConfig, opts?: AsyncOptions): Promise<boolean>
export function storeExists(config: StoreConfig, opts?: LifecycleOptions): PromiseOrValue<boolean> {
  return lifecycle(config, opts, (checked, context) => checked.definition.exists(checked.config, context))
}

/**
 * Delete a store with all that it holds, and nothing else at its place. Its handles in this process are released first.
 * Nothing happens where no store is. `STORE_ID_MISMATCH` if another one is.
 */
export function deleteStore(config: StoreConfig, opts: SyncOptions): void
export function deleteStore(config: StoreConfig, opts?: AsyncOptions): Promise<void>
export function deleteStore(config: StoreConfig, opts?: LifecycleOptions): PromiseOrValue<void> {
  return lifecycle(config, opts, destroyEngine)
}

/**
 * Close a store: calls that are running finish, later ones are `STORE_RELEASED`. The last handle closes the engine.
 * Doing it twice does no harm. `INVALID_CONFIG` if the config is another store's.
 */
export function releaseStore(config: StoreConfig, store: Pick<Store, 'id'>, opts: SyncOptions): void
export function releaseStore(config: StoreConfig, store: Pick<Store, 'id'>, opts?: AsyncOptions): Promise<void>
export function releaseStore(
  config: StoreConfig,
  store: Pick<Store, 'id'>,
  opts?: LifecycleOptions,
): PromiseOrValue<void> {
  return lifecycle(config, opts, (checked, context) => {
    const handle = contextOf(store)?.handle
    if (!handle || handle.config.id !== checked.config.id || handle.engine.location !== locationOf(checked)) {
      throw new InvalidConfigError([{ path: 'config', message: 'is of another store' }])
    }
    return release(handle, context)
  })
}

/** Check a config and give it back; throws at once what is wrong with it. */
export function validateStoreConfig<Config extends BaseConfig>(config: Config): Config {
  checkConfig(config)
  return config
}

function lifecycle<T>(
  config: BaseConfig,
  opts: LifecycleOptions | undefined,
  body: (checked: CheckedConfig, context: OpenContext, options: LifecycleOptions) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  const options: LifecycleOptions = { ...config?.opts, ...opts }
  const context: OpenContext = {
    sync: options.sync === true,
    signal: options.signal,
    createContainer: options.createContainer === true,
    private: false,
    onError: options.onError ?? ((error) => console.error(error)),
  }
  const task = (): PromiseOrValue<T> => {
    const checked = checkConfig(config)
    if (context.sync && capabilitiesOf(checked).sync !== true) throw syncUnsupported(checked.config.backend)
    context.signal?.throwIfAborted()
    return body(checked, context, options)
  }
  return context.sync ? task() : (async () => task())()
}

function openStore<Schema>(
  config: BaseConfig,
  opts: LifecycleOptions | undefined,
  mode?: Mode,
): PromiseOrValue<Store<Schema>> {
  return lifecycle(config, opts, (checked, context, { create }) => {
    const handle = makeHandle(publicConfig(checked.config), context.onError)
    const asked = mode ?? (create === false ? 'open' : 'connect')
    return chain(acquireEngine(checked, asked, handle, context), (engine) => {
      handle.engine = engine
      const later: OpenContext = { ...context, sync: false, signal: undefined }
      return makeStore<Schema>({ handle, scope: rootScope, release: async () => release(handle, later) })
    })
  })
}

export function release(handle: Handle, context: OpenContext): PromiseOrValue<void> {
  if (handle.released) return
  const letGo = (): PromiseOrValue<void> => releaseEngine(handle.engine, handle, context)
  const stopped = onFailure(
    () => handle.stop(context),
    () => (handle.released ? letGo() : undefined),
  )
  return chain(stopped, letGo)
}
