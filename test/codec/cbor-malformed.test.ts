import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CorruptEntryError, KonserveError, LimitExceededError } from '../../src/base/errors.ts'
import { decode, encode } from '../../src/codec/cbor.ts'
import { anyValue } from './arbitraries.ts'

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))

function errorOf(fn: () => unknown): unknown {
  try {
    fn()
  } catch (error) {
    return error
  }
  return undefined
}

describe('what is not well-formed is refused, with the offset', () => {
  const cases: [what: string, hex: string, offset?: number][] = [
    ['nothing', '', 0],
    ['a second item', '0001', 1],
    ['additional information 28', '1c', 0],
    ['additional information 29 in an array', '81 5d', 1],
    ['additional information 30', '9e', 0],
    ['an indefinite integer', '1f', 0],
    ['an indefinite negative integer', '3f', 0],
    ['an indefinite tag', 'df00', 0],
    ['a break by itself', 'ff', 0],
    ['a break in an array of definite length', '8201ff', 2],
    ['a break for a value', 'bf6161ff', 3],
    ['a break under a tag', '9fd903e8ff', 4],
    ['a head cut off', '19', 1],
    ['a long head cut off', '1b00000000000000', 8],
    ['a float cut off', 'fb3ff1', 3],
    ['a half cut off', 'f93c', 2],
    ['text cut off', '6361', 2],
    ['bytes cut off', '4361', 2],
    ['an array without its items', '8301', 2],
    ['a map without its value', 'a16161', 3],
    ['an indefinite array without end', '9f01', 2],
    ['an indefinite map without end', 'bf616101', 4],
    ['indefinite text without end', '7f6161', 3],
    ['a chunk of another type', '7f4161ff', 1],
    ['a number for a chunk', '5f00ff', 1],
    ['an indefinite chunk', '5f5f4100ffff', 1],
    ['a simple value below 32 in two bytes', 'f818', 0],
    ['a simple value without meaning', 'f820', 0],
    ['an old simple value', 'e0', 0],
    ['text that is not UTF-8', '62c328', 1],
    ['an overlong text', '62c080', 1],
    ['a surrogate in text', '63eda080', 1],
    ['a character across chunks', '7f61c361bcff', 2],
    ['long text that is not UTF-8', '7830' + '61'.repeat(47) + 'ff', 2],
    ['a key twice', 'a2616101616102', 4],
    [
      'a long object with a key twice',
      'b846' + Array.from({ length: 69 }, (_, i) => `63${hexText(i)}00`).join('') + `63${hexText(0)}00`,
    ],
    ['a key twice in a Map', 'd90103a201020103', 6],
    ['a key twice in a mixed map', 'a3616101010261 6103', 6],
    ['1 and 1.0 as keys', 'a20101f93c0002', 3],
    ['an item twice in a Set', 'd90102820101', 0],
    ['a Set over a map', 'd90102a0', 3],
    ['a Map over an array', 'd9010380', 3],
    ['a Map over nothing', 'd90103', 3],
    ['a date over text', 'c16161', 1],
    ['a date over false', 'c1f4', 0],
    ['a date beyond time', 'c11b7fffffffffffffff', 0],
    ['a date at infinity', 'c1f97c00', 0],
    ['a bigint over a number', 'c201', 1],
    ['tags on tags that take none', 'c1c1c101', 1],
    ['a URL that is none', 'd82063' + '2f2f3a', 0],
    ['a RegExp that is none', 'd8236128', 0],
    ['flags that are none', 'd81b83665265674578706161617a', 0],
    ['a UUID of 15 bytes', 'd8254f' + '00'.repeat(15), 0],
    ['a keyword over bytes', 'd8274161', 2],
    ['half of an element', 'd845' + '43000000', 0],
    ['half of a binary16', 'd854' + '43000000', 0],
    ['floats of 128 bits', 'd853' + '50' + '00'.repeat(16), 0],
    ['floats of 128 bits, little-endian', 'd857' + '50' + '00'.repeat(16), 0],
    ['the reserved tag 76', 'd84c4100', 0],
    ['a typed array over an array', 'd84080', 2],
    ['WTF-8 with a surrogate pair in two', 'd9011146eda081edb080', 0],
    ['WTF-8 cut off', 'd9011142eda0', 0],
    ['overlong WTF-8', 'd9011142c080', 0],
    ['WTF-8 beyond Unicode', 'd9011144f7bfbfbf', 0],
    ['a continuation byte as WTF-8', 'd901114180', 0],
    ['an empty named value', 'd81b80', 0],
    ['a named value under a number', 'd81b820102', 0],
    ['a named value with too much', 'd81b85615800000000', 0],
    ['a Date by name without time', 'd81b826444617465f6', 0],
    ['a Date by name with a bigint', 'd81b8264446174653b0083b3d978675980', 0],
    ['an ArrayBuffer of text', 'd81b826b41727261794275666665726161', 0],
    ['an Error of text', 'd81b82654572726f726161', 0],
  ]
  for (const [what, spaced, offset] of cases) {
    test(`${what} is refused`, () => {
      const error = errorOf(() => decode(bytesOf(spaced.replaceAll(' ', ''))))
      expect(error).toBeInstanceOf(CorruptEntryError)
      expect((error as Error).message).toMatch(offset === undefined ? /at byte \d+$/ : new RegExp(`at byte ${offset}$`))
      expect(decode(encode({ a: [1] }))).toStrictEqual({ a: [1] })
    })
  }

  test('an unknown type names itself and the way out', () => {
    const error = errorOf(() => decode(bytesOf('d81b826553696d6f6e00')))
    expect(error).toBeInstanceOf(CorruptEntryError)
    expect((error as Error).message).toMatch(/"Simon".*registerType/)
  })
})

