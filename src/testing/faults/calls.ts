import type { Backend } from '../../base/backend.ts'
import type { Entry, Key, Name } from '../../base/entry.ts'
import { BusyError, KonserveError } from '../../base/errors.ts'
import { chain, rescue } from '../../base/promise-or-value.ts'
import { clone } from '../../codec/clone.ts'
import { keyToName } from '../../store/names.ts'
import type {
  CallOptions,
  GetOptions,
  SetOptions,
  Store,
  UpdateOptions,
  WriteEvent,
  WriteHook,
  WriteOptions,
} from '../../store/types.ts'
import {
  type Plant,
  type Plants,
  type Prefix,
  eachItem,
  inBackend,
  inStore,
  oldReads,
  onCode,
  outside,
  scopesAs,
  throwingSets,
  without,
} from './plant.ts'

type Fn = (old: unknown) => unknown

/** Faults of hooks, scopes, locks, signals and the two modes. */
export const faultsOfCalls: Plants = {
  'hooks-of-one-key': eventsAs((event) => [event.op === 'update' ? without(event, 'oldValue') : event]),
  'hooks-of-paths': eventsAs((event) => {
    const at = event.path?.[1] as string | undefined
    return [at === undefined ? event : { ...event, value: (event.value as Record<string, unknown>)[at] }]
  }),
  'hooks-of-many-keys': eventsAs(({ keys, ...event }) => keys?.map((key) => ({ ...event, key })) ?? [event]),
  'hooks-after-the-commit': inStore((store) => {
    const { methods, during } = oldReads(store)
    return {
      ...methods,
      addWriteHook: (id: string, hook: WriteHook) => store.addWriteHook(id, (event) => during(() => hook(event))),
    }
  }),
  'hooks-before-the-call-settles': inStore((store) => ({
    addWriteHook: (id: string, hook: WriteHook) =>
      store.addWriteHook(id, async (event) => {
        await new Promise((resolve) => setTimeout(resolve, 0))
        return hook(event)
      }),
  })),
  'hooks-not-without-change': inStore((store) => {
    const { hooks, addWriteHook } = registry(store)
    return {
      addWriteHook,
      delete: (key: string, options?: WriteOptions) =>
        chain(store.delete(key, options), (deleted) => {
          if (!deleted) for (const hook of hooks.values()) hook({ op: 'delete', key })
          return deleted
        }),
    }
  }),
  'hooks-not-of-failed-writes': inStore((store) => {
    const { hooks, addWriteHook } = registry(store)
    return {
      addWriteHook,
      set: (key: string, value: unknown, options?: SetOptions) =>
        rescue(
          () => store.set(key, value, options),
          (error) => {
            for (const hook of hooks.values()) hook({ op: 'set', key, value })
            throw error
          },
        ),
    }
  }),
  'hooks-of-every-handle': inStore((store) => {
    const methods: Record<string, (...args: never[]) => unknown> = {
      addWriteHook: (id: string, hook: WriteHook) =>
        store.addWriteHook(id, (event) => {
          const writer = writers.get(store.id)
          return writer === undefined || writer === store ? hook(event) : undefined
        }),
    }
    for (const name of ['set', 'update', 'delete'] as const) {
      methods[name] = (...args: never[]) => {
        writers.set(store.id, store)
        return (store[name] as (...all: never[]) => unknown)(...args)
      }
    }
    return methods
  }),
  'hooks-by-id': inStore((store) => {
    const ids = new Map<string, string[]>()
    return {
      addWriteHook(id: string, hook: WriteHook) {
        const all = ids.get(id) ?? []
        ids.set(id, [...all, `${id} ${all.length}`])
        store.addWriteHook(`${id} ${all.length}`, hook)
      },
      removeWriteHook(id: string) {
        const removed = (ids.get(id) ?? []).map((each) => store.removeWriteHook(each))
        ids.delete(id)
        return removed.includes(true)
      },
    }
  }),
  'hooks-that-fail': inStore((store) => {
    const { methods, guard } = throwingSets(store)
    return {
      ...methods,
      addWriteHook: (id: string, hook: WriteHook) => store.addWriteHook(id, (event) => guard(() => hook(event))),
    }
  }),
  'hooks-are-not-awaited': inStore((store) => {
    const answers: unknown[] = []
    return {
      addWriteHook: (id: string, hook: WriteHook) =>
        store.addWriteHook(id, (event) => {
          const answer = hook(event)
          answers.push(answer)
          return answer
        }),
      set: (key: string, value: unknown, options?: SetOptions) =>
        chain(store.set(key, value, options), () =>
          options?.sync ? undefined : Promise.allSettled(answers.splice(0)).then(() => undefined),
        ),
    }
  }),

  'string-scope': scopesAs((scope, prefix) => ({
    get: (key: string, options?: GetOptions) => scope.get(typeof prefix === 'string' ? `/${key}` : key, options),
  })),
  'array-scope': scopesAs((scope, prefix, store) => ({
    get: (key: string, options?: GetOptions) =>
      typeof prefix === 'string' ? scope.get(key, options) : store.get([prefix.join(), key], options),
  })),
  'scope-listings': scopesAs((scope, prefix) => ({
    keys: (options?: CallOptions) =>
      eachItem<unknown>(scope.keys(options), options, (key) => [outside(prefix, key as Key)]),
  })),
  'scope-clear': scopesAs((_, __, store) => ({ clear: (options?: WriteOptions) => store.clear(options) })),
  'scope-hooks': scopesAs((scope, prefix) => ({
    addWriteHook: (id: string, hook: WriteHook) =>
      scope.addWriteHook(id, (event) => hook({ ...event, key: outside(prefix, event.key!) })),
  })),
  'scope-errors': scopesAs((scope, prefix) => ({
    set: (key: string, value: unknown, options?: SetOptions) =>
      rescue(
        () => scope.set(key, value, options),
        (error) => {
          if (error instanceof KonserveError) error.key = outside(prefix, key)
          throw error
        },
      ),
  })),
  'scope-keys-are-strings': scopesAs((scope, prefix) => ({
    set: (key: Key, value: unknown, options?: SetOptions) =>
      scope.set(typeof prefix === 'string' ? String(key) : key, value, options),
  })),
  'nested-scopes': scopesAs((_, __, store) => ({ scope: (prefix: Prefix) => store.scope(prefix) })),

  'async-calls-answer-promises': inStore((store) => ({
    set(key: string, value: unknown, options?: SetOptions) {
      keyToName(key)
      return store.set(key, value, options)
    },
  })),
  'sync-calls-answer-values': inStore((store) => ({
    has: (key: string, options?: CallOptions) => Promise.resolve(store.has(key, options)),
  })),
  'sync-unsupported': inStore(
    (store) => ({
      get: (key: string, options?: GetOptions) => store.get(key, { ...options, sync: false }),
    }),
    'map-asynchronous',
  ),
  'sync-resident': inStore(
    (store) => ({
      get: (key: string, options?: GetOptions) =>
        onCode<unknown>(
          'NOT_RESIDENT',
          () => store.get(key, options),
          () => undefined,
        ),
    }),
    'tiered-asynchronous',
  ),
  busy: inBackend((backend) => {
    const committed = new Map<Name, Entry>()
    return {
      write: (...args: Parameters<Backend['write']>) =>
        chain(backend.write(...args), (version) => {
          committed.set(args[0], { ...args[1], value: clone(args[1].value) })
          return version
        }),
      read: (...args: Parameters<Backend['read']>) =>
        onCode(
          'BUSY',
          () => backend.read(...args),
          () => committed.get(args[0]),
        ),
    }
  }, 'map'),
  'aborted-signal': inStore((store) => ({
    set: (key: string, value: unknown, options?: SetOptions) => store.set(key, value, without(options, 'signal')),
  })),
  'aborted-while-waiting': inStore(
    (store) => ({
      update(key: string, fn: Fn, { signal, ...options }: UpdateOptions = {}) {
        if (signal === undefined || signal.aborted) return store.update(key, fn, { signal, ...options })
        return new Promise((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
          store.update(key, fn, options).then(resolve, reject)
        })
      },
    }),
    'map',
  ),
  'errors-have-code-and-key': inStore((store) => ({
    deleteIn: (path: readonly [string, ...string[]], options?: WriteOptions) =>
      onCode(
        'INVALID_PATH',
        () => store.deleteIn(path, options),
        (error) => {
          error.key = undefined
          throw error
        },
      ),
  })),
  'lock-excludes': inStore((store) => {
    const handle = crypto.randomUUID()
    return {
      withLock: (key: Key, fn: () => unknown, options?: CallOptions) =>
        store.withLock([handle, key] as never, fn, options),
    }
  }),
  'lock-leaves-the-key-usable': inStore((store) => {
    const held = new Set<unknown>()
    return {
      withLock: (key: string, fn: () => unknown, options?: CallOptions) =>
        store.withLock(
          key,
          async () => {
            held.add(key)
            try {
              return await fn()
            } finally {
              held.delete(key)
            }
          },
          options,
        ),
      set(key: string, value: unknown, options?: SetOptions) {
        if (held.has(key)) throw new BusyError('The key is locked.')
        return store.set(key, value, options)
      },
    }
  }),
  'lock-ends-with-an-error': inStore((store) => {
    const broken = new Set<unknown>()
    return {
      async withLock(key: string, fn: () => unknown, options?: CallOptions) {
        if (broken.has(key)) throw new BusyError('The key is locked.')
        const watched = async (): Promise<unknown> => {
          try {
            return await fn()
          } catch (error) {
            broken.add(key)
            throw error
          }
        }
        return store.withLock(key, watched, options)
      },
    }
  }),
  'lock-signal': inStore((store) => ({ withLock: (key: string, fn: () => unknown) => store.withLock(key, fn) })),
}

/** Who wrote last, by the store's id. */
const writers = new Map<string, Store>()

function eventsAs(change: (event: WriteEvent) => readonly WriteEvent[]): Plant {
  return inStore((store) => ({
    addWriteHook: (id: string, hook: WriteHook) =>
      store.addWriteHook(id, (event) => change(event).map((each) => hook(each))[0]),
  }))
}

function registry(store: Store): { hooks: Map<string, WriteHook>; addWriteHook(id: string, hook: WriteHook): void } {
  const hooks = new Map<string, WriteHook>()
  return {
    hooks,
    addWriteHook(id, hook) {
      hooks.set(id, hook)
      store.addWriteHook(id, hook)
    },
  }
}
