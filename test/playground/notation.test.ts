import { expect, test } from 'vitest'
import * as fc from 'fast-check'
import { NOTATION, formatKey, formatNotation, parseNotation } from '../../playground/notation.ts'

const leaf = fc.oneof(
  fc.constantFrom(undefined, null, true, false, -0, Number.NaN, Infinity, -Infinity),
  fc.string({ unit: 'binary' }),
  fc.double(),
  fc.bigInt(),
  fc.date({ noInvalidDate: false }),
  fc.uint8Array(),
  fc.float64Array(),
  fc.int16Array(),
  fc.bigInt64Array(),
  fc.constantFrom(/a+/giu, /^$/, new URL('https://example.org/?q=1')),
)

const anyValue = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('$date', '$map', '__proto__', '$object')), tie('value'), {
      noNullPrototype: true,
    }),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((pairs) => new Map(pairs)),
    fc.array(tie('value')).map((items) => new Set(items)),
  ),
})).value

test('every value that is shown can be read back as the same value, at any line width', () => {
  fc.assert(
    fc.property(anyValue, fc.integer({ min: 1, max: 100 }), (value, width) => {
      expect(parseNotation(formatNotation(value, width))).toStrictEqual(value)
    }),
  )
})

test('every form that the page explains can be read, and is written in the same way', () => {
  for (const [form] of NOTATION) {
    const value = parseNotation(form)
    expect(parseNotation(formatNotation(value, Infinity)), form).toStrictEqual(value)
  }
})

test('an error keeps its name, message, stack and cause', () => {
  const error = new RangeError('too far', { cause: new Map([[1, 2n]]) })
  const read = parseNotation(formatNotation(error)) as Error
  expect(read).toBeInstanceOf(Error)
  expect({ name: read.name, message: read.message, stack: read.stack, cause: read.cause }).toEqual({
    name: 'RangeError',
    message: 'too far',
    stack: error.stack,
    cause: error.cause,
  })
})

test('a bigint that stands alone can be written as in JavaScript', () => {
  expect(parseNotation(' -12n ')).toBe(-12n)
})

test('what is not in the notation is a SyntaxError that says what to write', () => {
  expect(() => parseNotation('')).toThrow(SyntaxError)
  expect(() => parseNotation('{oops')).toThrow(/no JSON yet/)
  expect(() => parseNotation('{"$dat": 1}')).toThrow(/\$dat is not in the notation/)
  expect(() => parseNotation('{"$set": 1}')).toThrow(/A list was expected, not 1/)
  expect(() => parseNotation('{"$bytes": "%"}')).toThrow(/not base64/)
})

test('a text key is shown as it is, any other one in the notation', () => {
  expect(formatKey('a "b"')).toBe('a "b"')
  expect(formatKey(['user', 7, 10n])).toBe('["user", 7, {"$bigint": "10"}]')
})
