import type { Name } from '../../base/entry.ts'
import { LimitExceededError } from '../../base/errors.ts'

export interface Bounds {
  readonly maxEntries?: number | undefined
  /** Bytes of all entries together, as `sizeOf` counts them. */
  readonly maxBytes?: number | undefined
  /** Milliseconds for which an entry answers after its admission. */
  readonly ttl?: number | undefined
  /** The time in milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined
}

export interface ResidentStats {
  readonly entries: number
  readonly bytes: number
  readonly hits: number
  readonly misses: number
  /** Entries that have left because there was no room for them. */
  readonly evictions: number
  /** Entries that are pinned. */
  readonly pinned: number
}

/**
 * The books of a bounded front: which names are in it, and which of them leave when it is full. They are within the
 * bounds after every call; whoever keeps the entries does what the answers say.
 *
 * Who leaves is decided by SIEVE (Zhang et al., NSDI 2024; docs/decisions/sieve.md): names stand in the order of their
 * admission, and a hand goes from the oldest to the newest, and round again. It spares those that were asked for since
 * it last came by, and takes the next one.
 */
export class Residents {
  readonly #maxEntries: number
  readonly #maxBytes: number
  readonly #ttl: number
  readonly #now: () => number

  readonly #residents = new Map<Name, Resident>()
  /** The names that are pinned, whether they are there or not. */
  readonly #pins = new Set<Name>()
  /** Closes the ring of those that may leave: the oldest comes after it, the newest before it. */
  readonly #end = new Resident('')
  /** Where the hand is: the next one to be looked at. */
  #hand = this.#end

  #bytes = 0
  #pinned = 0
  #pinnedBytes = 0
  #hits = 0
  #misses = 0
  #evictions = 0

  constructor({ maxEntries = Infinity, maxBytes = Infinity, ttl = Infinity, now = Date.now }: Bounds) {
    this.#maxEntries = maxEntries
    this.#maxBytes = maxBytes
    this.#ttl = ttl
    this.#now = now
  }

  get stats(): ResidentStats {
    return {
      entries: this.#residents.size,
      bytes: this.#bytes,
      hits: this.#hits,
      misses: this.#misses,
      evictions: this.#evictions,
      pinned: this.#pinned,
    }
  }

  /** Whether the front could answer for `name`, if it were asked for. */
  has(name: Name): boolean {
    const found = this.#residents.get(name)
    return found !== undefined && !this.#isPast(found)
  }

  /** Whether the front can answer for `name`, which is being asked for: it is there, and not past its deadline. */
  hit(name: Name): boolean {
    const found = this.#residents.get(name)
    // What is past its deadline will be read again, and is as much in demand.
    if (found) found.visited = true
    const answers = found !== undefined && !this.#isPast(found)
    if (answers) this.#hits++
    else this.#misses++
    return answers
  }