describe('a length that lies is refused before anything is allocated', () => {
  for (const hex of [
    '9bffffffffffffffff',
    '9a40000000',
    'ba40000000',
    '5b0001000000000000',
    '7a7fffffff',
    '5f5a7fffffff',
    'd90102' + '9a7fffffff',
    'd90103' + 'ba7fffffff',
    'b9000261610000',
  ]) {
    test(`${hex} is refused`, () => expect(() => decode(bytesOf(hex))).toThrow(CorruptEntryError))
  }

  test('not even inside each other', () => {
    const bytes = new Uint8Array(1_000_000).fill(0x9a)
    const length = [0x00, 0x01, 0x00, 0x00]
    for (let i = 0; i < bytes.length - 5; i += 5) bytes.set(length, i + 1)
    expect(() => decode(bytes)).toThrow(LimitExceededError)
  })
})

describe('nesting is limited', () => {
  const wrappings = {
    array: '81',
    'indefinite array': '9f',
    map: 'a16161',
    'key of a map': 'a1',
    tag: 'd903e8',
    'self-described': 'd9d9f7',
  }
  const others = { Set: 'd9010281', Map: 'd90103a100', 'named value': 'd81b826158', date: 'c1', bigint: 'c2' }
  for (const [what, hex] of Object.entries({ ...wrappings, ...others })) {
    test(`a million times: ${what}`, () => {
      const bytes = bytesOf(hex.repeat(100_000) + '00')
      const million = new Uint8Array(10 * bytes.length)
      for (let i = 0; i < 10; i++) million.set(bytes, i * (bytes.length - 1))
      const error = errorOf(() => decode(million))
      expect(error).toBeInstanceOf(what === 'date' || what === 'bigint' ? CorruptEntryError : LimitExceededError)
      const unlimited = errorOf(() => decode(million, { limits: { depth: Infinity } }))
      expect(unlimited).toBeInstanceOf(KonserveError)
    })
  }

  test('to 512 levels by default, or to what is asked for', () => {
    const nested = (depth: number) => bytesOf('81'.repeat(depth) + '00')
    expect(() => decode(nested(512))).not.toThrow()
    expect(() => decode(nested(513))).toThrow(LimitExceededError)
    expect(() => decode(nested(3), { limits: { depth: 2 } })).toThrow(LimitExceededError)
    expect(() => decode(nested(2), { limits: { depth: 2 } })).not.toThrow()
  })

  test('bytes and bigints are limited', () => {
    expect(() => decode(encode('x'.repeat(100)), { limits: { bytes: 50 } })).toThrow(LimitExceededError)
    const million = new Uint8Array(6 + 1024 * 1024 + 1)
    million.set([0xc2, 0x5a, 0x00, 0x10, 0x00, 0x01])
    expect(() => decode(million)).toThrow(LimitExceededError)
  })
})

