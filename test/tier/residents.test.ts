import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LimitExceededError } from '../../src/base/errors.ts'
import { type Bounds, Residents } from '../../src/engine/tier/residents.ts'
import { generator } from './generator.ts'
import { type Books, Naive } from './naive-residents.ts'

describe('who leaves', () => {
  test('is the oldest, if nobody has asked for any', () => {
    const residents = admitted({ maxEntries: 3 }, 'abc')
    expect(residents.admit('d', 1)).toEqual(['a'])
    expect(residents.admit('e', 1)).toEqual(['b'])
  })

  test('is not who was asked for since the hand last came by', () => {
    const residents = admitted({ maxEntries: 3 }, 'abc')
    residents.hit('a')
    expect(residents.admit('d', 1)).toEqual(['b'])
    expect(residents.admit('e', 1)).toEqual(['c'])
    expect(residents.admit('f', 1)).toEqual(['d'])
    expect(residents.admit('g', 1)).toEqual(['e'])
    // The hand begins anew, and it was spared once for one question.
    residents.hit('f')
    expect(residents.admit('h', 1)).toEqual(['g'])
    expect(residents.admit('i', 1)).toEqual(['a'])
  })

  test('is somebody even if all were asked for', () => {
    const residents = admitted({ maxEntries: 3 }, 'abc')
    for (const name of 'abc') residents.hit(name)
    expect(residents.admit('d', 1)).toEqual(['a'])
  })

  test('are as many as make room for the bytes', () => {
    const residents = new Residents({ maxBytes: 100 })
    for (const name of 'abcd') residents.admit(name, 25)
    expect(residents.admit('e', 60)).toEqual(['a', 'b', 'c'])
    expect(residents.stats).toMatchObject({ entries: 2, bytes: 85, evictions: 3 })
  })

  test('are others when an entry grows, which keeps its place', () => {
    const residents = new Residents({ maxBytes: 30 })
    for (const name of 'abc') residents.admit(name, 10)
    expect(residents.admit('a', 15)).toEqual(['b'])
    expect(residents.stats).toMatchObject({ entries: 2, bytes: 25 })
    expect(residents.admit('d', 5)).toEqual([])
    expect(residents.admit('e', 5)).toEqual(['c'])
    expect(residents.admit('f', 11)).toEqual(['d', 'e'])
    expect(residents.admit('g', 15)).toEqual(['a'])
  })

  test('is who is written over and over, if nobody asks for it', () => {
    const residents = admitted({ maxEntries: 2 }, 'ab')
    residents.hit('b')
    for (let i = 0; i < 5; i++) residents.admit('a', 1)
    expect(residents.admit('c', 1)).toEqual(['a'])
  })

  test('is nobody for an entry that is larger than everything, but that one', () => {
    const residents = new Residents({ maxBytes: 30 })
    for (const name of 'abc') residents.admit(name, 10)
    expect(residents.admit('d', 31)).toEqual(['d'])
    expect(residents.stats).toMatchObject({ entries: 3, bytes: 30, evictions: 0 })
    expect(residents.admit('b', 31)).toEqual(['b'])
    expect(residents.stats).toMatchObject({ entries: 2, bytes: 20, evictions: 1 })
    expect(residents.hit('b')).toBe(false)
    expect(residents.admit('e', 30)).toEqual(['a', 'c'])
  })

  test('has left after forget and clear, too', () => {
    const residents = admitted({ maxEntries: 3 }, 'abc')
    residents.forget('a')
    residents.forget('never there')
    expect(residents.admit('d', 1)).toEqual([])
    expect(residents.admit('e', 1)).toEqual(['b'])
    residents.clear()
    expect(residents.stats).toMatchObject({ entries: 0, bytes: 0, evictions: 1 })
    for (const name of 'abc') expect(residents.admit(name, 1)).toEqual([])
  })

  test('is nobody without bounds', () => {
    const residents = new Residents({})
    for (let i = 0; i < 1000; i++) expect(residents.admit(`n${i}`, 2 ** 40)).toEqual([])
    expect(residents.stats).toMatchObject({ entries: 1000, bytes: 1000 * 2 ** 40 })
  })
})

