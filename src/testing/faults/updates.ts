import type { Backend } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import { InvalidPathError } from '../../base/errors.ts'
import { type PromiseOrValue, chain, rescue } from '../../base/promise-or-value.ts'
import { clone } from '../../codec/clone.ts'
import type { CallOptions, GetOptions, SetOptions, UpdateOptions, WriteOptions } from '../../store/types.ts'
import { type Methods, type Plants, inBackend, inStore, onCode, repeater } from './plant.ts'

type Fn = (old: unknown) => unknown
type Path = readonly [string, ...(string | number)[]]
type Step = Parameters<Backend['update']>[1]

/** Faults of updates, paths, and the isolation of values. */
export const faultsOfUpdates: Plants = {
  'update-answers-old-and-new': inStore((store) => ({
    update: (key: string, fn: Fn, options?: UpdateOptions) =>
      chain(store.update(key, fn, options), ([old, after]: [unknown, unknown]) => [
        old === undefined ? null : old,
        after,
      ]),
  })),
  'update-concurrent': inBackend((backend) => shortQueue(backend, false), 'map'),
  'log-concurrent': inBackend((backend) => shortQueue(backend, true), 'map'),
  'order-per-key': inBackend((backend) => ({
    delete: (...args: Parameters<Backend['delete']>) =>
      args[2].sync ? backend.delete(...args) : Promise.resolve().then(() => backend.delete(...args)),
  })),
  'update-is-synchronous': inStore((store) => ({
    update: (key: string, fn: Fn, options?: UpdateOptions) =>
      rescue<unknown>(
        () => store.update(key, fn, options),
        async (error) => {
          if (!(error instanceof TypeError)) throw error
          await store.set(key, await fn(await store.get(key)))
        },
      ),
  })),
  'update-runs-once': inBackend((backend) => ({
    update: (...[name, fn, call]: Parameters<Backend['update']>) => {
      const twice: Step = (old) => {
        fn(old && { ...old, value: clone(old.value) })
        return fn(old)
      }
      return backend.update(name, twice, call)
    },
  })),
  'update-is-not-reentrant': inStore((store) => ({
    get: (key: string, options?: GetOptions) =>
      onCode<unknown>(
        'REENTRANT_UPDATE',
        () => store.get(key, options),
        () => undefined,
      ),
  })),
  'throwing-update': inStore((store) => ({
    update(key: string, fn: Fn, options?: UpdateOptions) {
      let thrown = false
      const watched: Fn = (old) => {
        thrown = true
        const value = fn(old)
        thrown = false
        return value
      }
      return rescue<unknown>(
        () => store.update(key, watched, options),
        (error) =>
          chain(thrown ? store.delete(key, { sync: options?.sync }) : false, () => {
            throw error
          }),
      )
    },
  })),
  'unserializable-update': inBackend((backend) => ({
    update: (...[name, fn, call]: Parameters<Backend['update']>) =>
      onCode(
        'UNSERIALIZABLE_VALUE',
        () => backend.update(name, fn, call),
        (error) =>
          chain(backend.delete(name, {}, call), () => {
            throw error
          }),
      ),
  })),

  'get-in': inStore((store) => ({
    getIn: (path: Path, options?: GetOptions) => {
      if (path.length < 2) return store.getIn(path, options)
      return chain(store.getIn(parentOf(path), { sync: options?.sync }), (parent) => {
        if (parent === undefined || parent === null || typeof parent === 'object') return store.getIn(path, options)
        throw new InvalidPathError('There is nothing inside.')
      })
    },
  })),
  'paths-see-own-properties': inStore((store) => ({
    getIn: (path: Path, options?: GetOptions) =>
      chain(store.getIn(path, options), (found) => {
        if (path.length !== 2 || found !== options?.default) return found
        return chain(
          store.get(path[0], { sync: options?.sync }),
          (root: Record<string, unknown> | undefined) => root?.[path[1] as string] ?? found,
        )
      }),
  })),
  'set-in-makes-containers': inStore((store) => ({
    setIn(path: Path, value: unknown, options?: UpdateOptions) {
      const [key, first, ...rest] = path
      if (typeof first !== 'number') return store.setIn(path, value, options)
      return chain(store.has(key, { sync: options?.sync }), (found) =>
        store.setIn(found ? path : [key, String(first), ...rest], value, options),
      )
    },
  })),
  'set-in-keeps-the-rest': inStore((store) => ({
    setIn(path: Path, value: unknown, options?: UpdateOptions) {
      if (path.length < 3) return store.setIn(path, value, options)
      return chain(store.getIn(parentOf(path), { sync: options?.sync }), (parent) =>
        parent instanceof Map
          ? store.setIn(parentOf(path), Object.fromEntries([...parent, [path.at(-1), value]]), options)
          : store.setIn(path, value, options),
      )
    },
  })),
  'paths-answer-whole-values': inStore((store) => ({
    setIn: (path: Path, value: unknown, options?: UpdateOptions) =>
      chain(store.setIn(path, value, options), () => [undefined, value]),
  })),
  'update-in': inStore((store) => ({
    updateIn: (path: Path, fn: Fn, options?: UpdateOptions) =>
      store.updateIn(path, (old: unknown) => fn(old === undefined ? null : old), options),
  })),
  'delete-in': inStore((store) => ({
    deleteIn(path: Path, options?: WriteOptions) {
      if (path.length < 3) return store.deleteIn(path, options)
      return chain(store.getIn(parentOf(path), { sync: options?.sync }), (parent) =>
        Array.isArray(parent) ? store.setIn(path, undefined, options) : store.deleteIn(path, options),
      )
    },
  })),
  'path-of-a-key-alone': inStore((store) => ({
    deleteIn: (path: Path, options?: WriteOptions) =>
      path.length > 1 ? store.deleteIn(path, options) : store.set(path[0], undefined, options),
  })),
  'invalid-path': inStore((store) => ({
    setIn: (path: Path, value: unknown, options?: UpdateOptions) =>
      onCode(
        'INVALID_PATH',
        () => store.setIn(path, value, options),
        () => store.setIn(parentOf(path), { [path.at(-1)!]: value }, options),
      ),
  })),

  'arguments-are-isolated': inBackend((backend) =>
    keepingObjects(backend, (keep) => ({
      write: (...args: Parameters<Backend['write']>) =>
        chain(backend.write(...args), (version) => {
          keep(args[0], args[1])
          return version
        }),
    })),
  ),
  'results-are-isolated': inStore((store) => {
    const repeat = repeater()
    return {
      get: (key: string, options?: GetOptions) =>
        chain(store.get(key, options), (value: unknown) => repeat(key, value)),
    }
  }),
  'update-values-are-isolated': inBackend((backend) =>
    keepingObjects(backend, (keep) => ({
      update: (...args: Parameters<Backend['update']>) =>
        chain(backend.update(...args), (pair) => {
          keep(args[0], pair[1])
          return pair
        }),
    })),
  ),
  'failed-updates-are-isolated': inBackend((backend) => {
    const spoilt = new Map<Name, Entry | undefined>()
    return {
      update: (...[name, fn, call]: Parameters<Backend['update']>) => {
        const shared: Step = (old) => {
          const given = spoilt.get(name) ?? old
          spoilt.set(name, given)
          const next = fn(given)
          spoilt.delete(name)
          return next
        }
        return backend.update(name, shared, call)
      },
    }
  }),
  'many-values-are-isolated': inStore((store) => {
    const repeat = repeater()
    return {
      getMany: (keys: Iterable<string>, options?: CallOptions) =>
        chain(
          store.getMany(keys, options),
          (found) => new Map([...found].map(([key, value]) => [key, repeat(key, value as unknown)])),
        ),
    }
  }),
  'metadata-is-isolated': inStore((store) => {
    const repeat = repeater()
    return {
      getMeta: (key: string, options?: CallOptions) => chain(store.getMeta(key, options), (meta) => repeat(key, meta)),
    }
  }),
  'log-elements-are-isolated': inStore((store) => {
    const repeat = repeater()
    return {
      log: (key: string, options?: CallOptions) =>
        chain(store.log(key, options), (elements) => repeat(JSON.stringify([key, options]), elements)),
    }
  }),
  'binaries-are-isolated': inStore((store) => {
    const repeat = repeater()
    return {
      getBinary(key: string, ...rest: never[]) {
        const read = store.getBinary.bind(store) as unknown as (...args: unknown[]) => PromiseOrValue<unknown>
        const found = read(key, ...rest)
        return typeof rest[0] === 'function' ? found : chain(found, (bytes) => repeat(key, bytes))
      },
    }
  }),
  'keys-are-isolated': inStore((store) => ({
    set: (key: string, value: unknown, options?: SetOptions) =>
      Array.isArray(key) && !options?.sync
        ? Promise.resolve().then(() => store.set(key, value, options))
        : store.set(key, value, options),
  })),
}