describe('no property of a prototype is touched', () => {
  test('__proto__ becomes a property of the object itself', () => {
    const object = decode(
      encode(JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}')),
    ) as object
    expect(Object.getPrototypeOf(object)).toBe(Object.prototype)
    expect(Object.keys(object)).toStrictEqual(['__proto__', 'constructor'])
    expect(Object.getOwnPropertyDescriptor(object, '__proto__')?.value).toStrictEqual({ polluted: 1 })
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })

  test('__proto__ twice is a key twice', () => {
    expect(() => decode(bytesOf('a2695f5f70726f746f5f5f00695f5f70726f746f5f5f00'))).toThrow(/twice/)
  })

  test('names of Object.prototype are no duplicates', () => {
    const object = { toString: 1, hasOwnProperty: 2, valueOf: undefined }
    for (let i = 0; i < 3; i++) expect(decode(encode(object))).toStrictEqual(object)
  })

  test('an Error does not take more than its fields', () => {
    const fields = { name: 'Error', message: 'x', ['__proto__']: null, toString: 'evil' }
    const inner = encode(fields)
    const error = decode(
      new Uint8Array([0xd8, 27, 0x82, 0x65, ...new TextEncoder().encode('Error'), ...inner]),
    ) as Error
    // What else an error has depends on the engine.
    const usual = new Set(['stack', ...Object.getOwnPropertyNames(new Error('x'))])
    expect(Object.getOwnPropertyNames(error).filter((name) => !usual.has(name))).toStrictEqual([])
  })
})

describe('bytes of any kind', () => {
  test('every prefix of what was encoded is an error', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const bytes = encode(value)
        const step = Math.max(1, Math.floor(bytes.length / 200))
        for (let length = 0; length < bytes.length; length += step) {
          expect(errorOf(() => decode(bytes.subarray(0, length)))).toBeInstanceOf(CorruptEntryError)
        }
      }),
      { numRuns: 200 },
    )
  })

  test('random ones give a value or an error of ours', () => {
    const head = fc.constantFrom(
      0x9f,
      0xbf,
      0x5f,
      0x7f,
      0xff,
      0xc1,
      0xc2,
      0xd8,
      0xd9,
      0xa1,
      0x82,
      0x61,
      0xf9,
      0xfb,
      27,
      35,
      64,
    )
    const wild = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(head, { maxLength: 60 }).map((list) => Uint8Array.from(list)),
    )
    fc.assert(fc.property(wild, isHandled), { numRuns: 20_000 })
  })

  test('changed ones give a value or an error of ours', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat(255), (value, where, byte) => {
        const bytes = encode(value)
        bytes[where % bytes.length] = byte
        return isHandled(bytes)
      }),
      { numRuns: 3000 },
    )
  })
})

/** What is read can be written again and is then the same. */
function isHandled(bytes: Uint8Array): boolean {
  let value: unknown
  try {
    value = decode(bytes)
  } catch (error) {
    return error instanceof KonserveError
  }
  expect(decode(encode(value))).toEqual(value)
  return true
}

function hexText(i: number): string {
  return Array.from(String(100 + i), (digit) => digit.charCodeAt(0).toString(16)).join('')
}
