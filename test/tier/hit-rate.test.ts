import { describe, expect, test } from 'vitest'
import { Residents } from '../../src/engine/tier/residents.ts'
import { generator } from './generator.ts'

describe('of names in demand by Zipf (0.99)', () => {
  const KEYS = 100_000
  const names = Array.from({ length: KEYS }, (_, i) => `n${i}`)
  const trace = zipf(KEYS, 0.99, 1_000_000)

  test.each([1, 5, 10])('more are found than by LRU, with room for $0 %', (percent) => {
    const maxEntries = (KEYS * percent) / 100
    const residents = new Residents({ maxEntries })
    const lru = new Lru(maxEntries)
    for (const rank of trace) {
      const name = names[rank]!
      if (!residents.hit(name)) residents.admit(name, 1)
      if (!lru.hit(name)) lru.admit(name)
    }
    const { hits, misses, entries } = residents.stats
    expect([hits + misses, entries]).toEqual([trace.length, maxEntries])
    expect(hits).toBeGreaterThan(lru.hits)
  })
})

class Lru {
  hits = 0
  readonly #names = new Set<string>()
  readonly #max: number

  constructor(max: number) {
    this.#max = max
  }

  hit(name: string): boolean {
    if (!this.#names.delete(name)) return false
    this.#names.add(name)
    this.hits++
    return true
  }

  admit(name: string): void {
    this.#names.add(name)
    if (this.#names.size > this.#max) this.#names.delete(this.#names.values().next().value!)
  }
}

/** Ranks from 0 on, of which the one at `n` is asked for in proportion to 1 / (n + 1) ** s. */
function zipf(ranks: number, s: number, requests: number): Uint32Array {
  const below = generator(1)
  const sums = new Float64Array(ranks)
  let sum = 0
  for (let i = 0; i < ranks; i++) sums[i] = sum += 1 / (i + 1) ** s
  return Uint32Array.from({ length: requests }, () => {
    const wanted = (below(2 ** 32) / 2 ** 32) * sum
    let [low, high] = [0, ranks - 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (sums[middle]! > wanted) high = middle
      else low = middle + 1
    }
    return low
  })
}
