import fc from 'fast-check'
import { ClojureSymbol, Keyword, Tagged, Uuid } from '../../src/codec/tagged.ts'

/** Strings of any UTF-16 units, so with lone surrogates. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 100 }).map((units) => String.fromCharCode(...units)),
  fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 }), { maxLength: 10 }).map((units) => String.fromCharCode(...units)),
)

export const anyNumber: fc.Arbitrary<number> = fc.oneof(
  fc.double(),
  fc.float(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.constantFrom(0, -0, NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 5e-324, 65504, 2 ** -24),
)

export const anyDate: fc.Arbitrary<Date> = fc.oneof(
  fc.integer({ min: -8.64e15, max: 8.64e15 }).map((time) => new Date(time)),
  fc.date({ noInvalidDate: false }),
)

const anyBytes = fc.uint8Array({ maxLength: 40 })

const anyTypedArray: fc.Arbitrary<unknown> = fc.oneof(
  anyBytes,
  fc.uint8ClampedArray(),
  fc.int8Array(),
  fc.uint16Array(),
  fc.int16Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
  fc.bigInt64Array(),
  fc.bigUint64Array(),
  anyBytes.map((bytes) => bytes.slice().buffer),
)

const anyRegExp = fc
  .tuple(fc.constantFrom('a', '', '/', '\\d+(x|y)', '[^\\]]', 'ü\\n'), fc.constantFrom('', 'g', 'gi', 'u', 'dmsy'))
  .map(([source, flags]) => new RegExp(source, flags))

/** Not `constructor`, which the equality of vitest takes for the class. */
const anyKey = fc.oneof(anyText, fc.constantFrom('__proto__', 'hasOwnProperty', 'toString', '', '1', 'a', 'b'))

/** A value of any type that can be stored, nested. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown; error: Error }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    anyText,
    anyNumber,
    fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
    fc.bigInt({ min: -300n, max: 300n }),
    fc.constantFrom<unknown>(true, false, null, undefined),
    anyDate,
    anyTypedArray,
    anyRegExp,
    fc.webUrl().map((url) => new URL(url)),
    fc.uuid().map((uuid) => new Uuid(uuid)),
    anyText.map((name) => new Keyword(name)),
    anyText.filter((name) => !name.startsWith(':')).map((name) => new ClojureSymbol(name)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(anyKey, tie('value'), { maxKeys: 6, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((items) => new Set(items)),
    fc.tuple(fc.integer({ min: 1000, max: 50000 }), tie('value')).map(([tag, value]) => new Tagged(tag, value)),
    tie('error'),
  ),
  error: fc
    .tuple(fc.constantFrom(Error, TypeError, RangeError, SyntaxError, URIError), anyText, fc.option(tie('value')))
    .map(([constructor, message, cause]) => new constructor(message, cause === null ? undefined : { cause })),
})).value