describe('what is pinned', () => {
  test('never leaves for another', () => {
    const residents = admitted({ maxEntries: 3 }, 'abc')
    residents.pin('a')
    expect('defgh'.split('').flatMap((name) => residents.admit(name, 1))).toEqual(['b', 'c', 'd', 'e', 'f'])
    expect(residents.hit('a')).toBe(true)
    expect(residents.stats).toMatchObject({ entries: 3, pinned: 1 })
  })

  test('may be pinned before it comes, and stays so when it leaves and comes again', () => {
    const residents = new Residents({ maxEntries: 2 })
    residents.pin('a')
    expect(residents.stats.pinned).toBe(0)
    for (const leave of [() => residents.forget('a'), () => residents.clear()]) {
      residents.admit('a', 1)
      expect(residents.stats.pinned).toBe(1)
      for (const name of 'bcd') expect(residents.admit(name, 1)).not.toContain('a')
      leave()
      expect(residents.stats.pinned).toBe(0)
    }
  })

  test('leaves in its turn once it is not pinned any more, as if it had just come', () => {
    const residents = admitted({ maxEntries: 3 }, 'abc')
    residents.hit('a')
    residents.pin('a')
    residents.unpin('a')
    residents.unpin('b')
    expect('def'.split('').flatMap((name) => residents.admit(name, 1))).toEqual(['b', 'c', 'a'])
    residents.unpin('never there')
    expect(residents.stats.pinned).toBe(0)
  })

  test('leaves no room for another that does not fit beside it', () => {
    const residents = new Residents({ maxBytes: 30, maxEntries: 3 })
    residents.pin('a')
    residents.admit('a', 20)
    residents.admit('b', 5)
    expect(residents.admit('c', 11)).toEqual(['c'])
    expect(residents.hit('b')).toBe(true)
    expect(residents.admit('c', 10)).toEqual(['b'])
    for (const name of 'cd') residents.pin(name)
    residents.admit('d', 0)
    expect(residents.admit('e', 0)).toEqual(['e'])
  })

  test('is refused if it does not fit beside the others that are pinned, and nothing has changed', () => {
    const residents = new Residents({ maxBytes: 30, maxEntries: 3 })
    for (const name of 'abcd') residents.pin(name)
    residents.admit('a', 10)
    residents.admit('b', 10)
    residents.admit('x', 10)
    const before = residents.stats
    for (const [name, size] of [
      ['a', 21],
      ['c', 11],
      ['c', 31],
    ] as const) {
      expect(() => residents.admit(name, size)).toThrow(LimitExceededError)
    }
    expect(() => residents.admit('c', 11)).toThrow(
      'There is no room for c, which is pinned: it has 11 bytes, and 2 others that are pinned have 20. Unpin some of them, or raise maxEntries or maxBytes.',
    )
    expect(residents.stats).toEqual(before)
    expect(residents.admit('a', 20)).toEqual(['x'])
    expect(residents.admit('c', 0)).toEqual([])
    expect(() => residents.admit('d', 0)).toThrow(LimitExceededError)
  })
})

describe('a deadline', () => {
  test('is the end of the ttl, or of the entry if that comes first', () => {
    let time = 1000
    const residents = new Residents({ ttl: 100, now: () => time })
    residents.admit('a', 1)
    residents.admit('b', 1, 1050)
    residents.admit('c', 1, 5000)
    const hits = (): boolean[] => ['a', 'b', 'c'].map((name) => residents.hit(name))
    time = 1049
    expect(hits()).toEqual([true, true, true])
    time = 1050
    expect(hits()).toEqual([true, false, true])
    time = 1099
    expect(hits()).toEqual([true, false, true])
    time = 1100
    expect(hits()).toEqual([false, false, false])
    expect(residents.stats).toMatchObject({ entries: 3, hits: 7, misses: 5 })
    residents.admit('a', 1)
    expect(hits()).toEqual([true, false, false])
  })

  test('that has passed spares nobody from the hand, unless it is pinned', () => {
    let time = 0
    const residents = new Residents({ maxEntries: 3, now: () => time })
    residents.pin('a')
    residents.admit('a', 1, 10)
    residents.admit('b', 1)
    residents.admit('c', 1, 10)
    for (const name of 'abc') residents.hit(name)
    time = 10
    expect(residents.admit('d', 1)).toEqual(['c'])
    expect(residents.hit('a')).toBe(false)
  })

  test('that has passed does not make a name less in demand', () => {
    let time = 0
    const residents = new Residents({ maxEntries: 2, ttl: 10, now: () => time })
    residents.admit('a', 1)
    residents.admit('b', 1)
    time = 10
    expect(residents.hit('a')).toBe(false)
    residents.admit('a', 1)
    expect(residents.admit('c', 1)).toEqual(['b'])
  })

  test('that is no time has passed', () => {
    const residents = new Residents({})
    residents.admit('a', 1, NaN)
    expect(residents.hit('a')).toBe(false)
  })
})

