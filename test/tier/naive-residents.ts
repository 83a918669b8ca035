import { LimitExceededError } from '../../src/base/errors.ts'
import type { Bounds, ResidentStats, Residents } from '../../src/engine/tier/residents.ts'

export type Books = Pick<Residents, 'hit' | 'admit' | 'pin' | 'unpin' | 'forget' | 'clear'>

interface Known {
  name: string
  size: number
  deadline: number
  visited: boolean
}

/** The same without a linked list and without sums: all is looked for, and added up, whenever it is needed. */
export class Naive implements Books {
  readonly bounds: Required<Bounds>
  /** Those that may leave, from the oldest to the newest. */
  ring: Known[] = []
  /** The one that the hand looks at next; the oldest, if it is none. */
  hand: Known | undefined
  pinned: Known[] = []
  pins: string[] = []
  counts = { hits: 0, misses: 0, evictions: 0 }

  constructor({ maxEntries, maxBytes, ttl, now }: Bounds) {
    this.bounds = { maxEntries: maxEntries ?? Infinity, maxBytes: maxBytes ?? Infinity, ttl: ttl ?? Infinity, now }
  }

  get stats(): ResidentStats {
    const all = [...this.ring, ...this.pinned]
    return { entries: all.length, bytes: bytesOf(all), pinned: this.pinned.length, ...this.counts }
  }

  find(name: string): Known | undefined {
    return [...this.ring, ...this.pinned].find((each) => each.name === name)
  }

  isLive({ deadline }: Known): boolean {
    return deadline > this.bounds.now!()
  }

  hit(name: string): boolean {
    const found = this.find(name)
    if (found) found.visited = true
    const answers = found !== undefined && this.isLive(found)
    this.counts[answers ? 'hits' : 'misses']++
    return answers
  }

  admit(name: string, size: number, expires = Infinity): string[] {
    const old = this.find(name)
    const fitsBeside = (known: Known[]): boolean => {
      const others = known.filter((each) => each !== old)
      return others.length < this.bounds.maxEntries! && bytesOf(others) + size <= this.bounds.maxBytes!
    }
    if (!fitsBeside(this.pinned)) {
      if (this.pins.includes(name)) throw new LimitExceededError('')
      if (old) this.evict(old)
      return [name]
    }
    const evicted: string[] = []
    while (!fitsBeside([...this.ring, ...this.pinned])) evicted.push(this.evict(this.next(old)))
    const own = old ?? { name, size, deadline: 0, visited: false }
    if (!old) this.enter(own)
    own.size = size
    own.deadline = Math.min(this.bounds.now!() + this.bounds.ttl!, expires)
    return evicted
  }

  next(own: Known | undefined): Known {
    for (;;) {
      const found = this.hand ?? this.ring[0]!
      this.hand = this.ring[this.ring.indexOf(found) + 1]
      if (found !== own && (!found.visited || !this.isLive(found))) return found
      if (found !== own) found.visited = false
    }
  }

  evict(found: Known): string {
    this.forget(found.name)
    this.counts.evictions++
    return found.name
  }

  enter(own: Known): void {
    if (this.pins.includes(own.name)) this.pinned.push(own)
    else this.ring.push(own)
  }

  pin(name: string): void {
    const found = this.find(name)
    this.forget(name)
    this.pins.push(name)
    if (found) this.enter(found)
  }

  unpin(name: string): void {
    if (!this.pins.includes(name)) return
    const found = this.find(name)
    this.forget(name)
    this.pins = this.pins.filter((each) => each !== name)
    if (found) this.enter({ ...found, visited: false })
  }

  forget(name: string): void {
    const found = this.find(name)
    if (found && found === this.hand) this.hand = this.ring[this.ring.indexOf(found) + 1]
    this.ring = this.ring.filter((each) => each !== found)
    this.pinned = this.pinned.filter((each) => each !== found)
  }

  clear(): void {
    this.ring = []
    this.hand = undefined
    this.pinned = []
  }
}

function bytesOf(all: readonly Known[]): number {
  return all.reduce((bytes, { size }) => bytes + size, 0)
}
