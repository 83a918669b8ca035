import type { Call, ListOptions, Notice } from '../../base/backend.ts'
import type { Entry, Meta, Name } from '../../base/entry.ts'
import { type PromiseOrValue, chain } from '../../base/promise-or-value.ts'
import { scanEntries } from '../scan.ts'
import type { TierContext } from './context.ts'
import { isOwn, markOf, visible, withMark } from './mark.ts'
import type { Copied, CopiedPage } from './populate.ts'

/** A read of the back that is under way. */
interface Flight {
  readonly entry: Promise<Entry | undefined>
  readonly lease: Lease
}

/** The right to keep what was read, until it is revoked because that may have changed. */
interface Lease {
  isOver: boolean
}

/** A read of the back that keeps no order with writes. */
interface Pass {
  /** Names of which it may have read what is not there any more. */
  readonly changed: Set<Name>
  /** All of them. */
  isOver: boolean
}

/** Reads of the front, and where that has nothing, of the back: once for all who miss a name at the same time. */
export class Reading {
  readonly #context: TierContext
  readonly #flights = new Map<Name, Flight>()
  readonly #passes = new Set<Pass>()
  /** Entries that were asked for and were in front, and those that were not. */
  hits = 0
  misses = 0

  constructor(context: TierContext) {
    this.#context = context
  }

