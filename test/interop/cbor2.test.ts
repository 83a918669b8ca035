import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decode, encode, Keyword, registerType, Tagged, Uuid } from '../../src/cbor.ts'
import { bytesOf, hex, python } from './python.ts'

/** `cbor2_peer.py` says what each is. */
interface Answer {
  read: string
  again: string
  same: boolean
  written: string
}

const UUID = '01020304-0506-0708-090a-0b0c0d0e0f10'

/** What both have a type for: a value, and the Python for it. */
const ALIKE: [value: unknown, expression: string][] = [
  [undefined, 'undefined'],
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
  ...[0, 1, 23, 24, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER].flatMap(
    (number): [number, string][] => [
      [number, `${number}`],
      [-1 - (number % Number.MAX_SAFE_INTEGER), `${-1 - (number % Number.MAX_SAFE_INTEGER)}`],
    ],
  ),
  [2n ** 53n, '2**53'],
  [-(2n ** 53n) - 1n, '-2**53 - 1'],
  [2n ** 64n - 1n, '2**64 - 1'],
  [-(2n ** 64n), '-2**64'],
  [2n ** 64n, '2**64'],
  [-(2n ** 64n) - 1n, '-2**64 - 1'],
  [3n ** 400n, '3**400'],
  [-(3n ** 400n), '-3**400'],
  [-0, '-0.0'],
  [0.5, '0.5'],
  [1.1, '1.1'],
  [65_504.5, '65504.5'],
  [1 + 2 ** -23, '1 + 2**-23'],
  [5e-324, '5e-324'],
  [1.7976931348623157e308, '1.7976931348623157e308'],
  [Infinity, 'float("inf")'],
  [-Infinity, 'float("-inf")'],
  [NaN, 'float("nan")'],
  ['', '""'],
  ['text', '"text"'],
  ['é水😀\u0000', '"\\u00e9\\u6c34\\U0001f600\\0"'],
  ['x'.repeat(70_000), '"x" * 70_000'],
  [new Uint8Array(), 'b""'],
  [new Uint8Array([0, 127, 255]), 'b"\\x00\\x7f\\xff"'],
  [new Uint8Array(70_000), 'bytes(70_000)'],
  [[], '[]'],
  [[1, [2, ['a']]], '[1, [2, ["a"]]]'],
  [{}, '{}'],
  [{ b: 1, a: { c: [null] } }, '{"b": 1, "a": {"c": [None]}}'],
  [{ __proto: 1, constructor: 2 }, '{"__proto": 1, "constructor": 2}'],
  [new Set([1, 2]), '{1, 2}'],
  [new Date(0), 'datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)'],
  [
    new Date('2013-03-21T20:04:00.500Z'),
    'datetime.datetime(2013, 3, 21, 20, 4, 0, 500000, tzinfo=datetime.timezone.utc)',
  ],
  [new Date('1920-01-01T00:00:00Z'), 'datetime.datetime(1920, 1, 1, tzinfo=datetime.timezone.utc)'],
  [/a+\/b/, 're.compile(r"a+\\/b")'],
  [new Uuid(UUID), `uuid.UUID("${UUID}")`],
]

/** What cbor2 keeps with its tag, and writes as it was. */
const TAGGED: [value: unknown, expression: string][] = [
  [new URL('https://example.com/'), 'CBORTag(32, "https://example.com/")'],
  [new Keyword('name'), 'CBORTag(39, ":name")'],
  [new Map([['a', 1]]), 'CBORTag(259, {"a": 1})'],
  [new Uint8ClampedArray([1, 255]), 'CBORTag(68, b"\\x01\\xff")'],
  [new Int8Array([1, -1]), 'CBORTag(72, b"\\x01\\xff")'],
  [new Uint16Array([1, 0xff00]), 'CBORTag(69, b"\\x01\\x00\\x00\\xff")'],
  [new Int16Array([-2]), 'CBORTag(77, b"\\xfe\\xff")'],
  [new Uint32Array([1]), 'CBORTag(70, b"\\x01\\0\\0\\0")'],
  [new Int32Array([-2]), 'CBORTag(78, b"\\xfe\\xff\\xff\\xff")'],
  [new BigUint64Array([1n]), 'CBORTag(71, b"\\x01" + bytes(7))'],
  [new BigInt64Array([-2n]), 'CBORTag(79, b"\\xfe" + b"\\xff" * 7)'],
  [new Float32Array([1.5]), 'CBORTag(85, b"\\0\\0\\xc0?")'],
  [new Float64Array([1.5]), 'CBORTag(86, bytes(6) + b"\\xf8?")'],
  [new Uint8Array([1, 2]).buffer, 'CBORTag(27, ["ArrayBuffer", b"\\x01\\x02"])'],
  ['\ud800', 'CBORTag(273, b"\\xed\\xa0\\x80")'],
  [new Tagged(4711, ['x']), 'CBORTag(4711, ["x"])'],
  [/a/gi, 'CBORTag(27, ["RegExp", "a", "gi"])'],
]

