import type { Backend, Call, ListOptions } from '../base/backend.ts'
import type { Key, Meta, Name } from '../base/entry.ts'
import { isLive } from '../base/entry.ts'
import { type PromiseOrValue, all, chain, mapInOrder } from '../base/promise-or-value.ts'
import { scanEntries } from '../engine/scan.ts'
import { type Context, run } from './context.ts'
import { isolateKey, presentMeta } from './meta.ts'
import { isLongName, keyToName, nameToKey } from './names.ts'
import type { EntryMeta, ListingOptions } from './types.ts'

/*
 * keys, entries and metas: the names of one range, page by page, as much of each entry as is asked for.
 */

/** Names asked for at a time, and entries: a page of entries holds their values. */
const NAMES_PAGE = 1000
const ENTRIES_PAGE = 100
/** Metadata read at a time. */
const METAS_AT_ONCE = 50

interface Item<T> {
  readonly name: Name
  readonly key: Key
  readonly value: T
}

interface Page<T> {
  readonly items: Item<T>[]
  readonly next: Name | undefined
}

type Listed<T> = AsyncIterableIterator<T> | IterableIterator<T>

export function keys(context: Context, options: ListingOptions = {}): Listed<Key> {
  return listing(context, options, pageOfKeys, ({ key }) => key)
}

export function entries(context: Context, options: ListingOptions = {}): Listed<[Key, unknown]> {
  return listing(context, options, pageOfEntries, ({ key, value }) => [key, value])
}

export function metas(context: Context, options: ListingOptions = {}): Listed<EntryMeta> {
  return listing(context, options, pageOfMetas, ({ value }) => presentMeta(value, context.scope))
}

type Fetch<T> = (
  context: Context,
  options: Pick<ListingOptions, 'prefix' | 'reverse'>,
  after: Name | undefined,
  limit: number | undefined,
  call: Call,
  backend: Backend,
) => PromiseOrValue<Page<T>>

/** A page of the keys of the scope under a prefix, with their names. The metadata is read where the name is not enough. */
export const pageOfKeys: Fetch<Meta | undefined> = pageOfNames(isLongName, () => true)
const pageOfMetas = pageOfNames(() => true, isLive) as Fetch<Meta>

function pageOfNames(needsMeta: (name: Name) => boolean, shows: (meta: Meta) => boolean): Fetch<Meta | undefined> {
  return (context, options, after, limit = NAMES_PAGE, call, backend) => {
    const { range, admit } = rangeOf(context, options, after, limit)
    return chain(backend.list(range, call), ({ names, next }) => {
      const slices: Name[][] = []
      for (let i = 0; i < names.length; i += METAS_AT_ONCE) slices.push(names.slice(i, i + METAS_AT_ONCE))
      const read = (slice: Name[]): PromiseOrValue<(Meta | undefined)[]> =>
        all(slice.map((name) => (needsMeta(name) ? backend.readMeta(name, call) : undefined)))
      return chain(mapInOrder(slices, read), (slicesRead) => {
        const metasRead = slicesRead.flat()
        const items = names.flatMap((name, i) => {
          const meta = metasRead[i]
          if (needsMeta(name)) return meta && shows(meta) ? admit(name, meta.key, meta) : []
          return admit(name, nameToKey(name), meta)
        })
        return { items, next }
      })
    })
  }
}

function pageOfEntries(
  ...[context, options, after, limit = ENTRIES_PAGE, call, backend]: Parameters<Fetch<unknown>>
): ReturnType<Fetch<unknown>> {
  const { range, admit } = rangeOf(context, options, after, Math.min(limit, ENTRIES_PAGE))
  return chain(scanEntries(backend, range, call), ({ entries: found, next }) => ({
    items: found.flatMap(([name, { meta, value }]) =>
      isLive(meta) && meta.type !== 'log' ? admit(name, meta.key, value) : [],
    ),
    next,
  }))
}

/** The range of names to look through, and which of what is found there belongs to the listing. */
function rangeOf(
  { scope }: Context,
  { prefix, reverse }: Pick<ListingOptions, 'prefix' | 'reverse'>,
  after: Name | undefined,
  limit: number,
): { range: ListOptions; admit<T>(name: Name, inner: Key | undefined, value: T): Item<T>[] } {
  const { prefix: start, matches } = scope.range(prefix)
  return {
    range: { prefix: start, after, limit, reverse },
    admit(name, inner, value) {
      const key = inner === undefined ? undefined : scope.outer(inner)
      return key !== undefined && matches(key) ? [{ name, key: isolateKey(key), value }] : []
    },
  }
}

function listing<T, Shown>(
  context: Context,
  options: ListingOptions,
  fetch: Fetch<T>,
  show: (item: Item<T>) => Shown,
): Listed<Shown> {
  let after: Name | undefined
  let left = options.limit ?? Infinity
  const page = (): PromiseOrValue<{ shown: Shown[]; done: boolean }> =>
    run(context, options, (call, backend) => {
      if (typeof left !== 'number' || Number.isNaN(left) || left < 0) {
        throw new TypeError(`limit must be a number of items from 0 up, got ${String(left)}.`)
      }
      if (left === 0) return { shown: [], done: true }
      after ??= options.after === undefined ? undefined : keyToName(context.scope.inner(options.after))
      const limit = Number.isFinite(left) ? Math.min(left, NAMES_PAGE) : undefined
      return chain(fetch(context, options, after, limit, call, backend), ({ items, next }) => {
        const shown = items.slice(0, left).map(show)
        left -= shown.length
        after = next
        return { shown, done: next === undefined || left === 0 }
      })
    })
  return options.sync === true ? syncItems(page as () => { shown: Shown[]; done: boolean }) : asyncItems(page)
}

function* syncItems<T>(page: () => { shown: T[]; done: boolean }): Generator<T, undefined> {
  for (let done = false; !done;) {
    const next = page()
    yield* next.shown
    done = next.done
  }
}

async function* asyncItems<T>(page: () => PromiseOrValue<{ shown: T[]; done: boolean }>): AsyncGenerator<T, undefined> {
  for (let done = false; !done;) {
    const next = await page()
    for (const item of next.shown) yield item
    done = next.done
  }
}
