import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LimitExceededError, UnserializableValueError } from '../../src/base/errors.ts'
import { decode, encode } from '../../src/codec/cbor.ts'
import { clone } from '../../src/codec/clone.ts'
import { ClojureSymbol, Keyword, Tagged, Uuid } from '../../src/codec/tagged.ts'
import { anyDate, anyText, anyValue } from './arbitraries.ts'

const roundTrip = <T>(value: T) => decode(encode(value)) as T

describe('every value comes back as it was', () => {
  test('of any type, nested', () => {
    const comesBack = fc.property(anyValue, (value) => {
      expect(roundTrip(value)).toStrictEqual(value)
    })
    fc.assert(comesBack, { numRuns: 1000 })
  })

  test('deterministically encoded too', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value, { deterministic: true })
        const copy = decode(bytes)
        expect(copy).toEqual(value)
        expect(encode(copy, { deterministic: true })).toStrictEqual(bytes)
      }),
    )
  })

  test('strings with lone surrogates', () => {
    fc.assert(
      fc.property(anyText, (text) => roundTrip(text) === text),
      { numRuns: 2000 },
    )
    for (const text of ['\ud800', 'x'.repeat(100) + '\udfff', '\udc00\ud800', '\ud83d\ude00\ud83d', '\ud800\uffee']) {
      expect(roundTrip(text)).toBe(text)
      expect(roundTrip({ [text]: text })).toStrictEqual({ [text]: text })
    }
  })

  test('dates to the millisecond, to both ends of time', () => {
    fc.assert(
      fc.property(anyDate, (date) => Object.is(roundTrip(date).getTime(), date.getTime())),
      { numRuns: 5000 },
    )
    for (const time of [8.64e15, -8.64e15, 8.64e15 - 1, 1 - 8.64e15, -1, 1, 999, 0, NaN, 1700000000123]) {
      expect(roundTrip(new Date(time)).getTime()).toBe(time)
    }
  })

  test('the sources and flags of regular expressions', () => {
    for (const regExp of [/a\/b/, /x/giu, new RegExp(''), new RegExp('[a--b]', 'v')]) {
      expect(String(roundTrip(regExp))).toBe(String(regExp))
    }
    expect(roundTrip(Object.assign(/a/g, { lastIndex: 3 })).lastIndex).toBe(0)
  })

  test('errors with their class, name, message, stack, cause and errors', () => {
    const cause = new RangeError('beneath')
    const error = new AggregateError([new TypeError('one'), 2], 'several', { cause })
    const copy = roundTrip(error)
    expect(copy).toBeInstanceOf(AggregateError)
    expect(copy.name).toBe('AggregateError')
    expect(copy.message).toBe('several')
    expect(copy.stack).toBe(error.stack)
    expect(copy.cause).toBeInstanceOf(RangeError)
    expect(copy.errors[0]).toBeInstanceOf(TypeError)
    expect(copy.errors[1]).toBe(2)
    expect(Object.keys(copy)).toStrictEqual([])
    expect(Object.hasOwn(roundTrip(new Error('x')), 'cause')).toBe(false)
    expect(roundTrip(new Error('x', { cause: undefined }))).toHaveProperty('cause', undefined)
  })

  test('errors with a name of their own', () => {
    const error = new Error('x')
    error.name = 'PaymentError'
    const copy = roundTrip(error)
    expect(copy.name).toBe('PaymentError')
    expect(Object.getPrototypeOf(copy)).toBe(Error.prototype)
    expect(Object.keys(copy)).toStrictEqual([])
  })

  test('holes of arrays become undefined, null prototypes plain', () => {
    // oxlint-disable-next-line no-sparse-arrays
    expect(roundTrip([1, , 3])).toStrictEqual([1, undefined, 3])
    expect(roundTrip(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 })
  })

  test('what is no part of a value is left out', () => {
    const hidden = Object.defineProperty({ a: 1, [Symbol('s')]: 2 }, 'hidden', { value: 3, enumerable: false })
    expect(roundTrip(hidden)).toStrictEqual({ a: 1 })
    expect(roundTrip(Object.assign([1], { extra: 2 }))).toStrictEqual([1])
  })

  test('undefined properties are kept', () => {
    expect(Object.keys(roundTrip({ a: undefined }))).toStrictEqual(['a'])
  })

  test('keys of a Map that are equal but not the same stay two', () => {
    expect(
      roundTrip(
        new Map([
          [{}, 1],
          [{}, 2],
        ]),
      ).size,
    ).toBe(2)
    expect([
      ...roundTrip(
        new Map<unknown, number>([
          [1, 1],
          [1n, 2],
          ['1', 3],
        ]),
      ).keys(),
    ]).toStrictEqual([1, 1n, '1'])
  })

  test("Clojure's keywords, symbols and UUIDs", () => {
    expect(roundTrip(new Keyword('user/name'))).toStrictEqual(new Keyword('user/name'))
    expect(roundTrip(new ClojureSymbol('user/name'))).toStrictEqual(new ClojureSymbol('user/name'))
    const uuid = new Uuid('0F8FAD5B-D9CB-469F-A165-70867728950E')
    expect(roundTrip(uuid).toString()).toBe('0f8fad5b-d9cb-469f-a165-70867728950e')
    expect(encode(uuid).length).toBe(19)
    expect(() => new Uuid('x')).toThrow(TypeError)
    expect(() => new ClojureSymbol(':x')).toThrow(TypeError)
  })

  test('tags up to 2^64-1', () => {
    for (const tag of [0, 23, 24, 70000, 2 ** 40, 2n ** 64n - 1n]) {
      expect(roundTrip(new Tagged(tag, ['x']))).toStrictEqual(new Tagged(tag, ['x']))
    }
    expect(new Tagged(5n, 0).tag).toBe(5)
    expect(() => new Tagged(2n ** 64n, 0)).toThrow(TypeError)
    expect(() => new Tagged(-1, 0)).toThrow(TypeError)
  })

  test('large texts, bytes and arrays', () => {
    const text = 'aé水😀'.repeat(300_000)
    expect(roundTrip(text) === text).toBe(true)
    const bytes = new Uint8Array(3_000_000).map((_, i) => i * 7)
    const copy = roundTrip({ bytes, after: 'x' })
    expect(copy.after).toBe('x')
    expect(copy.bytes.every((byte, i) => byte === bytes[i])).toBe(true)
    const encoded = encode(bytes)
    expect(encoded.buffer.byteLength).toBe(encoded.length)
    expect(encode('still small')).toStrictEqual(encode('still small'))
  })

  test('objects of many keys', () => {
    const object = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`key ${i}`, i]))
    expect(roundTrip(object)).toStrictEqual(object)
    for (let i = 0; i < 5000; i++)
      expect(roundTrip({ [`only ${i}`]: i, b: i })).toStrictEqual({ [`only ${i}`]: i, b: i })
  })
})

