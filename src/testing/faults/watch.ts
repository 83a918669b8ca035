import type { Backend, Notice, Watcher } from '../../base/backend.ts'
import type { Key, Meta } from '../../base/entry.ts'
import { isLongName } from '../../base/name.ts'
import { chain, ensure, rescue } from '../../base/promise-or-value.ts'
import type { SetOptions, Store, WatchEvent, WatchFilter, WatchOptions, WriteOptions } from '../../store/types.ts'
import { type Plant, type Plants, inBackend, inStore, oldReads, outside, scopesAs, throwingSets } from './plant.ts'

type Listener = (event: WatchEvent) => unknown
type Watch = (filter: WatchFilter, listener: Listener, options?: WatchOptions) => () => void

/** Faults of watches. */
export const faultsOfWatches: Plants = {
  'watch-every-write': noticesAs(({ name }, backend) => {
    const meta = backend.readMeta(name, { sync: true }) as Meta | undefined
    return meta?.type !== 'log'
  }),
  'watch-every-handle': inStore((store) => ({
    watch: listenersAs(store, (listener) => (event) => {
      const writer = writers.get(store.id)
      return writer === undefined || writer === store ? listener(event) : undefined
    }),
    set(key: string, value: unknown, options?: SetOptions) {
      writers.set(store.id, store)
      return store.set(key, value, options)
    },
  })),
  'watch-by-prefix': filtersAs((filter) =>
    Array.isArray(filter.prefix) ? { ...filter, prefix: filter.prefix.slice(0, 1) as Key[] } : filter,
  ),
  'watch-by-keys': filtersAs((filter) =>
    Array.isArray(filter.keys) || filter.keys instanceof Set
      ? { ...filter, keys: [...(filter.keys as Iterable<Key>)].slice(0, 1) }
      : filter,
  ),
  'watch-checks-its-filter': filtersAs((filter) =>
    filter.keys === undefined || filter.prefix === undefined ? filter : { keys: filter.keys },
  ),
  'watch-in-order': inBackend((backend) => {
    let held: (() => void)[] | undefined
    return {
      watch: (watcher: Watcher) =>
        backend.watch((notice) => (held ? void held.unshift(() => watcher(notice)) : watcher(notice))),
      batch(...args: Parameters<Backend['batch']>) {
        held = []
        return ensure(
          () => backend.batch(...args),
          () => {
            const late = held ?? []
            held = undefined
            for (const tell of late) tell()
          },
        )
      },
    }
  }),
  'watch-after-the-commit': inStore((store) => {
    const { methods, during } = oldReads(store)
    return { ...methods, watch: listenersAs(store, (listener) => (event) => during(() => listener(event))) }
  }),
  'watch-not-without-change': inStore((store) => {
    const { watch, tell } = registry(store)
    return {
      watch,
      delete: (key: string, options?: WriteOptions) =>
        chain(store.delete(key, options), (deleted) => {
          if (!deleted) tell({ type: 'delete', key })
          return deleted
        }),
    }
  }),
  'watch-not-of-failed-writes': inStore((store) => {
    const { watch, tell } = registry(store)
    return {
      watch,
      set: (key: string, value: unknown, options?: SetOptions) =>
        rescue(
          () => store.set(key, value, options),
          (error) => {
            tell({ type: 'set', key })
            throw error
          },
        ),
    }
  }),
  'watch-ends': inStore((store) => ({
    watch: ((filter, listener, options) =>
      store.watch(filter, listener, options?.signal?.aborted ? options : {})) satisfies Watch,
  })),
  'watch-ends-with-its-store': inStore((store) => {
    const { watch, tell } = registry(store)
    const telling = tellers.get(store.id) ?? new Map<Store, Listener>()
    tellers.set(store.id, telling.set(store, tell))
    return {
      watch,
      set: (key: string, value: unknown, options?: SetOptions) =>
        chain(store.set(key, value, options), () => {
          for (const [handle, tellLate] of telling) if (isReleased(handle)) tellLate({ type: 'set', key })
        }),
    }
  }),
  'watch-in-a-scope': scopesAs((scope, prefix) => ({
    watch: listenersAs(
      scope,
      (listener) => (event) =>
        listener(event.type === 'resync' ? event : { ...event, key: outside(prefix, event.key) }),
    ),
  })),
  'watch-long-keys': noticesAs(({ type, name }) => type === 'set' || !isLongName(name)),
  'watch-listeners-that-fail': inStore((store) => {
    const { methods, guard } = throwingSets(store)
    return { ...methods, watch: listenersAs(store, (listener) => (event) => guard(() => listener(event))) }
  }),
}

/** Who set last, by the store's id. */
const writers = new Map<string, Store>()
/** What tells the watches of each handle, by the store's id. */
const tellers = new Map<string, Map<Store, Listener>>()

function noticesAs(shows: (notice: Exclude<Notice, { type: 'resync' }>, backend: Backend) => boolean): Plant {
  return inBackend((backend) => ({
    watch: (watcher: Watcher) =>
      backend.watch((notice) => {
        if (notice.type === 'resync' || shows(notice, backend)) watcher(notice)
      }),
  }))
}

function filtersAs(change: (filter: WatchFilter) => WatchFilter): Plant {
  return inStore((store) => ({
    watch: ((filter, listener, options) => store.watch(filter && change(filter), listener, options)) satisfies Watch,
  }))
}

function listenersAs(store: Store, change: (listener: Listener) => Listener): Watch {
  return (filter, listener, options) => store.watch(filter, listener && change(listener), options)
}

/** The listeners of a handle, to be told what they should not. */
function registry(store: Store): { watch: Watch; tell: Listener } {
  const listeners = new Set<Listener>()
  return {
    watch(filter, listener, options) {
      listeners.add(listener)
      const end = store.watch(filter, listener, options)
      return () => {
        listeners.delete(listener)
        end()
      }
    },
    tell(event) {
      for (const listener of listeners) listener(event)
    },
  }
}

function isReleased(store: Store): boolean {
  try {
    store.watch({}, () => undefined)()
    return false
  } catch {
    return true
  }
}