/** Updates of a key beyond the 64th that waits for it are computed and answered, but not applied. */
function shortQueue(backend: Backend, logs: boolean): Methods {
  const waiting = new Map<Name, number>()
  return {
    update(...[name, fn, call]: Parameters<Backend['update']>) {
      const count = (waiting.get(name) ?? 0) + 1
      waiting.set(name, count)
      const lost: Step = (old) => {
        const next = fn(old)
        return (next?.meta.type === 'log') === logs ? old : next
      }
      const done = backend.update(name, count > 64 ? lost : fn, call)
      return chain(done, (pair) => {
        waiting.set(name, waiting.get(name)! - 1)
        return pair
      })
    },
  }
}

/** What `keep` is given stands in for what is read, until the name is written in another way. */
function keepingObjects(
  backend: Backend,
  methods: (keep: (name: Name, entry: Entry | undefined) => void) => Methods,
): Methods {
  const kept = new Map<Name, unknown>()
  const keep = (name: Name, entry: Entry | undefined): void => {
    if (entry?.meta.type === 'value' && typeof entry.value === 'object') kept.set(name, entry.value)
    else kept.delete(name)
  }
  const forgetting =
    <Args extends unknown[], T>(method: (name: Name, ...args: Args) => T) =>
    (name: Name, ...args: Args): T => {
      kept.delete(name)
      return method(name, ...args)
    }
  const faulty: Methods = methods(keep)
  return {
    read: (...args: Parameters<Backend['read']>) =>
      chain(backend.read(...args), (entry) =>
        entry && kept.has(args[0]) ? { ...entry, value: clone(kept.get(args[0])) } : entry,
      ),
    write: forgetting(backend.write.bind(backend)),
    update: forgetting(backend.update.bind(backend)),
    delete: forgetting(backend.delete.bind(backend)),
    batch(...args: Parameters<Backend['batch']>) {
      kept.clear()
      return backend.batch(...args)
    },
    ...faulty,
  }
}

function parentOf(path: Path): Path {
  return path.slice(0, -1) as unknown as Path
}
