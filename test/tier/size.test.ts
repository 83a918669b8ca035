import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry } from '../../src/base/entry.ts'
import { encode } from '../../src/codec/cbor.ts'
import { halfToNumber } from '../../src/codec/kinds.ts'
import { ClojureSymbol, Keyword, Tagged, Uuid } from '../../src/codec/tagged.ts'
import { registerType } from '../../src/codec/types.ts'
import { sizeOf, valueSize } from '../../src/engine/tier/size.ts'
import { anyNumber, anyText, anyValue } from '../codec/arbitraries.ts'

class Money {
  readonly amount: bigint

  constructor(amount: bigint) {
    this.amount = amount
  }
}

class Broken {}

registerType('size.money', {
  test: (value) => value instanceof Money,
  encode: (money: Money): unknown[] => [money.amount, 'EUR'],
  decode: ([amount]) => new Money(amount as bigint),
})
registerType('size.broken', {
  test: (value) => value instanceof Broken,
  encode: () => {
    throw new Error('no')
  },
  decode: () => new Broken(),
})

describe('the size of a value is the length of its CBOR', () => {
  test.each<[string, unknown]>([
    ['a record', { id: 'user:000001', age: 19, score: 1 / 8, active: false, tags: ['ä', '漢', '😀'], zip: null }],
    ['what is empty', [{}, [], '', 0n, -1n, new Map(), new Set(), new Uint8Array(), new ArrayBuffer(), /(?:)/]],
    ['holes and undefined', [Array(3), undefined, { a: undefined }]],
    ['keys that have more than ASCII', { ä: 1, '\ud800': 2, ['k'.repeat(300)]: 3, __proto__x: 4 }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 })],
    [
      'objects of another realm',
      runInNewContext('[[1, "a"], { b: [2] }, new Map([[1, [2]]]), new Set([1]), new Date(5)]'),
    ],
    [
      'arrays and maps as long as their heads',
      [23, 24, 255, 256, 65535, 65536].map((n) => [Array(n).fill(0), entries(n)]),
    ],
    [
      'bytes as long as their heads',
      [23, 24, 255, 256, 65535, 65536].map((n) => [new Uint8Array(n), new ArrayBuffer(n)]),
    ],
    ['bytes that are a part of others', new Uint8Array(100).subarray(10, 20)],
    ['bigints', [23n, 255n, 256n, -256n, -257n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 4096n)]],
    ['dates', [0, 1, 1500, -1, 1.7e12, 8.64e15, -8.64e15 + 1, NaN].map((time) => new Date(time))],
    [
      'errors',
      [new TypeError('ä', { cause: [1] }), new AggregateError([new Error('x')]), Object.assign(new Error(), { a: 1 })],
    ],
    ['tagged', [new Uuid('00000000-0000-0000-0000-000000000000'), new Keyword('a/b'), new ClojureSymbol('ä')]],
    ['tags', [999, 70000, 2 ** 40, 2n ** 63n].map((tag) => new Tagged(tag, [tag]))],
    ['registered types', [new Money(5n), [new Money(2n ** 70n)]]],
  ])('of %s', (_, value) => {
    expectExact(value)
  })

  test('of anything that can be stored', () => {
    fc.assert(fc.property(anyValue, expectExact), { numRuns: 2000 })
  })

  test('of any JSON', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 5 }), expectExact))
  })

  test('of numbers next to all that sixteen bits can be', () => {
    const wrong: number[] = []
    for (let half = 0; half < 0x10000; half++) {
      const value = halfToNumber(half)
      const values = [value, value * (1 + 2 ** -11), value * (1 + 2 ** -23), value * (1 + 2 ** -52), value + 2 ** -25]
      if (valueSize(values) !== encode(values).length) wrong.push(value)
    }
    expect(wrong).toEqual([])
  })

  test('of any numbers and texts', () => {
    const length = fc.constantFrom(0, 31, 32, 1022, 1023, 1024, 2047, 5000)
    const text = fc
      .tuple(length, anyText, length)
      .map(([before, text, after]) => 'a'.repeat(before) + text + 'ä'.repeat(after))
    fc.assert(fc.property(fc.oneof(anyNumber, text), expectExact), { numRuns: 2000 })
  })

  test('of texts whose pairs, and halves of pairs, are anywhere', () => {
    for (let before = 1000; before < 1050; before++) {
      for (const text of ['😀', '\ud83d', '\ude00', '\ud83d\ud83d\ude00', '\ude00\ud83d']) {
        expectExact('a'.repeat(before) + text)
        expectExact('a'.repeat(before) + text.repeat(600))
      }
    }
  })
})

