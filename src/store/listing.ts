import type { Backend, Call, ListOptions } from '../base/backend.ts'
import { type Key, type Meta, type Name, isLive } from '../base/entry.ts'
import { type PromiseOrValue, all, chain, repeat } from '../base/promise-or-value.ts'
import { scanEntries } from '../engine/scan.ts'
import { type Context, checkCount, run } from './context.ts'
import { presentMeta } from './meta.ts'
import { isLongName, isolateKey, keyToName, namePrefix, nameToKey } from './names.ts'
import { startsWith, toPrefix } from './scope.ts'
import type { EntryMeta, ListingOptions } from './types.ts'

/*
 * keys, entries and metas: the names of one range, page by page, as much of each entry as is asked for.
 */

/** Names asked for at a time, and entries: a page of entries holds their values, and may have fewer. */
const NAMES_PAGE = 2500
const ENTRIES_PAGE = 250
/** Metadata read at a time. */
const METAS_AT_ONCE = 50

interface Page<T> {
  readonly items: [key: Key, value: T][]
  readonly next: Name | undefined
}

type Listed<T> = AsyncIterableIterator<T> | IterableIterator<T>

export function keys(context: Context, options: ListingOptions = {}): Listed<Key> {
  return listing(context, options, findKeys, ([key]) => key)
}

export function entries(context: Context, options: ListingOptions = {}): Listed<[Key, unknown]> {
  return listing(context, options, findEntries, (entry) => entry)
}

export function metas(context: Context, options: ListingOptions = {}): Listed<EntryMeta> {
  return listing(context, options, findMetas, ([, meta]) => presentMeta(meta, context.scope))
}

/** Finds what is under a range of names. An item without a key is none of the store's. */
type Find<T> = (backend: Backend, call: Call, range: ListOptions) => PromiseOrValue<Found<T>>

interface Found<T> {
  readonly items: readonly (readonly [inner: Key | undefined, value: T])[]
  readonly next?: Name | undefined
}

/** The keys, and the metadata where the name is not enough. */
export const findKeys: Find<Meta | undefined> = findNames(isLongName, () => true)
const findMetas = findNames(() => true, isLive) as Find<Meta>

function findNames(needsMeta: (name: Name) => boolean, shows: (meta: Meta) => boolean): Find<Meta | undefined> {
  return (backend, call, range) =>
    chain(backend.list(range, call), ({ names, next }) => {
      if (!names.some(needsMeta)) return { items: names.map((name) => [nameToKey(name), undefined] as const), next }
      const found: (Meta | undefined)[] = []
      const readMeta = (name: Name): PromiseOrValue<Meta | undefined> =>
        needsMeta(name) ? backend.readMeta(name, call) : undefined
      const read = repeat(() =>
        chain(
          all(names.slice(found.length, found.length + METAS_AT_ONCE).map(readMeta)),
          (more) => found.push(...more) < names.length,
        ),
      )
      return chain(read, () => ({
        items: names.map((name, i) => {
          const meta = found[i]
          return [needsMeta(name) ? (meta && shows(meta) ? meta.key : undefined) : nameToKey(name), meta]
        }),
        next,
      }))
    })
}

const findEntries: Find<unknown> = (backend, call, range) =>
  chain(
    scanEntries(backend, { ...range, limit: Math.min(range.limit!, ENTRIES_PAGE) }, call),
    ({ entries: found, next }) => ({
      items: found.map(([, { meta, value }]) => [isLive(meta) && meta.type !== 'log' ? meta.key : undefined, value]),
      next,
    }),
  )

/** A page of what belongs to the scope and has the prefix. */
export function pageOf<T>(
  find: Find<T>,
  { scope }: Context,
  { prefix, reverse }: Pick<ListingOptions, 'prefix' | 'reverse'>,
  after: Name | undefined,
  limit: number,
  backend: Backend,
  call: Call,
): PromiseOrValue<Page<T>> {
  const wanted = prefix === undefined ? prefix : toPrefix(prefix)
  const start = scope.start(wanted)
  const range = {
    prefix: start === undefined ? '' : namePrefix(start),
    after,
    limit: Math.min(limit, NAMES_PAGE),
    reverse,
  }
  return chain(find(backend, call, range), ({ items, next }) => {
    const page: Page<T>['items'] = []
    for (const [inner, value] of items) {
      const key = scope.outer(inner)
      if (key !== undefined && (wanted === undefined || startsWith(key, wanted))) page.push([isolateKey(key), value])
    }
    return { items: page, next }
  })
}

function listing<T, Shown>(
  context: Context,
  options: ListingOptions,
  find: Find<T>,
  show: (item: [Key, T]) => Shown,
): Listed<Shown> {
  let after: Name | undefined
  let left = options.limit ?? Infinity
  let done = false
  const page = (): PromiseOrValue<Shown[] | undefined> =>
    done
      ? undefined
      : run(context, options, (backend, call) => {
          checkCount('limit', left)
          if (left === 0) return undefined
          after ??= options.after === undefined ? undefined : keyToName(context.scope.inner(options.after))
          return chain(pageOf(find, context, options, after, left, backend, call), ({ items, next }) => {
            const shown = (items.length > left ? items.slice(0, left) : items).map(show)
            left -= shown.length
            after = next
            done = next === undefined || left === 0
            return shown
          })
        })
  return options.sync === true ? syncItems(page as () => Shown[] | undefined) : asyncItems(page)
}

function* syncItems<T>(page: () => T[] | undefined): Generator<T, undefined> {
  for (let items = page(); items; items = page()) yield* items
}

/**
 * A page is read while the one before it is being used. Written out, because an async generator takes longer for an item
 * than a listing of keys does.
 */
function asyncItems<T>(page: () => PromiseOrValue<T[] | undefined>): AsyncIterableIterator<T> {
  let items: readonly T[] = []
  let at = 0
  let ended = false
  let ahead: Promise<T[] | undefined> | undefined
  /** Calls that wait for a page, each for the one before it. */
  let waiting = 0
  let turn: Promise<unknown> = Promise.resolve()

  const load = async (): Promise<IteratorResult<T>> => {
    try {
      while (!ended && at === items.length) {
        const found = await (ahead ?? page())
        ended ||= found === undefined
        items = found ?? []
        at = 0
        ahead = ended ? undefined : Promise.resolve(page())
        // Whoever stops listening does not hear of what it fails of.
        ahead?.catch(() => undefined)
      }
    } catch (error) {
      ended = true
      throw error
    } finally {
      waiting--
    }
    return ended ? { done: true, value: undefined } : { done: false, value: items[at++]! }
  }

  return {
    next() {
      if (waiting === 0 && at < items.length) return Promise.resolve({ done: false, value: items[at++]! })
      waiting++
      const answer = turn.then(load)
      turn = answer.catch(() => undefined)
      return answer
    },
    return(value?: unknown) {
      ended = true
      items = []
      at = 0
      return Promise.resolve({ done: true, value })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
