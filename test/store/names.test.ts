import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Key, Name } from '../../src/base/entry.ts'
import { InvalidKeyError } from '../../src/base/errors.ts'
import { MAX_NAME_LENGTH, isName, isReserved } from '../../src/base/name.ts'
import { fromBase32Hex, toBase32Hex } from '../../src/codec/base32hex.ts'
import { fullName, isLongName, keyToName, nameToKey, namePrefix, sameKey } from '../../src/store/names.ts'

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true })
const strings = fc.string({ unit: 'binary' })
const scalars: fc.Arbitrary<Key> = fc.oneof(
  strings,
  fc.stringMatching(/^[A-Za-z0-9._-]{0,12}$/),
  numbers,
  fc.integer(),
  fc.bigInt(),
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 20 }),
)
const { key: keys } = fc.letrec<{ key: Key }>((tie) => ({
  key: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    scalars,
    fc.array(tie('key'), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 5 }), tie('key'), { maxKeys: 3 }),
  ),
}))
const RUNS = { numRuns: 10_000 }

describe('names', () => {
  test('lead back to 10,000 generated keys, and are distinct, short, well-formed and safe on a case-insensitive disk', () => {
    const seen = new Map<string, string>()
    fc.assert(
      fc.property(keys, (key) => {
        const name = keyToName(key)
        expect(name.length).toBeLessThanOrEqual(MAX_NAME_LENGTH)
        expect(name).toMatch(/^[a-z0-9_%(),~-]+$/)
        expect(isName(name)).toBe(true)
        expect(isReserved(name)).toBe(false)
        const full = fullName(key)
        expect(seen.get(name.toUpperCase()) ?? full).toBe(full)
        seen.set(name.toUpperCase(), full)
        if (isLongName(name)) expect(nameToKey(name)).toBeUndefined()
        else expect(nameToKey(name)).toEqual(withoutNegativeZero(key))
      }),
      RUNS,
    )
  })

  test('are equal exactly for equal keys', () => {
    fc.assert(
      fc.property(keys, keys, (a, b) => {
        expect(sameKey(a, b)).toBe(keyToName(a) === keyToName(b))
        expect(sameKey(a, structuredClone(a))).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })

  test('sort numbers numerically, by themselves and inside arrays', () => {
    fc.assert(
      fc.property(numbers, numbers, fc.string({ unit: 'binary', maxLength: 6 }), (a, b, text) => {
        const order = compare(a, b)
        expect(compare(keyToName(a), keyToName(b))).toBe(order)
        expect(compare(keyToName([text, a]), keyToName([text, b]))).toBe(order)
        expect(compare(keyToName([a, text]), keyToName([b, text]))).toBe(order)
      }),
      RUNS,
    )
  })

  test('start with the prefix of what their keys start with', () => {
    fc.assert(
      fc.property(
        fc.array(keys, { maxLength: 3 }),
        fc.array(keys, { maxLength: 3 }),
        strings,
        strings,
        (head, tail, a, b) => {
          expect(keyToName(a + b).startsWith(namePrefix(a))).toBe(true)
          expect(keyToName([...head, ...tail]).startsWith(namePrefix(head))).toBe(true)
          expect(keyToName([...head, a + b, ...tail]).startsWith(namePrefix([...head, a]))).toBe(true)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test.each<[Key, Name]>([
    ['', 's'],
    ['users_1-a', 'susers_1-a'],
    ['A.b/é', 's%41%2eb%2f%c3%a9'],
    ['😀', 's%f0%9f%98%80'],
    ['%41', 's%2541'],
    [0, 'n8000000000000000'],
    [-0, 'n8000000000000000'],
    [1, 'nbff0000000000000'],
    [-1, 'n400fffffffffffff'],
    [[], '('],
    [['a'], '(sa'],
    [['a', 1], '(sa,nbff0000000000000'],
    [['', ''], '(s,s'],
    [true, 'cuk'],
    [null, 'cuo'],
    [1n, 'co90g2'],
  ])('of %o are %s', (key, name) => {
    expect(keyToName(key)).toBe(name)
    expect(nameToKey(keyToName(key))).toEqual(withoutNegativeZero(key))
  })

  test('tell 1, 1n, "1", true, [1] and { 1: 1 } apart', () => {
    expect(new Set([1, 1n, '1', true, [1], [[1]], { 1: 1 }, [], [''], '', null, {}].map(keyToName)).size).toBe(12)
  })

  test('are one for -0 and 0, for a view and a copy, and for objects whatever the order of their properties', () => {
    expect(keyToName(new Uint8Array([0, 1, 2, 3]).subarray(1, 3))).toBe(keyToName(new Uint8Array([1, 2])))
    expect(keyToName({ a: [-0], b: 1 })).toBe(keyToName({ b: 1, a: [0] }))
    expect(keyToName([[-0]])).toBe(keyToName([[0]]))
    expect(keyToName(Object.assign(Object.create(null), { a: 1 }))).toBe(keyToName({ a: 1 }))
    expect(nameToKey(keyToName(JSON.parse('{"__proto__":1}')))).toEqual(JSON.parse('{"__proto__":1}'))
  })

  test('of keys with the first 199 characters alike are long and differ', () => {
    const text = 'x'.repeat(199)
    expect(isLongName(keyToName(text))).toBe(false)
    expect(keyToName(text).length).toBe(200)
    const [a, b] = [keyToName(`${text}a`), keyToName(`${text}b`)]
    expect(a).not.toBe(b)
    expect(a).toHaveLength(173)
    expect(a.slice(0, 121)).toBe(`s${'x'.repeat(119)}~`)
    expect(isLongName(a)).toBe(true)
    expect(namePrefix(`${text}a`)).toBe(a.slice(0, 120))
  })

  test('of a long key end in its SHA-512', () => {
    // Python: hashlib.sha512(b's' + b'x' * 200), its first 260 bits
    expect(keyToName('x'.repeat(200)).slice(121)).toBe('asgevp68pq3ujooge6sanda4unb8fqi1rdd80mtavhc7q5laeoq4')
  })

  const cycle: unknown[] = []
  cycle.push([cycle])
  test.each<[string, unknown, string]>([
    ['undefined', undefined, 'undefined'],
    ['NaN', NaN, 'NaN'],
    ['Infinity', -Infinity, '-Infinity'],
    ['a function', () => 1, 'a function'],
    ['a symbol', Symbol('s'), 'a symbol'],
    ['a lone surrogate', 'a\ud800', 'surrogate'],
    ['a class instance', new (class Point {})(), 'Point'],
    ['a Map', new Map(), 'Map'],
    ['a subclass of Array', new (class List extends Array {})(), 'List'],
    ['an invalid Date', new Date(NaN), 'invalid Date'],
    ['another typed array', new Float64Array(1), 'Float64Array'],
    ['a cycle', cycle, 'cycle'],
    ['undefined in an array', [1, undefined], 'key[1]'],
    ['a hole', Array(2), 'key[0]'],
    ['NaN deep inside', [{ a: [0, NaN] }], 'key[0].a[1]'],
    ['a lone surrogate as a property', { '\udc00': 1 }, 'surrogate'],
    ['a lone surrogate in an inner array', [['\udc00']], 'key[0][0]'],
  ])('refuse %s as a key, saying where and why', (_, key, message) => {
    expect(() => keyToName(key)).toThrow(InvalidKeyError)
    expect(() => keyToName(key)).toThrow(message)
  })

  test.each([
    'README.md',
    '',
    'S',
    'sA',
    's.',
    's%4',
    's%4G',
    'n12',
    'n8000000000000000a',
    'c',
    'cw',
    '(sa,',
    '(,sa',
    '(sa,(sb',
    '~',
    '~x1',
    '~dd',
    '~c',
    '.tmp-1-2-3',
    `s${'x'.repeat(200)}`,
    `s${'x'.repeat(119)}~${'0'.repeat(51)}`,
    `n${'0'.repeat(119)}~${'0'.repeat(52)}`,
  ])('do not look like %o', (text) => {
    expect(isName(text)).toBe(false)
  })

  test.each(['~d', '~c0123-00000000', '~l0a-0', '~o1'])('of ours look like %s, and have no key', (name) => {
    expect(isName(name)).toBe(true)
    expect(nameToKey(name)).toBeUndefined()
  })

  test.each(['s%61', 's%ff', 's%c0%80', 'nfff0000000000000', 'n7fffffffffffffff', 'cuk0', 'c00', 'cvvvvv', '(s%61'])(
    'that no key has, as %s, lead to no key',
    (name) => {
      expect(nameToKey(name)).toBeUndefined()
    },
  )
})

describe('base32hex', () => {
  test('leads back to all bytes and refuses other spellings of them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        (bytes) => void expect(fromBase32Hex(toBase32Hex(bytes))).toEqual(Uint8Array.from(bytes)),
      ),
    )
    expect(toBase32Hex(new TextEncoder().encode('foobar'))).toBe('cpnmuoj1e8')
    for (const text of ['0', '01', 'cpnmuoj1e9', 'CO', 'w0', 'cpn']) expect(fromBase32Hex(text)).toBeUndefined()
  })
})

function compare<T extends string | number>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function withoutNegativeZero(key: Key): unknown {
  if (typeof key === 'number') return key + 0
  if (Array.isArray(key)) return key.map(withoutNegativeZero)
  if (key === null || typeof key !== 'object' || key instanceof Date || key instanceof Uint8Array) return key
  return Object.fromEntries(
    Object.entries(key).map(([property, value]) => [property, withoutNegativeZero(value as Key)]),
  )
}

test('a name that no key has is none, however much of it the name before had, too', () => {
  for (const key of ['user:1', 'user:2', 'ü', '日本:x', 'x%3a', '😀tail', 'user:'])
    expect(nameToKey(keyToName(key))).toBe(key)
  const none = [
    's%41b%2dc',
    's%2d',
    's%',
    's%3',
    's%zz',
    's%ff',
    's%ff',
    's%ffb',
    's%e0%80%80',
    'sA',
    's%3A',
    '%3a',
    'suser%3aB',
  ]
  expect(none.map(nameToKey)).toEqual(none.map(() => undefined))
})
