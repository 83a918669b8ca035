import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../src/codec/cbor.ts'
import { clone, copyAgain, freeze, partKeys } from '../../src/codec/clone.ts'
import { ClojureSymbol, Keyword, Tagged, Uuid } from '../../src/codec/tagged.ts'
import { anyValue } from './arbitraries.ts'

describe('clone', () => {
  test('gives what decoding the encoded value gives', () => {
    const isSame = fc.property(anyValue, (value) => {
      expect(clone(value)).toStrictEqual(decode(encode(value)))
      expect(encode(clone(value))).toStrictEqual(encode(value))
    })
    fc.assert(isSame, { numRuns: 1000 })
  })

  test('shares nothing that can change', () => {
    fc.assert(fc.property(anyValue, (value) => sharedParts(value, clone(value)).length === 0))
  })

  test('leaves out what is no part of a value', () => {
    const symbol = Symbol('s')
    expect(Reflect.ownKeys(clone({ a: 1, [symbol]: { b: 1 } }))).toStrictEqual(['a'])
    expect(Object.keys(clone(Object.assign([1], { extra: 2 })))).toStrictEqual(['0'])
    expect(clone(Object.assign(/a/g, { lastIndex: 3 })).lastIndex).toBe(0)
    // oxlint-disable-next-line no-sparse-arrays
    expect(clone([1, , 3])).toStrictEqual([1, undefined, 3])
  })

  test('reads getters once and keeps an own __proto__', () => {
    let reads = 0
    const value = {
      get a() {
        return ++reads
      },
    }
    expect(clone(value)).toStrictEqual({ a: 1 })
    const object = JSON.parse('{"__proto__":{"x":[1]}}') as object
    const copy = clone(object)
    expect(Object.getPrototypeOf(copy)).toBe(Object.prototype)
    expect(copy).toStrictEqual(object)
    expect(sharedParts(object, copy)).toStrictEqual([])
  })

  test('takes only the part of a buffer that a view shows', () => {
    const copy = clone(new Uint16Array(new Uint16Array([1, 2, 3, 4]).buffer, 2, 2))
    expect(copy).toStrictEqual(new Uint16Array([2, 3]))
    expect(copy.buffer.byteLength).toBe(4)
  })
})

describe('copyAgain', () => {
  const copies: Readonly<Record<string, (cloned: unknown) => unknown>> = {
    'copies what was cloned': (cloned) => copyAgain(cloned),
    'copies it by the keys of its parts': (cloned) => copyAgain(cloned, partKeys(cloned)),
  }
  test.each(Object.entries(copies))('%s, and shares nothing that can change', (_, copy) => {
    const isApart = fc.property(anyValue, (value) => {
      const cloned = clone(value)
      const again = copy(cloned)
      expect(again).toStrictEqual(cloned)
      expect(encode(again)).toStrictEqual(encode(cloned))
      expect(sharedParts(cloned, again)).toStrictEqual([])
    })
    fc.assert(isApart, { numRuns: 1000 })
    const object = clone(JSON.parse('{"__proto__":{"x":[{"__proto__":[1]}]},"a":[null,{}]}') as object)
    const again = copy(object)
    expect(Object.getPrototypeOf(again)).toBe(Object.prototype)
    expect(again).toStrictEqual(object)
    expect(sharedParts(object, again)).toStrictEqual([])
  })

  test('thaws what is frozen', () => {
    const frozen = clone({ a: [{ b: 1 }] })
    freeze(frozen)
    const copy = copyAgain(frozen)
    copy.a[0]!.b = 2
    expect([copy.a, frozen.a]).toStrictEqual([[{ b: 2 }], [{ b: 1 }]])
  })

  test('takes nothing from a prototype', () => {
    const extended = Object.prototype as { extra?: object | undefined }
    Object.defineProperty(extended, 'extra', { value: {}, enumerable: true, configurable: true, writable: true })
    try {
      expect(Object.keys(copyAgain(clone({ a: {} })))).toStrictEqual(['a'])
    } finally {
      delete extended.extra
    }
  })
})

describe('freeze', () => {
  test('freezes plain data all the way down and says so', () => {
    const value = {
      a: [{ b: 1, c: null }, 'x', undefined],
      d: 1n,
      e: new Keyword('k'),
      f: [new Uuid(ID), new ClojureSymbol('s')],
    }
    expect(freeze(value)).toBe(true)
    expect(Object.isFrozen(value) && Object.isFrozen(value.a) && Object.isFrozen(value.a[0])).toBe(true)
    expect(freeze(new Tagged(1000, [1]))).toBe(true)
    for (const primitive of [1, 'x', null, undefined, true, 1n]) expect(freeze(primitive)).toBe(true)
  })

  const mutable = [
    new Map(),
    new Set(),
    new Date(),
    new Uint8Array(1),
    new ArrayBuffer(1),
    /x/,
    new URL('http://a/'),
    new Error('x'),
  ]
  for (const value of mutable) {
    test(`answers false for a ${value.constructor.name}, wherever it is`, () => {
      expect(freeze(value)).toBe(false)
      expect(freeze({ a: [value] })).toBe(false)
      expect(freeze(new Tagged(1000, value))).toBe(false)
    })
  }

  test('answers false for an instance of a class', () => {
    class Foo {}
    expect(freeze([new Foo()])).toBe(false)
  })

  test('answers true only if no part can change', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const copy = clone(value)
        return !freeze(copy) || parts(copy).every((part) => Object.isFrozen(part))
      }),
    )
  })
})

const ID = '0f8fad5b-d9cb-469f-a165-70867728950e'

function parts(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return []
  const inner =
    value instanceof Map
      ? [...value].flat(1)
      : value instanceof Set
        ? [...value]
        : ArrayBuffer.isView(value)
          ? [value.buffer]
          : value instanceof Error
            ? [value.cause]
            : Object.values(value)
  return [value, ...inner.flatMap(parts)]
}

function sharedParts(a: unknown, b: unknown): object[] {
  const ofA = new Set(parts(a))
  return parts(b).filter((part) => ofA.has(part) && !Object.isFrozen(part))
}
