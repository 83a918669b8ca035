import type { Backend, Call, EntriesPage, ListOptions, NamesPage } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import { type PromiseOrValue, chain, mapInOrder } from '../../base/promise-or-value.ts'
import { scanEntries } from '../scan.ts'
import { OUTBOX, isOwn, markOf, visible } from './mark.ts'

/** A page of what readers see of both tiers: what the back has, without what was deleted in front, and what only the front has. */
export function listBoth(front: Backend, back: Backend, asked: ListOptions, call: Call): PromiseOrValue<NamesPage> {
  const options = alone(asked)
  return chain(ownNames(front, options, call), (own) =>
    chain(back.list(options, call), (page) => merged(own, page, options)),
  )
}

/** The same with entries. */
export function scanBoth(front: Backend, back: Backend, asked: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
  const options = alone(asked)
  return chain(ownNames(front, options, call), (own) =>
    chain(front.readMany([...own.shown], call), (found) => {
      const mine = new Map([...own.shown].map((name, i): [Name, Entry | undefined] => [name, found[i]]))
      return chain(scanEntries(back, options, call), (page) => {
        const theirs = new Map(page.entries)
        const { names, next } = merged(own, { names: [...theirs.keys()], next: page.next }, options)
        const entries = names.flatMap((name): [Name, Entry][] => {
          const found = mine.get(name)
          const entry = found ? visible(found) : theirs.get(name)
          return entry ? [[name, entry]] : []
        })
        return { entries, next }
      })
    }),
  )
}

/** A page of what the front has, copies and all, as readers see it. */
export function listFront(front: Backend, options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
  return chain(front.list(options, call), ({ names, next }) =>
    chain(
      mapInOrder(names, (name) => front.readMeta(name, call)),
      (metas) => ({ names: names.filter((_, i) => metas[i] && !markOf(metas[i])?.gone), next }),
    ),
  )
}

/** The same with entries. */
export function scanFront(front: Backend, options: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
  return chain(scanEntries(front, options, call), ({ entries, next }) => ({
    entries: entries.flatMap(([name, entry]): [Name, Entry][] => {
      const seen = visible(entry)
      return seen ? [[name, seen]] : []
    }),
    next,
  }))
}

/** Where a page ends is known when both are there. */
function alone(options: ListOptions): ListOptions {
  return { ...options, onNext: undefined }
}

/** What a page of the front says: names that it has of its own, names that were deleted there, and how far that goes. */
interface OwnNames {
  readonly shown: ReadonlySet<Name>
  readonly gone: ReadonlySet<Name>
  readonly next?: Name | undefined
}

/** Asked for before the back is: what goes there meanwhile is seen in one of them. */
function ownNames(front: Backend, options: ListOptions, call: Call): PromiseOrValue<OwnNames> {
  // Parts that are in front belong to what is.
  const isReserved = options.prefix?.startsWith('~') === true
  return chain(isReserved || hasOwn(front, call), (may) => {
    if (!may) return { shown: new Set<Name>(), gone: new Set<Name>() }
    return chain(front.list(options, call), ({ names, next }) =>
      chain(
        mapInOrder(names, (name) => (isReserved ? undefined : front.readMeta(name, call))),
        (metas) => ({
          shown: new Set(names.filter((_, i) => isReserved || (isOwn(metas[i]) && !markOf(metas[i])?.gone))),
          gone: new Set(names.filter((_, i) => markOf(metas[i])?.gone)),
          next,
        }),
      ),
    )
  })
}

function hasOwn(front: Backend, call: Call): PromiseOrValue<boolean> {
  return chain(front.list({ prefix: OUTBOX, limit: 1 }, call), ({ names }) => names.length > 0)
}

/** Both together, as far as both go. */
function merged(own: OwnNames, back: NamesPage, { reverse = false, limit = Infinity }: ListOptions): NamesPage {
  const isBefore = (a: Name, b: Name): boolean => (reverse ? a > b : a < b)
  const ends = [own.next, back.next].filter((each) => each !== undefined)
  const end = ends.reduce<Name | undefined>((a, b) => (a === undefined || isBefore(b, a) ? b : a), undefined)
  const names = [...new Set([...back.names, ...own.shown])]
    .filter((name) => !own.gone.has(name) && (end === undefined || !isBefore(end, name)))
    .sort()
  if (reverse) names.reverse()
  if (names.length <= limit) return { names, next: end }
  const page = names.slice(0, limit)
  return { names: page, next: page.at(-1) }
}
