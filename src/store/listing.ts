import type { Backend, Call, ListOptions } from '../base/backend.ts'
import { type Key, type Meta, type Name, isLive } from '../base/entry.ts'
import { type PromiseOrValue, all, chain, repeat } from '../base/promise-or-value.ts'
import { scanEntries } from '../engine/scan.ts'
import { type Context, checkCount, run } from './context.ts'
import { presentMeta } from './meta.ts'
import { isLongName, isolateKey, keyToName, namePrefix, nameToKey } from './names.ts'
import { startsWith, toPrefix } from './scope.ts'
import type { AsyncListing, EntryMeta, ListingOptions } from './types.ts'

/*
 * keys, entries and metas: the names of one range, page by page, as much of each entry as is asked for.
 */

/** Names asked for at a time, and entries: a page of entries holds their values, and may have fewer. */
const NAMES_PAGE = 10_000
const ENTRIES_PAGE = 250
/** Metadata read at a time. */
const METAS_AT_ONCE = 50

/** Keys, and what stands beside each of them; beside keys alone there may be nothing. */
interface Page<T> {
  readonly keys: readonly Key[]
  readonly values: readonly T[]
  readonly next: Name | undefined
}

type Listed<T> = AsyncListing<T> | IterableIterator<T>

export function keys(context: Context, options: ListingOptions = {}): Listed<Key> {
  return listing(context, options, findKeys, (page) => page.keys)
}

export function entries(context: Context, options: ListingOptions = {}): Listed<[Key, unknown]> {
  return listing(context, options, findEntries, ({ keys: found, values }) => found.map((key, i) => [key, values[i]]))
}

export function metas(context: Context, options: ListingOptions = {}): Listed<EntryMeta> {
  return listing(context, options, findMetas, ({ values }) => values.map((meta) => presentMeta(meta, context.scope)))
}

/** Finds what is under a range of names. Where there is no key it is none of the store's. */
type Find<T> = (backend: Backend, call: Call, range: ListOptions) => PromiseOrValue<Found<T>>

interface Found<T> {
  readonly keys: readonly (Key | undefined)[]
  readonly values: readonly T[]
  readonly next?: Name | undefined
}

/** The keys, and the metadata where the name is not enough. */
export const findKeys: Find<Meta | undefined> = findNames(isLongName, () => true)
const findMetas = findNames(() => true, isLive) as Find<Meta>

function findNames(needsMeta: (name: Name) => boolean, shows: (meta: Meta) => boolean): Find<Meta | undefined> {
  return (backend, call, range) =>
    chain(backend.list(range, call), ({ names, next }) => {
      if (!names.some(needsMeta)) return { keys: names.map(nameToKey), values: [], next }
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
        keys: names.map((name, i) => {
          const meta = found[i]
          return needsMeta(name) ? (meta && shows(meta) ? meta.key : undefined) : nameToKey(name)
        }),
        values: found,
        next,
      }))
    })
}

