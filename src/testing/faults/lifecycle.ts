import { validate as isUuid } from 'uuid'
import { type AnyConfig, findBackend } from '../../base/backend.ts'
import { StoreExistsError, StoreNotFoundError, StoreReleasedError } from '../../base/errors.ts'
import { type PromiseOrValue, chain, each } from '../../base/promise-or-value.ts'
import { clone } from '../../codec/clone.ts'
import type { CallOptions, SetOptions, Store } from '../../store/types.ts'
import type { Lifecycle } from '../rule.ts'
import { type Methods, type Plants, inBackend, inStore, onCode, without } from './plant.ts'

export const faultsOfLifecycle: Plants = {
  'missing-id': withConfigs((config) => (isNothing(config.id) ? { ...config, id: crypto.randomUUID() } : config)),
  'invalid-id': withConfigs((config) =>
    isNothing(config.id) || isUuid(config.id) ? config : { ...config, id: crypto.randomUUID() },
  ),
  'id-without-case': withConfigs((config) =>
    isUuid(config.id) && config.id !== config.id.toLowerCase() ? { ...config, id: crypto.randomUUID() } : config,
  ),
  'config-issues-by-path': {
    definition: () => ({ schema: { '~standard': { version: 1, vendor: 'faulty', validate: (value) => ({ value }) } } }),
  },
  'validate-answers-config': {
    lifecycle: ({ validateStoreConfig }) => ({
      validateStoreConfig: (config) => validateStoreConfig(config) && (true as unknown as AnyConfig),
    }),
  },
  'unknown-backend': withConfigs((config) =>
    findBackend(config.backend) ? config : { backend: 'memory', id: config.id },
  ),
  'connect-creates': {
    lifecycle: ({ connectStore }) => ({
      connectStore: (config, opts) => connectStore(config, { ...opts, create: false }),
    }),
  },
  'connect-create-false': {
    lifecycle: ({ connectStore }) => ({
      connectStore: (config, opts) => connectStore(config, without(opts, 'create')),
    }),
  },
  'config-opts': {
    lifecycle: ({ connectStore }) => ({
      connectStore: (config, opts) => connectStore({ ...config, opts: undefined }, opts),
    }),
  },
  'create-refuses-existing': {
    definition: ({ create, open }) => ({
      create: (config, context) =>
        onCode(
          'STORE_EXISTS',
          () => create(config, context),
          () => open(config, context),
        ),
    }),
  },
  'create-race': {
    lifecycle: ({ storeExists, connectStore }) => ({
      createStore: (config, opts) =>
        chain(storeExists(config, opts), (found) => {
          if (found) throw new StoreExistsError('The store exists.')
          return connectStore(config, opts)
        }),
    }),
  },
  'store-id-mismatch': {
    base: 'map',
    definition(definition) {
      const ids = new Map<string, string>()
      const known = (config: AnyConfig): AnyConfig => {
        const place = definition.locate(config)
        const id = ids.get(place) ?? config.id
        ids.set(place, id)
        return { ...config, id }
      }
      return {
        exists: (config, context) => definition.exists(known(config), context),
        create: (config, context) => definition.create(known(config), context),
        open: (config, context) => definition.open(known(config), context),
        destroy: (config, context) => definition.destroy(known(config), context),
      }
    },
  },
  'handles-share-data': inStore(cached),
  'release-idempotent': {
    lifecycle({ releaseStore }) {
      const released = new WeakSet<Store>()
      return {
        releaseStore(config, store, opts) {
          if (released.has(store)) throw new StoreReleasedError('The store was released.')
          return chain(releaseStore(config, store, opts), () => void released.add(store))
        },
      }
    },
  },
  'released-store-refuses': inStore((store) => ({
    has: (key: string, options?: CallOptions) =>
      onCode(
        'STORE_RELEASED',
        () => store.has(key, options),
        () => false,
      ),
  })),
  'release-lets-calls-finish': inStore((store) => ({
    // It reads back what it wrote, and that is another call.
    set: (key: string, value: unknown, options?: SetOptions) =>
      chain(store.set(key, value, options), () => (options?.sync ? undefined : chain(store.has(key), () => undefined))),
  })),
  'release-checks-config': {
    lifecycle: ({ releaseStore }) => ({ releaseStore: (_, store, opts) => releaseStore(store.config, store, opts) }),
  },
  'store-outlives-handles': inBackend((backend) => ({
    close: (call: Parameters<typeof backend.close>[0]) =>
      chain(backend.list({}, call), ({ names }) =>
        chain(
          each(names, (name) => backend.delete(name, {}, call)),
          () => backend.close(call),
        ),
      ),
  })),
  'delete-store': { definition: () => ({ destroy: () => undefined }) },
  'delete-store-idempotent': {
    definition: ({ exists, destroy }) => ({
      destroy: (config, context) =>
        chain(exists(config, context), (found) => {
          if (!found) throw new StoreNotFoundError('There is no store.')
          return destroy(config, context)
        }),
    }),
  },
  'delete-store-releases': {
    lifecycle: ({ deleteStore }) => ({
      deleteStore: (config, opts) => chain(deleteStore(config, opts), () => void deleted.add(config.id)),
    }),
    ...inStore((store) => ({
      set: (key: string, value: unknown, options?: SetOptions) =>
        onCode(
          'STORE_RELEASED',
          () => store.set(key, value, options),
          (error) => {
            if (deleted.has(store.id)) return undefined
            throw error
          },
        ),
    })),
  },
  'store-exists': { definition: () => ({ exists: () => true }) },
  'config-shown': { store: () => ({ config: {} as AnyConfig }) },
  'config-hides-secrets': { base: 'map', definition: () => ({ secrets: [] }) },
  capabilities: {
    backend: ({ capabilities }) => ({ capabilities: { ...capabilities, lock: 'none' as 'process' } }),
  },
  'async-dispose': inStore(() => ({ [Symbol.asyncDispose]: async () => undefined })),
}