  /**
   * Take a name in, or note its new size and deadline. Answers which names have to leave the front for it: that very
   * one, and no other, if there is no room for it beside the pinned ones.
   *
   * A name that is there already keeps its place, and that it was asked for, if it was: only `hit` shows that the front
   * is of use for it. What is written over and over, and never read, leaves in its turn.
   *
   * @param size whole bytes
   * @param expires when the entry does, in milliseconds since 1970: its deadline, if it comes before the end of `ttl`
   * @throws LIMIT_EXCEEDED if the name is pinned and there is no room: nothing has changed then
   */
  admit(name: Name, size: number, expires: number = Infinity): Name[] {
    const old = this.#residents.get(name)
    if (!this.#fits(name, size, old)) {
      if (old) this.#evict(old)
      return [name]
    }
    const own = old ?? new Resident(name)
    const growth = size - own.size
    const evicted: Name[] = []
    while (this.#bytes + growth > this.#maxBytes || (!old && this.#residents.size === this.#maxEntries)) {
      evicted.push(this.#evict(this.#next(own)))
    }
    if (!old) this.#enter(own)
    own.size = size
    this.#count(own, growth)
    own.deadline = Math.min(this.#now() + this.#ttl, expires)
    return evicted
  }

  /** Whether all of these, with their sizes, could be there and pinned. */
  canPin(sizes: ReadonlyMap<Name, number>): boolean {
    let count = this.#pinned
    let bytes = this.#pinnedBytes
    for (const [name, size] of sizes) {
      const old = this.#pins.has(name) ? this.#residents.get(name) : undefined
      if (!old) count++
      bytes += size - (old?.size ?? 0)
    }
    return count <= this.#maxEntries && bytes <= this.#maxBytes
  }

  /** Let `name` stay, whatever else has to leave; if it is not there, as soon as it comes. */
  pin(name: Name): void {
    this.#move(name, () => this.#pins.add(name))
  }

  /** Let `name` leave in its turn, as if it had come just now. */
  unpin(name: Name): void {
    if (this.#pins.has(name)) this.#move(name, () => this.#pins.delete(name))
  }

  /** `name` has left the front. Whether it is pinned stays as it is. */
  forget(name: Name): void {
    const found = this.#residents.get(name)
    if (found) this.#leave(found)
  }

  /** All names have left the front. */
  clear(): void {
    for (const found of this.#residents.values()) this.#leave(found)
  }

  #isPast({ deadline }: Resident): boolean {
    return deadline !== Infinity && !(deadline > this.#now())
  }

  /** Whether there is room for `name` once all that may leave have left. */
  #fits(name: Name, size: number, old: Resident | undefined): boolean {
    const isPinned = this.#pins.has(name)
    const others = this.#pinned - (isPinned && old ? 1 : 0)
    const otherBytes = this.#pinnedBytes - (isPinned && old ? old.size : 0)
    const fits = others < this.#maxEntries && otherBytes + size <= this.#maxBytes
    if (fits || !isPinned) return fits
    throw new LimitExceededError(
      `There is no room for ${name}, which is pinned: it has ${size} bytes, and ${others} others that are pinned have ` +
        `${otherBytes}. Unpin some of them, or raise maxEntries or maxBytes.`,
    )
  }

  /** Whose turn it is to leave for `own`. There must be another. */
  #next(own: Resident): Resident {
    for (;;) {
      const found = this.#hand
      this.#hand = found.newer
      if (found === this.#end || found === own) continue
      if (!found.visited || this.#isPast(found)) return found
      found.visited = false
    }
  }

  #evict(found: Resident): Name {
    this.#leave(found)
    this.#evictions++
    return found.name
  }

  /** Change whether `name` is pinned. */
  #move(name: Name, change: () => void): void {
    const found = this.#residents.get(name)
    if (found) this.#leave(found)
    change()
    if (found) this.#enter(found)
  }

  /** As the newest, that nobody has asked for. */
  #enter(own: Resident): void {
    this.#residents.set(own.name, own)
    if (this.#pins.has(own.name)) {
      this.#pinned++
    } else {
      own.visited = false
      link(own, this.#end)
    }
    this.#count(own, own.size)
  }

  #leave(own: Resident): void {
    this.#residents.delete(own.name)
    if (this.#hand === own) this.#hand = own.newer
    if (this.#pins.has(own.name)) this.#pinned--
    else unlink(own)
    this.#count(own, -own.size)
  }

  /** `bytes` more, of an entry that is there. */
  #count({ name }: Resident, bytes: number): void {
    this.#bytes += bytes
    if (this.#pins.has(name)) this.#pinnedBytes += bytes
  }
}

class Resident {
  readonly name: Name
  size = 0
  /** From then on the front cannot answer for it. */
  deadline = Infinity
  /** Whether it was asked for since the hand last came by. */
  visited = false
  /** Its neighbours in the ring; itself outside of it. */
  older: Resident = this
  newer: Resident = this

  constructor(name: Name) {
    this.name = name
  }
}

function link(own: Resident, newer: Resident): void {
  const { older } = newer
  own.older = older
  own.newer = newer
  older.newer = newer.older = own
}

function unlink(own: Resident): void {
  const { older, newer } = own
  older.newer = newer
  newer.older = older
  // What is kept must not keep those that have left.
  own.older = own.newer = own
}