const findEntries: Find<unknown> = (backend, call, range) =>
  chain(
    scanEntries(backend, { ...range, limit: Math.min(range.limit!, ENTRIES_PAGE) }, call),
    ({ entries: found, next }) => ({
      keys: found.map(([, { meta }]) => (isLive(meta) && meta.type !== 'log' ? meta.key : undefined)),
      values: found.map(([, { value }]) => value),
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
  onNext?: (next: Name | undefined) => void,
): PromiseOrValue<Page<T>> {
  const wanted = prefix === undefined ? prefix : toPrefix(prefix)
  const start = scope.start(wanted)
  const range = {
    prefix: start === undefined ? '' : namePrefix(start),
    after,
    limit: Math.min(limit, NAMES_PAGE),
    reverse,
    onNext,
  }
  return chain(find(backend, call, range), ({ keys: found, values, next }) => {
    const page = { keys: [] as Key[], values: [] as T[], next }
    for (let i = 0; i < found.length; i++) {
      const key = scope.outer(found[i])
      if (key === undefined || (wanted !== undefined && !startsWith(key, wanted))) continue
      page.keys.push(typeof key === 'string' ? key : isolateKey(key))
      if (i < values.length) page.values.push(values[i]!)
    }
    return page
  })
}

function listing<T, Shown>(
  context: Context,
  options: ListingOptions,
  find: Find<T>,
  show: (page: Page<T>) => readonly Shown[],
): Listed<Shown> {
  let after: Name | undefined
  let left = options.limit ?? Infinity
  let done = false
  const page: NextPage<Shown> = (onNext) =>
    done
      ? undefined
      : run(context, options, (backend, call) => {
          checkCount('limit', left)
          if (left === 0) return undefined
          after ??= options.after === undefined ? undefined : keyToName(context.scope.inner(options.after))
          let known = false
          const move = (next: Name | undefined): void => {
            if (known) return
            known = true
            after = next
            done = next === undefined
          }
          // How much of a page counts against a limit is only known once it is decoded.
          const early = (next: Name | undefined): void => {
            move(next)
            onNext()
          }
          const found = pageOf(
            find,
            context,
            options,
            after,
            left,
            backend,
            call,
            left === Infinity ? early : undefined,
          )
          return chain(found, (whole) => {
            move(whole.next)
            const shown = show(whole)
            const wanted = shown.length > left ? shown.slice(0, left) : shown
            left -= wanted.length
            done ||= left === 0
            return wanted
          })
        })
  return options.sync === true
    ? syncItems(() => page(() => undefined) as readonly Shown[] | undefined)
    : asyncItems(page)
}

/** The next page; nothing once there is none. `onNext` may be called as soon as the one after it can be asked for. */
type NextPage<T> = (onNext: () => void) => PromiseOrValue<readonly T[] | undefined>

function* syncItems<T>(page: () => readonly T[] | undefined): Generator<T, undefined> {
  for (let items = page(); items; items = page()) yield* items
}

/**
 * A page is read while the one before it is being used, or decoded where somebody waits for that. Written out, because an
 * async generator takes longer for an item than a listing of keys does.
 */
function asyncItems<T>(page: NextPage<T>): AsyncListing<T> {
  let items: readonly T[] = []
  let at = 0
  let ended = false
  let ahead: Promise<readonly T[] | undefined> | undefined
  let awaiting = false
  /** Calls that wait for a page, each for the one before it. */
  let waiting = 0
  let turn: Promise<unknown> = Promise.resolve()

  const readAhead = (): void => {
    ahead = Promise.resolve(page(onNext))
    // Whoever stops listening does not hear of what it fails of.
    ahead.catch(() => undefined)
  }

  const onNext = (): void => {
    if (!awaiting || ended) return
    awaiting = false
    readAhead()
  }

  /** Whether there is an item, once there is a page with one. */
  const load = async (): Promise<boolean> => {
    while (!ended && at === items.length) {
      if (ahead === undefined) readAhead()
      const current = ahead
      ahead = undefined
      awaiting = true
      const found = await current
      awaiting = false
      ended ||= found === undefined
      items = found ?? []
      at = 0
      if (!ended && ahead === undefined) readAhead()
    }
    return !ended
  }

  const inTurn = <R>(task: () => Promise<R>): Promise<R> => {
    waiting++
    const answer = turn.then(async () => {
      try {
        return await task()
      } catch (error) {
        ended = true
        throw error
      } finally {
        waiting--
      }
    })
    turn = answer.catch(() => undefined)
    return answer
  }

  const loadItem = async (): Promise<IteratorResult<T>> =>
    (await load()) ? { done: false, value: items[at++]! } : { done: true, value: undefined }

  const loadAll = async (): Promise<T[]> => {
    const all: T[] = []
    while (await load()) while (at < items.length) all.push(items[at++]!)
    return all
  }

  return {
    next() {
      if (waiting === 0 && at < items.length) return Promise.resolve({ done: false, value: items[at++]! })
      return inTurn(loadItem)
    },
    toArray: () => inTurn(loadAll),
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
