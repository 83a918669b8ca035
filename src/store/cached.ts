import type { AnyConfig, OpenContext } from '../base/backend.ts'
import { InvalidConfigError } from '../base/errors.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { checkConfig, stalenessOf } from '../engine/config.ts'
import { openBackend } from '../engine/engines.ts'
import { loadTiers } from '../engine/tier/load.ts'
import { checkCount, checkOpen, makeHandle } from './context.ts'
import { release } from './lifecycle.ts'
import { contextOf, makeStore } from './store.ts'
import type { AnySchema, Store } from './types.ts'

export interface CachedOptions {
  /** Entries that the cache may hold. Default: as many as there are. */
  readonly maxEntries?: number | undefined
  /** Bytes that they may take: values and keys as CBOR, and 500 for each entry. Default: as many as there are. */
  readonly maxBytes?: number | undefined
  /** Milliseconds that an entry of the cache answers for. Default: until it is known to have changed. */
  readonly ttl?: number | undefined
  /** Remember which keys are missing, until they are written. Default false. */
  readonly negative?: boolean | undefined
  /** `freeze` gives out one frozen copy without copying. Default `clone`. */
  readonly isolation?: 'clone' | 'freeze' | undefined
}

/**
 * The same store through a cache in memory: a handle of its own, with what `backend: 'tiered'` does for a whole store, where
 * somebody else has opened it. Writes go to the store first; what others write is forgotten here as soon as the store tells of
 * it. Release it as any handle, and the one that it was made from when you like.
 *
 * @throws STORE_RELEASED; INVALID_CONFIG for what is no open store
 * @example
 * const quick = await cached(store, { maxEntries: 10_000 })
 */
export async function cached<Schema = AnySchema>(
  store: Store<Schema>,
  { maxEntries, maxBytes, ttl, negative = false, isolation = 'clone' }: CachedOptions = {},
): Promise<Store<Schema>> {
  const context = contextOf(store)
  if (context === undefined) throw new InvalidConfigError([{ path: 'store', message: 'is no store of this library' }])
  const { config, engine: seen, onError } = context.handle
  // A cache of a cache would end with that.
  const engine = seen.base ?? seen
  for (const [option, value] of Object.entries({ maxEntries, maxBytes, ttl }))
    if (value !== undefined) checkCount(option, value)
  checkOpen(context.handle)
  const open: OpenContext = { sync: false, createContainer: false, private: true, onError }
  const { capabilities } = engine.backend
  const { serializer } = capabilities
  const memory: AnyConfig = { backend: 'memory', id: config.id, isolation, ...(serializer && { serializer }) }
  const { tieredBackend } = await loadTiers(open)
  const front = await openBackend(checkConfig(memory), 'create', open)
  checkOpen(context.handle)
  const tier = tieredBackend(front, engine.backend, {
    capabilities: {
      ...capabilities,
      sync: capabilities.sync === true || 'resident',
      staleness: stalenessOf(capabilities, ttl),
    },
    writePolicy: 'write-through',
    readPolicy: 'frontend-first',
    negative,
    bounds: { maxEntries, maxBytes, ttl },
    onError,
    // The engine goes with the last of its handles.
    close: () => undefined,
  })
  const handle = makeHandle(config, onError)
  const { stop } = handle
  handle.stop = (call): PromiseOrValue<void> => chain(stop(call), () => tier.close(call))
  handle.engine = { ...engine, backend: tier, base: engine }
  engine.users.add(handle)
  return makeStore<Schema>({ ...context, handle, release: async () => release(handle, { ...open, private: false }) })
}
