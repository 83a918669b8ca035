import { Encoder } from 'cbor-x'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, Tagged } from '../../src/cbor.ts'
import { hex } from './python.ts'

const peer = new Encoder({ useRecords: false })

/** What both have a type for. */
const ALIKE: [what: string, value: unknown][] = [
  ['undefined', undefined],
  ['null', null],
  ['true', true],
  ['false', false],
  ...[0, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1].flatMap((number): [string, number][] => [
    [`${number}`, number],
    [`${-number - 1}`, -number - 1],
  ]),
  ['0.5', 0.5],
  ['1.1', 1.1],
  ['a float of 32 bits', 1 + 2 ** -23],
  ['the least float', 5e-324],
  ['the greatest float', Number.MAX_VALUE],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
  ['NaN', NaN],
  ['2^64', 2n ** 64n],
  ['-2^64 - 1', -(2n ** 64n) - 1n],
  ['a long bigint', -(3n ** 400n)],
  ['an empty text', ''],
  ['a text', 'é水😀\u0000'],
  ['a long text', 'é'.repeat(40_000)],
  ['an array', [1, [2, ['a']]]],
  ['a long array', Array.from({ length: 70_000 }, (_, i) => i)],
  ['an object', { b: 1, a: { c: [null], constructor: 2 } }],
  [
    'a Map',
    new Map<unknown, unknown>([
      [1, 'a'],
      ['b', new Map()],
    ]),
  ],
  ['a Set', new Set([1, 'a'])],
  ['a Date', new Date('2013-03-21T20:04:00.500Z')],
  ['a Date before 1970', new Date('1920-01-01T00:00:00Z')],
  ['an invalid Date', new Date(NaN)],
  ['a RegExp with flags', /a+\/b/gi],
  ['Uint8ClampedArray', new Uint8ClampedArray([1, 255])],
  ['Int8Array', new Int8Array([1, -1])],
  ['Uint16Array', new Uint16Array([1, 0xff00])],
  ['Int16Array', new Int16Array([-2])],
  ['Uint32Array', new Uint32Array([1])],
  ['Int32Array', new Int32Array([-2])],
  ['BigUint64Array', new BigUint64Array([1n])],
  ['BigInt64Array', new BigInt64Array([-2n])],
  ['Float32Array', new Float32Array([1.5])],
  ['Float64Array', new Float64Array([1.1])],
]

describe('cbor-x', () => {
  test.each(ALIKE)('reads and writes %s', (_, value) => {
    expect(peer.decode(encode(value))).toStrictEqual(value)
    expect(decode(peer.encode(value))).toStrictEqual(value)
  })

  test('reads bytes, which it writes with a tag for Uint8Array', () => {
    for (const length of [0, 1, 23, 24, 255, 256, 70_000]) {
      const bytes = Uint8Array.from({ length }, (_, i) => i)
      expect(Uint8Array.from(peer.decode(encode(bytes)) as Uint8Array)).toStrictEqual(bytes)
      expect(decode(peer.encode(bytes))).toStrictEqual(bytes)
    }
  })

  test('reads an integer of more than 32 bits as a bigint, and writes it as a float', () => {
    for (const number of [2 ** 32, -(2 ** 32) - 1, Number.MAX_SAFE_INTEGER]) {
      expect(peer.decode(encode(number))).toBe(BigInt(number))
      expect(decode(peer.encode(number))).toBe(number)
    }
  })

  test('reads a small bigint and -0, and a RegExp and a URL by their tags', () => {
    expect(peer.decode(encode(5n))).toBe(5n)
    expect(peer.decode(encode(-0))).toBe(-0)
    expect(decode(peer.encode(/a/))).toStrictEqual(/a/)
    expect(peer.decode(encode(/a/))).toMatchObject({ tag: 35, value: 'a' })
    expect(peer.decode(encode(new URL('https://example.com/')))).toMatchObject({
      tag: 32,
      value: 'https://example.com/',
    })
    expect(peer.decode(encode(new Tagged(4711, ['x'])))).toMatchObject({ tag: 4711, value: ['x'] })
  })

  test('reads what is written here, and the other way, whatever it is', () => {
    const anyNumber = fc
      .oneof(fc.integer(), fc.double(), fc.float())
      .filter((number) => !Object.is(number, -0) && !(Number.isSafeInteger(number) && Math.abs(number) > 2 ** 32 - 1))
    const anyKey = fc.string({ unit: 'grapheme', maxLength: 40 }).filter((key) => key !== '__proto__')
    const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom(null, true, false, undefined),
        anyNumber,
        fc.bigInt({ min: 2n ** 64n, max: 2n ** 200n }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('value'), { maxLength: 30 }),
        fc.dictionary(anyKey, tie('value'), { maxKeys: 30, noNullPrototype: true }),
        fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 5 }).map((entries) => new Map(entries)),
      ),
    })).value
    fc.assert(
      fc.property(anyValue, (value) => {
        const encoded = encode(value)
        // Compared by their bytes, because it reads bytes as Buffers.
        expect(hex(encode(peer.decode(encoded)))).toBe(hex(encoded))
        expect(hex(encode(decode(peer.encode(value))))).toBe(hex(encoded))
      }),
      { numRuns: 3000 },
    )
  })
})