describe('a value that is read shares no memory', () => {
  test('bytes and typed arrays have buffers of their own, exact and aligned', () => {
    const bytes = encode(['x', new Uint8Array([1, 2]), new Float64Array([1.5]), new Uint8Array([3]).buffer])
    const [, small, doubles, buffer] = decode(bytes) as [string, Uint8Array, Float64Array, ArrayBuffer]
    bytes.fill(0)
    expect(small).toStrictEqual(new Uint8Array([1, 2]))
    expect(small.buffer.byteLength).toBe(2)
    expect(doubles).toStrictEqual(new Float64Array([1.5]))
    expect(doubles.buffer.byteLength).toBe(8)
    expect(new Uint8Array(buffer)).toStrictEqual(new Uint8Array([3]))
  })

  test('the bytes of one encode survive the next', () => {
    const first = encode({ a: 'first' })
    encode({ b: 'the second, longer one' })
    expect(decode(first)).toStrictEqual({ a: 'first' })
    expect(first.buffer.byteLength).toBe(first.length)
  })

  test('a view is stored without the rest of its buffer, from any offset', () => {
    const view = new Uint8Array([0, 1, 2, 3, 4]).subarray(1, 4)
    expect(roundTrip(view)).toStrictEqual(new Uint8Array([1, 2, 3]))
    const padded = new Uint8Array([9, ...encode({ a: [1, 'b'] }), 9])
    expect(decode(padded.subarray(1, -1))).toStrictEqual({ a: [1, 'b'] })
  })
})