/** The stores that were deleted under a handle that does not notice. */
const deleted = new Set<string>()

function withConfigs(change: (config: AnyConfig) => AnyConfig): {
  lifecycle(lifecycle: Lifecycle): Partial<Lifecycle>
} {
  return {
    lifecycle: (correct) => ({
      connectStore: (config, opts) => correct.connectStore(change(config), opts),
      createStore: (config, opts) => correct.createStore(change(config), opts),
      storeExists: (config, opts) => correct.storeExists(change(config), opts),
      deleteStore: (config, opts) => correct.deleteStore(change(config), opts),
      validateStoreConfig: (config) => correct.validateStoreConfig(change(config)),
    }),
  }
}

const WRITES = [
  'set',
  'update',
  'setIn',
  'updateIn',
  'deleteIn',
  'delete',
  'setMany',
  'deleteMany',
  'batch',
  'clear',
].concat(['append', 'setBinary'])

function cached(store: Store): Methods {
  const found = new Map<string, unknown>()
  let writes = 0
  const methods: Record<string, (...args: never[]) => unknown> = {
    get(key: unknown, options?: CallOptions & { readonly default?: unknown }): PromiseOrValue<unknown> {
      if (typeof key !== 'string' || options?.signal || options?.default !== undefined)
        return store.get(key as string, options)
      if (found.has(key)) return options?.sync ? clone(found.get(key)) : Promise.resolve(clone(found.get(key)))
      const before = writes
      return chain(store.get(key, options), (value) => {
        if (value !== undefined && writes === before) found.set(key, clone(value))
        return value as unknown
      })
    },
  }
  for (const name of WRITES) {
    methods[name] = (...args: never[]) => {
      writes++
      found.clear()
      return (store[name as 'set'] as (...all: never[]) => unknown)(...args)
    }
  }
  return methods
}

function isNothing(id: unknown): boolean {
  return id === undefined || id === null
}
