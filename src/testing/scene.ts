import type { AnyConfig, LifecycleOptions } from '../base/backend.ts'
import * as library from '../store/lifecycle.ts'
import type { Store } from '../store/types.ts'
import { overlay } from './overlay.ts'
import type { ComplianceTarget, Lifecycle, Scene } from './rule.ts'

/** Make a fresh store, run `body` in it, and take everything away again. */
export async function onStage<T>(
  target: ComplianceTarget,
  sync: boolean,
  body: (scene: Scene) => Promise<T>,
): Promise<T> {
  const lifecycle = target.lifecycle ?? libraryLifecycle
  const places: AnyConfig[] = []
  const handles: [AnyConfig, Store][] = []
  const place = (): AnyConfig => {
    const config = target.config()
    places.push(config)
    return config
  }
  const opened = async (config: AnyConfig, store: Promise<Store> | Store): Promise<Store> => {
    const handle = inMode(await store, sync)
    handles.push([config, handle])
    return handle
  }
  const connect = (to: AnyConfig, opts?: LifecycleOptions): Promise<Store> =>
    opened(
      to,
      attempt(() => lifecycle.connectStore(to, { ...opts, sync })),
    )
  const create = (at: AnyConfig): Promise<Store> =>
    opened(
      at,
      attempt(() => lifecycle.createStore(at, { sync })),
    )
  try {
    const config = place()
    return await body({
      sync,
      lifecycle,
      target,
      config,
      store: await create(config),
      place,
      connect: (to = config, opts) => connect(to, opts),
      create,
      exists: async (at) => lifecycle.storeExists(at, { sync }),
      release: async (store, of = config) => lifecycle.releaseStore(of, handleBeneath(store), { sync }),
      remove: async (at) => lifecycle.deleteStore(at, { sync }),
    })
  } finally {
    // That releasing and deleting work has rules of its own: what fails here must not hide why a rule failed.
    for (const [config, handle] of handles) await quietly(() => lifecycle.releaseStore(config, handleBeneath(handle)))
    for (const config of places) {
      await quietly(() => lifecycle.deleteStore(config))
      await target.cleanup?.(config)
    }
  }
}

/** The library's own functions, their types widened to configs of any backend. */
export const libraryLifecycle: Lifecycle = {
  connectStore: library.connectStore as unknown as Lifecycle['connectStore'],
  createStore: library.createStore as unknown as Lifecycle['createStore'],
  storeExists: library.storeExists as unknown as Lifecycle['storeExists'],
  deleteStore: library.deleteStore as unknown as Lifecycle['deleteStore'],
  releaseStore: library.releaseStore as unknown as Lifecycle['releaseStore'],
  validateStoreConfig: library.validateStoreConfig,
}

/** At which argument each method takes its options. */
export const OPTIONS_AT: Readonly<Record<string, number>> = {
  get: 1,
  has: 1,
  getMeta: 1,
  set: 2,
  update: 2,
  delete: 1,
  getIn: 1,
  setIn: 2,
  updateIn: 2,
  deleteIn: 1,
  getMany: 1,
  setMany: 1,
  deleteMany: 1,
  batch: 1,
  clear: 0,
  append: 2,
  log: 1,
  reduceLog: 3,
  getBinary: 1,
  setBinary: 2,
  keys: 0,
  entries: 0,
  metas: 0,
  flush: 0,
}

const beneath = new WeakMap<Store, Store>()

function handleBeneath(store: Store): Store {
  return beneath.get(store) ?? store
}

/** The store with `{ sync: true }` added to every call, where that is the mode. */
function inMode(store: Store, sync: boolean): Store {
  if (!sync) return store
  type Method = (...args: unknown[]) => unknown
  const methods: Record<string, Method> = { scope: (prefix) => inMode(store.scope(prefix as string), sync) }
  for (const [name, position] of Object.entries(OPTIONS_AT)) {
    methods[name] = (...args) => {
      const at = name === 'getBinary' && typeof args[1] === 'function' ? 2 : position
      args[at] = { ...(args[at] as object | undefined), sync: true }
      return (store[name as keyof Store] as Method)(...args)
    }
  }
  const shown = overlay(store, methods as Partial<Store>)
  beneath.set(shown, store)
  return shown
}

async function attempt<T>(fn: () => T): Promise<Awaited<T>> {
  return await fn()
}

async function quietly(fn: () => unknown): Promise<void> {
  try {
    await fn()
  } catch {
    // Nothing is left to be done about it.
  }
}