describe('what cannot be stored', () => {
  class Foo {
    a = 1
  }
  class FooMap extends Map {}
  class FooError extends Error {}
  const cyclic: Record<string, unknown> = { list: [1] }
  ;(cyclic['list'] as unknown[]).push({ again: cyclic })
  const cyclicMap = new Map<string, unknown>()
  cyclicMap.set('me', cyclicMap)
  const throwing = {
    fine: 1,
    get broken(): number {
      throw new Error('no')
    },
  }
  const cases: [name: string, value: unknown, reason: string, path: (string | number)[]][] = [
    ['a function', () => 1, 'a function', []],
    ['a symbol', { a: [Symbol('x')] }, 'a symbol', ['a', 0]],
    ['a class instance', { a: { 'b c': [1, { x: 1, d: new Foo() }] } }, 'an instance of Foo', ['a', 'b c', 1, 'd']],
    ['a subclass of Map', [new FooMap()], 'an instance of FooMap', [0]],
    ['a subclass of Error', [new FooError()], 'an instance of FooError', [0]],
    ['a boxed primitive', { n: new Number(1) }, 'an instance of Number', ['n']],
    ['a promise', { p: Promise.resolve() }, 'an instance of Promise', ['p']],
    ['a WeakMap', new WeakMap(), 'an instance of WeakMap', []],
    ['a DataView', [new DataView(new ArrayBuffer(1))], 'an instance of DataView', [0]],
    ['an object with a lent prototype', [{}, Object.create(Array.prototype)], 'an instance of Array', [1]],
    ['a false Map', { m: Object.create(Map.prototype) }, 'throws when it is read', ['m']],
    ['a cycle', { root: cyclic }, 'a cyclic reference', ['root', 'list', 1, 'again']],
    ['a Map in itself', cyclicMap, 'a cyclic reference', ['me']],
    [
      'a value of a Map',
      {
        m: new Map<unknown, unknown>([
          ['x', 1],
          [5, Symbol()],
        ]),
      },
      'a symbol',
      ['m', 5],
    ],
    ['a value under a bigint', new Map([[7n, Symbol()]]), 'a symbol', ['7n']],
    ['an item of a Set', { s: new Set([1, () => 1]) }, 'a function', ['s', 1]],
    ['a key of a Map', new Map([[{ f: () => 1 }, 1]]), 'a function', ['[object Object]', 'f']],
    ['a cause', { e: new Error('x', { cause: { f: () => 1 } }) }, 'a function', ['e', 'cause', 'f']],
    ['a throwing getter', { list: [throwing] }, 'throws when it is read (no)', ['list', 0, 'broken']],
    ['a Tagged of a known tag', [new Tagged(1, 5)], 'a Tagged with tag 1', [0]],
    ['what a Tagged holds', { t: new Tagged(1000, [Symbol()]) }, 'a symbol', ['t', 0]],
  ]
  for (const [operation, fn] of [
    ['encode', encode],
    ['clone', clone],
  ] as const) {
    for (const [name, value, reason, path] of cases) {
      test(`${operation} refuses ${name} and says where`, () => {
        let error: unknown
        try {
          fn(value)
        } catch (thrown) {
          error = thrown
        }
        expect(error).toBeInstanceOf(UnserializableValueError)
        expect(error).toMatchObject({ code: 'UNSERIALIZABLE_VALUE', path })
        expect((error as Error).message).toContain(reason)
        expect(fn({ after: [1] })).toBeTruthy()
      })
    }

    test(`${operation} keeps what a getter threw as the cause`, () => {
      const cause = new UnserializableValueError('another', ['elsewhere'])
      const value = {
        get a(): never {
          throw cause
        },
      }
      expect(() => fn(value)).toThrow(expect.objectContaining({ cause, path: ['a'] }))
    })

    test(`${operation} refuses shared memory`, () => {
      // Pages that are not isolated have no SharedArrayBuffer by name.
      const shared = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer
      expect(() => fn(shared)).toThrow(UnserializableValueError)
      expect(() => fn([new Uint8Array(shared)])).toThrow(expect.objectContaining({ path: [0] }))
    })

    test(`${operation} refuses a buffer that was transferred`, () => {
      const bytes = new Uint8Array(8)
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
      expect(() => fn(bytes)).toThrow(UnserializableValueError)
      expect(() => fn(bytes.buffer)).toThrow(UnserializableValueError)
    })

    test(`${operation} takes the same object twice, if it is not inside itself`, () => {
      const twice = { a: 1 }
      expect(() => fn({ x: twice, y: [twice, twice] })).not.toThrow()
    })

    test(`${operation} stops at the depth limit, never on the stack`, () => {
      let nested: unknown = []
      for (let i = 1; i < 512; i++) nested = i % 2 ? [nested] : { a: nested }
      expect(() => fn(nested)).not.toThrow()
      expect(() => fn([nested])).toThrow(LimitExceededError)
      for (let i = 0; i < 100_000; i++) nested = [nested]
      expect(() => fn(nested)).toThrow(LimitExceededError)
      expect(() => fn(nested, { limits: { depth: Infinity } })).toThrow(LimitExceededError)
      expect(() => fn([[1]], { limits: { depth: 1 } })).toThrow(LimitExceededError)
      expect(() => fn([1], { limits: { depth: 1 } })).not.toThrow()
    })
  }

  test('more bytes than the limit', () => {
    const limits = { bytes: 100 }
    expect(encode('x'.repeat(98), { limits }).length).toBe(100)
    for (const value of ['x'.repeat(99), new Uint8Array(99), Array.from({ length: 100 }, () => 1), 'é'.repeat(60)]) {
      expect(() => encode(value, { limits })).toThrow(LimitExceededError)
    }
    expect(() =>
      encode(
        Array.from({ length: 100_000 }, () => 'text'),
        { limits },
      ),
    ).toThrow(LimitExceededError)
    // The first is ours; engines other than V8 make no bigint of this size.
    expect(() => encode(1n << (8n * 1024n * 1024n + 1n))).toThrow(
      /bytes in a bigint|BigInt is too large|BigInt .* too big/,
    )
  })
})

test('whatever is encoded within a depth limit is decoded within it', () => {
  fc.assert(
    fc.property(anyValue, fc.integer({ min: 0, max: 6 }), (value, depth) => {
      let bytes: Uint8Array
      try {
        bytes = encode(value, { limits: { depth } })
      } catch (error) {
        expect(error).toBeInstanceOf(LimitExceededError)
        expect(() => clone(value, { limits: { depth } })).toThrow(LimitExceededError)
        return
      }
      expect(decode(bytes, { limits: { depth } })).toStrictEqual(clone(value, { limits: { depth } }))
    }),
    { numRuns: 500 },
  )
})