function ask(cases: readonly { hex: string; expression?: string }[]): Answer[] {
  return python('cbor2_peer.py', cases) as Answer[]
}

describe('cbor2', () => {
  const rows = [...ALIKE, ...TAGGED]
  const answers = ask(rows.map(([value, expression]) => ({ hex: hex(encode(value)), expression })))

  test.each(rows.map(([value, expression], i) => ({ value, expression, i })))(
    'reads and writes $expression',
    ({ value, i }) => {
      const { same, read, written, again } = answers[i]!
      expect(same, read).toBe(true)
      expect(decode(bytesOf(written))).toStrictEqual(value)
      expect(decode(bytesOf(again))).toStrictEqual(value)
    },
  )

  test('reads a small bigint as an integer, and a Map of any keys', () => {
    const map = new Map<unknown, unknown>([
      [1, 'a'],
      ['b', 2],
    ])
    const [bigint, tagged] = ask([
      { hex: hex(encode(5n)), expression: '5' },
      { hex: hex(encode(map)), expression: 'CBORTag(259, {1: "a", "b": 2})' },
    ])
    expect(bigint).toMatchObject({ same: true, written: '05' })
    expect(tagged).toMatchObject({ same: true })
    expect(decode(bytesOf(tagged!.written))).toStrictEqual(map)
  })

  test('reads a registered type and an Error as a tag', () => {
    class Money {
      readonly amount = 3
    }
    registerType('interop-money', {
      test: (value) => value instanceof Money,
      encode: ({ amount }) => amount,
      decode: () => new Money(),
    })
    const error = Object.assign(new TypeError('no'), { stack: undefined })
    const [money, failure] = ask([
      { hex: hex(encode(new Money())), expression: 'CBORTag(27, ["interop-money", 3])' },
      { hex: hex(encode(error)) },
    ])
    expect(money).toMatchObject({ same: true })
    expect(decode(bytesOf(money!.written))).toStrictEqual(new Money())
    expect(failure!.read).toBe(`CBORTag(27, ('Error', frozendict({'name': 'TypeError', 'message': 'no'})))`)
  })

  test('writes again what it read, in the same deterministic bytes', () => {
    const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'medium' },
        fc.constantFrom(null, true, false, undefined),
        fc.integer(),
        fc.maxSafeInteger(),
        fc.double(),
        fc.float(),
        fc.bigInt({ min: 2n ** 64n, max: 2n ** 200n }),
        fc.bigInt({ min: -(2n ** 200n), max: -(2n ** 64n) - 1n }),
        fc.string({ unit: 'binary', maxLength: 300 }),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(tie('value'), { maxLength: 30 }),
        fc.dictionary(fc.string({ unit: 'grapheme', maxLength: 30 }), tie('value'), {
          maxKeys: 30,
          noNullPrototype: true,
        }),
      ),
    })).value
    const values = fc.sample(anyValue, 3000)
    const answers = ask(values.map((value) => ({ hex: hex(encode(value)) })))
    values.forEach((value, i) => {
      expect(decode(bytesOf(answers[i]!.again))).toStrictEqual(decode(encode(value, { deterministic: true })))
      expect(answers[i]!.again).toBe(hex(encode(value, { deterministic: true })))
    })
  })
})
