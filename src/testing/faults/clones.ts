import { KonserveError } from '../../base/errors.ts'
import { chain, rescue } from '../../base/promise-or-value.ts'
import { clone } from '../../codec/clone.ts'
import { findType } from '../../codec/types.ts'
import type { GetOptions, SetOptions, WriteOptions } from '../../store/types.ts'
import { type Plants, inStore } from './plant.ts'

/** Faults of a store that keeps what the platform clones. */
export const faultsOfClones: Plants = {
  'clones-of-platform-objects': inStore(
    (store) => ({
      set: (key: string, value: unknown, options?: SetOptions) =>
        store.set(key, value instanceof Blob ? new Blob([value]) : value, options),
    }),
    'memory-cloning',
  ),
  'clones-keep-shapes': inStore(
    (store) => ({
      set(key: string, value: unknown, options?: SetOptions) {
        const { sparse } = Object(value) as { sparse?: unknown[] }
        if (!sparse) return store.set(key, value, options)
        const filled = structuredClone(value) as { sparse: unknown[] }
        filled.sparse = [...sparse]
        return store.set(key, filled, options)
      },
    }),
    'memory-cloning',
  ),
  'clones-by-every-call': inStore(
    (store) => ({
      append: (key: string, element: unknown, options?: WriteOptions) =>
        store.append(key, element instanceof Blob ? clone(element) : element, options),
    }),
    'memory-cloning',
  ),
  'clones-are-plain': inStore((store) => {
    const instances = new Map<string, unknown>()
    return {
      set(key: string, value: unknown, options?: SetOptions) {
        if (findType(value)) instances.set(key, value)
        return store.set(key, value, options)
      },
      get: (key: string, options?: GetOptions) =>
        chain(store.get(key, options), (value: unknown) => instances.get(key) ?? value),
    }
  }, 'memory-cloning'),
  'uncloneable-kinds': inStore(
    (store) => ({
      append: (key: string, element: unknown, options?: WriteOptions) =>
        rescue(
          () => store.append(key, element, options),
          (error) => {
            if (error instanceof KonserveError) delete error.cause
            throw error
          },
        ),
    }),
    'memory-cloning',
  ),
}
