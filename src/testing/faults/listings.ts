import type { Backend, Call, ListOptions } from '../../base/backend.ts'
import type { Key, Name } from '../../base/entry.ts'
import { BusyError } from '../../base/errors.ts'
import { type PromiseOrValue, chain } from '../../base/promise-or-value.ts'
import { clone } from '../../codec/clone.ts'
import type {
  BatchOp,
  BatchOptions,
  CallOptions,
  ListingOptions,
  SetManyOptions,
  SetOptions,
  WriteOptions,
} from '../../store/types.ts'
import { type Plants, eachItem, inBackend, inStore, onCode, without } from './plant.ts'

type Entries = readonly (readonly [string, unknown])[]
type Op = BatchOp<Record<string, unknown>>

/** Faults of listings, and of the calls on many keys. */
export const faultsOfListings: Plants = {
  'list-string-prefix': inStore((store) => ({
    keys({ prefix, ...options }: ListingOptions = {}) {
      if (typeof prefix !== 'string') return store.keys({ prefix, ...options })
      return eachItem<unknown>(store.keys(options), options, (key) =>
        typeof key === 'string' && key.includes(prefix) ? [key] : [],
      )
    },
  })),
  'list-array-prefix': inStore((store) => ({
    keys({ prefix, ...options }: ListingOptions = {}) {
      if (!Array.isArray(prefix)) return store.keys({ prefix, ...options })
      const start = JSON.stringify(prefix).slice(0, -1)
      return eachItem<unknown>(store.keys(options), options, (key) =>
        Array.isArray(key) && JSON.stringify(key).startsWith(start) ? [key] : [],
      )
    },
  })),
  'list-after': inStore((store) => ({
    keys(options: ListingOptions = {}) {
      const { after, reverse, sync } = options
      const listing = store.keys(options)
      if (after === undefined || reverse) return listing
      if (sync) {
        const found = store.has(after, { sync: true })
        return [...(found ? [after] : []), ...(listing as unknown as Iterable<Key>)]
      }
      return (async function* () {
        if (await store.has(after)) yield after
        yield* listing
      })()
    },
  })),
  'list-limit': inStore((store) => ({
    keys: ({ limit, ...options }: ListingOptions = {}) =>
      store.keys({ ...options, limit: limit === 0 ? undefined : limit }),
  })),
  'list-reverse': inStore((store) => ({
    entries: (options?: ListingOptions) => store.entries({ ...options, reverse: false }),
  })),
  'entries-list-values': inBackend((backend) => ({
    scan: (options: ListOptions, call: Call) =>
      chain(backend.scan!(options, call), ({ entries, next }) => ({
        entries: entries.map(([name, entry]) => [name, { ...entry, meta: asValue(entry.meta) }]),
        next,
      })),
  })),
  'metas-list-all-types': inStore((store) => ({
    metas: (options?: ListingOptions) =>
      eachItem<{ type: string }>(store.metas(options), options, (meta) => (meta.type === 'log' ? [] : [meta])),
  })),
  'list-while-deleting': inBackend((backend) => ({
    list: (options: ListOptions, call: Call) =>
      byOffset(
        options,
        (whole) => chain(backend.list(whole, call), ({ names }) => names),
        (names, next) => ({ names, next }),
      ),
    scan: (options: ListOptions, call: Call) =>
      byOffset(
        options,
        (whole) => chain(backend.scan!(whole, call), ({ entries }) => entries),
        (entries, next) => ({ entries, next }),
      ),
  })),
  'list-broken-off': inStore((store) => {
    let open = 0
    return {
      entries: (options?: ListingOptions) => {
        open++
        const items = eachItem<unknown>(store.entries(options), options, (item) => [item])
        return options?.sync
          ? counted(items as Iterable<unknown>, () => open--)
          : countedAsync(items as AsyncIterable<unknown>, () => open--)
      },
      set(key: string, value: unknown, options?: SetOptions) {
        if (open > 0) throw new BusyError('A listing is under way.')
        return store.set(key, value, options)
      },
    }
  }),
  'parts-are-not-listed': inBackend(
    (backend) => ({
      list(options: ListOptions, call: Call) {
        if (options.prefix || options.after !== undefined) return backend.list(options, call)
        return chain(backend.list(options, call), ({ names, next }) =>
          chain(backend.list({ prefix: '~c' }, call), (chunks) => ({ names: [...names, ...chunks.names], next })),
        )
      },
    }),
    'map',
  ),

  'get-many': inStore((store) => ({
    getMany(keys: Iterable<string>, options?: CallOptions) {
      const wanted = [...keys]
      return chain(
        store.getMany(wanted, options),
        (found) => new Map(wanted.map((key) => [key, found.get(key) as unknown])),
      )
    },
  })),
  'get-many-answers-own-keys': inStore((store) => ({
    getMany: (keys: Iterable<string>, options?: CallOptions) =>
      chain(
        store.getMany(keys, options),
        (found) => new Map([...found].map(([key, value]) => [clone(key), value as unknown])),
      ),
  })),
  'set-many': inStore((store) => ({
    setMany(entries: Entries, options?: SetManyOptions<Key>) {
      const first = entries.filter(
        ([key], i) => entries.findIndex(([other]) => other === key) === i || Number.isNaN(key),
      )
      return store.setMany(first, options)
    },
  })),
  'set-many-metadata': inStore((store) => ({
    setMany: (entries: Entries, options?: SetManyOptions<Key>) => store.setMany(entries, without(options, 'metaOf')),
  })),
  'set-many-fails-whole': inStore((store) => ({
    setMany: (entries: Entries, options?: SetManyOptions<Key>) =>
      onCode(
        'UNSERIALIZABLE_VALUE',
        () => store.setMany(entries, options),
        (error) =>
          chain(
            store.setMany(
              entries.slice(
                0,
                entries.findIndex(([, value]) => typeof value === 'function'),
              ),
              options,
            ),
            () => {
              throw error
            },
          ),
      ),
  })),
  'set-many-checks-keys': inStore((store) => ({
    setMany: (entries: Entries, options?: SetManyOptions<Key>) =>
      store.setMany(
        entries.filter(([key]) => !Number.isNaN(key)),
        options,
      ),
  })),
  'delete-many': inStore((store) => ({
    deleteMany: (keys: Iterable<string>, options?: WriteOptions) =>
      chain(store.deleteMany(keys, options), (answers) => new Map([...answers.keys()].map((key) => [key, true]))),
  })),
  'batch-in-order': inBackend((backend) => ({
    batch(...[ops, options, call]: Parameters<Backend['batch']>) {
      const order = [...ops.keys()].sort((a, b) => Number('write' in ops[a]!) - Number('write' in ops[b]!))
      return chain(
        backend.batch(
          order.map((i) => ops[i]!),
          options,
          call,
        ),
        (answers) => ops.map((_, i) => answers[order.indexOf(i)]),
      )
    },
  })),
  'batch-metadata': inStore((store) => ({
    batch: (ops: readonly Op[], options?: BatchOptions) =>
      store.batch(
        ops.map((op) => ('set' in op ? { set: op.set } : op)),
        options,
      ),
  })),
  'batch-fails-whole': inStore((store) => ({
    batch: (ops: readonly Op[], options?: BatchOptions) =>
      onCode(
        'UNSERIALIZABLE_VALUE',
        () => store.batch(ops, options),
        (error) => {
          const failing = ops.findIndex((op) => 'set' in op && typeof op.set[1] === 'function')
          return chain(store.batch(ops.slice(0, failing), options), () => {
            throw error
          })
        },
      ),
  })),
  'batch-is-atomic': inBackend((backend) => ({
    batch(...[ops, options, call]: Parameters<Backend['batch']>) {
      if (!options.atomic || call.sync) return backend.batch(ops, options, call)
      return (async () => {
        const answers: boolean[] = []
        for (const op of ops) answers.push(...(await backend.batch([op], options, call)))
        return answers
      })()
    },
  })),
  'batch-atomic-unsupported': inBackend(
    (backend) => ({
      batch: (...[ops, , call]: Parameters<Backend['batch']>) => backend.batch(ops, { atomic: false }, call),
    }),
    'map-compare-and-set',
  ),
  'clear-all': inStore((store) => ({
    clear(options?: WriteOptions) {
      if (options?.sync) {
        const logs = [...store.metas({ sync: true })].filter(({ type }) => type === 'log')
        const elements = logs.map(({ key }) => store.log(key as string, { sync: true }))
        store.clear({ ...options, sync: true })
        logs.forEach(({ key }, i) => elements[i]!.forEach((element) => store.append(key, element, { sync: true })))
        return
      }
      return (async () => {
        const logs: [string, unknown[]][] = []
        for await (const { key, type } of store.metas()) {
          if (type === 'log') logs.push([key as string, await store.log(key)])
        }
        await store.clear(options)
        for (const [key, elements] of logs) for (const element of elements) await store.append(key, element)
      })()
    },
  })),
  'clear-prefix': inStore((store) => ({
    clear: (options?: WriteOptions) => store.clear({ ...options, prefix: undefined } as WriteOptions),
  })),
}

function asValue<M extends { readonly type: string }>(meta: M): M {
  return meta.type === 'log' ? { ...meta, type: 'value' } : meta
}

/** Pages whose cursor says how many items went before. */
function byOffset<T, P>(
  options: ListOptions,
  whole: (options: ListOptions) => PromiseOrValue<T[]>,
  page: (items: T[], next: Name | undefined) => P,
): PromiseOrValue<P> {
  const { after, limit = Infinity } = options
  const [offset, start] = after?.startsWith('~@') ? after.slice(2).split('@') : ['0', after]
  const from = Number(offset)
  return chain(whole({ ...options, after: start || undefined, limit: undefined }), (items) =>
    page(items.slice(from, from + limit), from + limit < items.length ? `~@${from + limit}@${start ?? ''}` : undefined),
  )
}

/** The items; `ended` is called after the last one, and not if nobody asks for that. */
function* counted<T>(items: Iterable<T>, ended: () => void): Generator<T> {
  yield* items
  ended()
}

async function* countedAsync<T>(items: AsyncIterable<T>, ended: () => void): AsyncGenerator<T> {
  yield* items
  ended()
}