  /** What readers see of each name. */
  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    const { front, asksBack } = this.#context
    return chain(front.readMany(names, call), (found) => {
      const seen = found.map((entry) => entry && visible(entry))
      const missing = asksBack(call) ? names.filter((_, i) => !found[i]) : []
      this.misses += missing.length
      this.hits += names.length - missing.length
      if (missing.length === 0) return seen
      return chain(this.ask(missing, call), (entries) => filled(seen, (i) => !found[i], entries))
    })
  }

  /** Copy names that the front does not have, or, anew, those of which it has no more than a copy. */
  copy(names: readonly Name[], isAnew: boolean, call: Call): PromiseOrValue<Copied> {
    const { front } = this.#context
    return chain(front.readMany(names, call), (found) => {
      const seen = found.map((entry) => entry && visible(entry))
      const isWanted = (i: number): boolean => !found[i] || (isAnew && !isOwn(found[i]?.meta))
      const wanted = names.filter((_, i) => isWanted(i))
      for (const name of isAnew ? wanted : []) {
        this.outdate(name)
        void front.forget(name)
      }
      return chain(this.ask(wanted, call), (entries) => ({
        entries: filled(seen, isWanted, entries),
        read: wanted.length,
      }))
    })
  }

  /**
   * A page of the back, with its values, for the front: what that does not have, or, anew, has no more than a copy of. Of what
   * changes meanwhile nothing is kept. `inOrder` runs a task in the order of its names.
   */
  async copyPage(
    range: ListOptions,
    isAnew: boolean,
    call: Call,
    inOrder: (names: readonly Name[], task: () => PromiseOrValue<number>) => PromiseOrValue<number>,
  ): Promise<CopiedPage> {
    const { front, back } = this.#context
    const pass: Pass = { changed: new Set(), isOver: false }
    const isCurrent = (name: Name): boolean => !pass.isOver && !pass.changed.has(name)
    this.#passes.add(pass)
    try {
      const { entries, next } = await scanEntries(back, range, call)
      call.signal?.throwIfAborted()
      const names = entries.map(([name]) => name)
      const keep = (found: readonly (Entry | undefined)[]): PromiseOrValue<number> => {
        const isWanted = ([name]: readonly [Name, Entry], i: number): boolean =>
          isCurrent(name) && (!found[i] || (isAnew && !isOwn(found[i].meta)))
        const wanted = entries.filter(isWanted)
        const there = new Map<Name, Entry>()
        found.forEach((entry, i) => entry && there.set(names[i]!, entry))
        const kept = this.#keepAll(wanted, { ...call, gives: true }, isCurrent, pass, there)
        return chain(kept, () => wanted.length)
      }
      const read = await inOrder(names, () => chain(front.readMany(names, call), keep))
      return { seen: entries.length, read, next }
    } finally {
      this.#passes.delete(pass)
    }
  }

  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined> {
    const { front, misses, asksBack, askBack } = this.#context
    return chain(front.readMeta(name, call), (meta) => {
      if (meta) return markOf(meta) ? visible({ meta, value: undefined })?.meta : meta
      return asksBack(call) && !misses.has(name) ? askBack(call, (back) => back.readMeta(name, call)) : undefined
    })
  }

  /** What the back has, of names that it may have. */
  ask(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    const { misses, askBack, copied } = this.#context
    const isMissing = names.map((name) => misses.has(name))
    const asked = names.filter((_, i) => !isMissing[i])
    if (asked.length === 0) return names.map(() => undefined)
    const entries = call.sync
      ? askBack(call, () => this.#fetch(asked, call, []))
      : this.#share(asked).then((shared) => shared.map(copied))
    return chain(entries, (found) =>
      filled(
        names.map(() => undefined),
        (i) => !isMissing[i],
        found,
      ),
    )
  }

  /** What is known of a name, and what is being read of it, may be of before a change: whoever comes now reads again. */
  outdate(name: Name): void {
    this.#context.misses.delete(name)
    for (const { changed } of this.#passes) changed.add(name)
    const flight = this.#flights.get(name)
    if (flight === undefined) return
    flight.lease.isOver = true
    this.#flights.delete(name)
  }

  /** The same of what a notice is about. */
  outdateBy(notice: Notice): void {
    if (notice.type === 'resync') this.#outdateAll()
    else this.outdate(notice.name)
  }

  #outdateAll(): void {
    this.#context.misses.clear()
    for (const pass of this.#passes) pass.isOver = true
    for (const name of Array.from(this.#flights.keys())) this.outdate(name)
  }

  /** Read names of the back, and let the front have them as long as they are leased. */
  #fetch(names: readonly Name[], call: Call, leases: readonly Lease[]): PromiseOrValue<(Entry | undefined)[]> {
    const { back, misses } = this.#context
    return chain(back.readMany(names, call), (found) => {
      const kept: [Name, Entry][] = []
      const leaseOf = new Map<Name, Lease>()
      found.forEach((entry, i) => {
        const [name, lease] = [names[i]!, leases[i]]
        if (lease?.isOver) return
        if (lease) leaseOf.set(name, lease)
        if (entry) kept.push([name, entry])
        else misses.add(name)
      })
      return chain(
        this.#keepAll(kept, call, (name) => leaseOf.get(name)?.isOver !== true),
        () => found,
      )
    })
  }

  /** Let the front have what was read. What is told from now on is forgotten after this. */
  #keepAll(
    entries: readonly (readonly [Name, Entry])[],
    call: Call,
    isCurrent: (name: Name) => boolean,
    own?: Pass,
    there?: ReadonlyMap<Name, Entry>,
  ): PromiseOrValue<void> {
    const { front, isCacheable, seesConflicts } = this.#context
    const copies: [Name, Entry][] = []
    for (const [name, entry] of entries) {
      if (!isCacheable(entry)) continue
      copies.push([name, seesConflicts ? withMark(entry, { base: entry.version }) : entry])
      // It is newer than what others may be about to keep.
      for (const pass of this.#passes) if (pass !== own) pass.changed.add(name)
    }
    const [first] = copies
    if (first === undefined) return
    return copies.length === 1 ? front.keep(...first, call) : front.keepAll(copies, call, isCurrent, there)
  }

  /** The same, each name only once for all who ask meanwhile; they get the same objects, which may be the front's. */
  #share(names: readonly Name[]): Promise<(Entry | undefined)[]> {
    const fresh = names.filter((name) => !this.#flights.has(name))
    if (fresh.length > 0) {
      const leases = fresh.map((): Lease => ({ isOver: false }))
      const found = Promise.resolve(this.#fetch(fresh, { sync: false, gives: true }, leases))
      fresh.forEach((name, i) => {
        const lease = leases[i]!
        const over = (): void => {
          if (this.#flights.get(name)?.lease === lease) this.#flights.delete(name)
        }
        const entry = found.then((entries) => entries[i])
        entry.then(over, over)
        this.#flights.set(name, { entry, lease })
      })
    }
    return Promise.all(names.map((name) => this.#flights.get(name)!.entry))
  }
}

/** What is known, with the rest in the places where it is missing. */
function filled(
  known: readonly (Entry | undefined)[],
  isMissing: (i: number) => boolean,
  rest: readonly (Entry | undefined)[],
): (Entry | undefined)[] {
  const left = rest.values()
  return known.map((entry, i) => (isMissing(i) ? left.next().value : entry))
}