describe('what only the platform can clone counts', () => {
  const near = (size: number): unknown =>
    expect.toSatisfy((found: number) => Math.abs(found - size) < 200, `near ${size}`)

  test('by what it holds', () => {
    expect(valueSize(new Blob([new Uint8Array(10_000)]))).toEqual(near(10_000))
    expect(valueSize({ file: new File(['x'.repeat(5000)], 'x.txt') })).toEqual(near(5000))
    expect(valueSize([new DataView(new ArrayBuffer(3000), 1000)])).toEqual(near(2000))
    expect(
      valueSize(
        new (class Person {
          name = 'x'.repeat(4000)
        })(),
      ),
    ).toEqual(near(4000))
  })

  test('about nothing if nobody knows', async () => {
    const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt'])
    const unknown = [
      key,
      () => 1,
      Symbol('s'),
      new WeakMap(),
      Promise.resolve(1),
      new Proxy({}, {}),
      new SharedArrayBuffer(8),
    ]
    for (const value of unknown) expect(valueSize(value)).toEqual(near(0))
  })

  test('once, however often it occurs, in itself too', () => {
    const shared = { bytes: new Uint8Array(10_000) }
    expect(valueSize([shared, { shared }, new Map([[shared, shared]]), new Set([shared])])).toEqual(near(10_000))
    const cyclic: unknown[] = ['x'.repeat(1000)]
    cyclic.push(cyclic, { cyclic }, new Map([[cyclic, new Set([cyclic])]]))
    expect(valueSize(cyclic)).toEqual(near(1000))
  })

  test('in no time, however it is nested', () => {
    let doubled: unknown = 'x'
    for (let i = 0; i < 100; i++) doubled = [doubled, { doubled }]
    expect(valueSize(doubled)).toEqual(near(1000))
    // As deep as the platform clones arrays.
    let deep: unknown = []
    for (let i = 1; i < 3000; i++) deep = [deep]
    expect(valueSize(deep)).toBe(3000)
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(valueSize(deep)).toBeGreaterThan(100_000)
  })

  test('somehow, if it throws when it is read', () => {
    const unreadable = {
      get broken(): never {
        throw new Error('no')
      },
    }
    const borrowed: unknown = Object.create(Map.prototype)
    for (const value of [unreadable, new Broken(), borrowed, new Tagged(2, 'a')])
      expect(valueSize([value])).toEqual(near(0))
  })
})

test('an entry counts with its key and its metadata', () => {
  const entry = (key: string, value: unknown, custom?: Record<string, unknown>): Entry => ({
    meta: { key, type: 'value', lastWrite: new Date(), ...(custom && { custom }) },
    value,
  })
  const least = sizeOf(entry('', 0))
  expect(least).toBeGreaterThan(100)
  expect(sizeOf(entry('k'.repeat(20), 0))).toBe(least + 20)
  expect(sizeOf(entry('', 'v'.repeat(20)))).toBe(least + 20)
  expect(sizeOf(entry('', 0, { a: 'b' }))).toBe(least + encode({ a: 'b' }).length - 1)
  expect(sizeOf(entry('', new Uint8Array(5000)))).toBe(least + 5000 + 2)
})

function expectExact(value: unknown): void {
  expect(valueSize(value)).toBe(encode(value).length)
}

function entries(count: number): Map<number, number> {
  return new Map(Array.from({ length: count }, (_, i) => [i, 0]))
}