test('it answers, and holds, exactly what a naive implementation does', () => {
  const name = fc.constantFrom(...'abcdefgh'.split(''))
  const step = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ admit: name, size: fc.nat(12), expires: fc.option(fc.nat(60), { nil: undefined }) }),
    },
    { weight: 4, arbitrary: fc.record({ hit: name }) },
    fc.record({ pin: name }),
    fc.record({ unpin: name }),
    fc.record({ forget: name }),
    fc.record({ wait: fc.nat(10) }),
    { weight: 1, arbitrary: fc.constant({ clear: true }) },
  )
  const bound = (max: number): fc.Arbitrary<number | undefined> => fc.option(fc.nat(max), { nil: undefined })
  fc.assert(
    fc.property(
      fc.record({ maxEntries: bound(6), maxBytes: bound(40), ttl: bound(40) }),
      fc.array(step, { maxLength: 60, size: 'max' }),
      (bounds, steps) => {
        let time = 0
        const now = (): number => time
        const residents = new Residents({ ...bounds, now })
        const naive = new Naive({ ...bounds, now })
        for (const each of steps) {
          if ('wait' in each) time += each.wait
          else expect(outcome(residents, each)).toEqual(outcome(naive, each))
          const { stats } = residents
          expect(stats).toEqual(naive.stats)
          expect(stats.entries).toBeLessThanOrEqual(bounds.maxEntries ?? Infinity)
          expect(stats.bytes).toBeLessThanOrEqual(bounds.maxBytes ?? Infinity)
        }
      },
    ),
    { numRuns: 500 },
  )
})

test('a million calls at random stay within the bounds, and the answers are all that has to leave', () => {
  const below = generator(1)
  const names = Array.from({ length: 5000 }, (_, i) => `n${i}`)
  const [maxEntries, maxBytes] = [1000, 500_000]
  const residents = new Residents({ maxEntries, maxBytes })
  const front = new Map<string, number>()
  let bytes = 0
  const put = (name: string, size: number): void => {
    bytes += size - (front.get(name) ?? 0)
    front.set(name, size)
  }
  const drop = (name: string): void => {
    bytes -= front.get(name) ?? 0
    front.delete(name)
  }
  const pins: string[] = []
  let [refused, wrong] = [0, 0]
  for (let i = 0; i < 1_000_000; i++) {
    const name = names[below(below(2) ? 500 : 5000)]!
    const chance = below(100)
    if (chance < 60) {
      if (residents.hit(name) !== front.has(name)) wrong++
    } else if (chance < 95) {
      // Most are small, some are half of all, a few are more.
      const size = below(1000) < 990 ? below(1000) : below(600_000)
      try {
        const evicted = residents.admit(name, size)
        put(name, size)
        evicted.forEach(drop)
      } catch {
        refused++
      }
    } else if (chance < 98) {
      residents.forget(name)
      drop(name)
    } else if (pins.length < 50) {
      residents.pin(name)
      pins.push(name)
    } else {
      residents.unpin(pins.shift()!)
    }
    const { stats } = residents
    if (stats.bytes > maxBytes || stats.entries > maxEntries || stats.bytes !== bytes || stats.entries !== front.size)
      wrong++
  }
  expect(wrong).toBe(0)
  expect(refused).toBeGreaterThan(0)
  expect(residents.stats.evictions).toBeGreaterThan(100_000)
})

function admitted(bounds: Bounds, names: string): Residents {
  const residents = new Residents(bounds)
  for (const name of names) residents.admit(name, 1)
  return residents
}

type Step =
  | { admit: string; size: number; expires: number | undefined }
  | { hit: string }
  | { pin: string }
  | { unpin: string }
  | { forget: string }
  | { clear: boolean }

function outcome(books: Books, step: Step): unknown {
  if ('hit' in step) return books.hit(step.hit)
  if ('pin' in step) return books.pin(step.pin)
  if ('unpin' in step) return books.unpin(step.unpin)
  if ('forget' in step) return books.forget(step.forget)
  if ('clear' in step) return books.clear()
  try {
    return books.admit(step.admit, step.size, step.expires)
  } catch (error) {
    return (error as LimitExceededError).code
  }
}
