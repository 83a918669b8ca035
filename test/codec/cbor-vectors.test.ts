import { describe, expect, test } from 'vitest'
import { decode, encode } from '../../src/codec/cbor.ts'
import { Tagged } from '../../src/codec/tagged.ts'

const bytesOf = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const upTo25 = Array.from({ length: 25 }, (_, i) => i + 1)

/** RFC 8949, appendix A, where the value is encoded as there. */
const both: [hex: string, value: unknown][] = [
  ['00', 0],
  ['01', 1],
  ['0a', 10],
  ['17', 23],
  ['1818', 24],
  ['1819', 25],
  ['1864', 100],
  ['1903e8', 1000],
  ['1a000f4240', 1000000],
  ['1b000000e8d4a51000', 1000000000000],
  ['c249010000000000000000', 18446744073709551616n],
  ['c349010000000000000000', -18446744073709551617n],
  ['20', -1],
  ['29', -10],
  ['3863', -100],
  ['3903e7', -1000],
  ['f98000', -0],
  ['fb3ff199999999999a', 1.1],
  ['f93e00', 1.5],
  ['fb7e37e43c8800759c', 1e300],
  ['f90001', 5.960464477539063e-8],
  ['f90400', 0.00006103515625],
  ['fbc010666666666666', -4.1],
  ['f97c00', Infinity],
  ['f97e00', NaN],
  ['f9fc00', -Infinity],
  ['f4', false],
  ['f5', true],
  ['f6', null],
  ['f7', undefined],
  ['c11a514b67b0', new Date('2013-03-21T20:04:00Z')],
  ['c1fb41d452d9ec200000', new Date('2013-03-21T20:04:00.500Z')],
  ['d82077687474703a2f2f7777772e6578616d706c652e636f6d2f', new URL('http://www.example.com/')],
  ['40', new Uint8Array()],
  ['4401020304', new Uint8Array([1, 2, 3, 4])],
  ['60', ''],
  ['6161', 'a'],
  ['6449455446', 'IETF'],
  ['62225c', '"\\'],
  ['62c3bc', 'ü'],
  ['63e6b0b4', '水'],
  ['64f0908591', '𐅑'],
  ['80', []],
  ['83010203', [1, 2, 3]],
  ['8301820203820405', [1, [2, 3], [4, 5]]],
  ['98190102030405060708090a0b0c0d0e0f101112131415161718181819', upTo25],
  ['a0', {}],
  ['a26161016162820203', { a: 1, b: [2, 3] }],
  ['826161a161626163', ['a', { b: 'c' }]],
  ['a56161614161626142616361436164614461656145', { a: 'A', b: 'B', c: 'C', d: 'D', e: 'E' }],
  ['c074323031332d30332d32315432303a30343a30305a', new Tagged(0, '2013-03-21T20:04:00Z')],
  ['d74401020304', new Tagged(23, new Uint8Array([1, 2, 3, 4]))],
  ['d818456449455446', new Tagged(24, new Uint8Array([0x64, 0x49, 0x45, 0x54, 0x46]))],
]

/** RFC 8949, appendix A, where we would write other bytes for the value. */
const readOnly: [hex: string, value: unknown][] = [
  ['1bffffffffffffffff', 18446744073709551615n],
  ['3bffffffffffffffff', -18446744073709551616n],
  ['f90000', 0],
  ['f93c00', 1],
  ['f97bff', 65504],
  ['fa47c35000', 100000],
  ['fa7f7fffff', 3.4028234663852886e38],
  ['f9c400', -4],
  ['fa7f800000', Infinity],
  ['fa7fc00000', NaN],
  ['faff800000', -Infinity],
  ['fb7ff0000000000000', Infinity],
  ['fb7ff8000000000000', NaN],
  ['fbfff0000000000000', -Infinity],
  [
    'a201020304',
    new Map([
      [1, 2],
      [3, 4],
    ]),
  ],
  ['5f42010243030405ff', new Uint8Array([1, 2, 3, 4, 5])],
  ['7f657374726561646d696e67ff', 'streaming'],
  ['9fff', []],
  ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
  ['9f01820203820405ff', [1, [2, 3], [4, 5]]],
  ['83018202039f0405ff', [1, [2, 3], [4, 5]]],
  ['83019f0203ff820405', [1, [2, 3], [4, 5]]],
  ['9f0102030405060708090a0b0c0d0e0f101112131415161718181819ff', upTo25],
  ['bf61610161629f0203ffff', { a: 1, b: [2, 3] }],
  ['826161bf61626163ff', ['a', { b: 'c' }]],
  ['bf6346756ef563416d7421ff', { Fun: true, Amt: -2 }],
]

/** RFC 8746 and the registry of tags, read in both byte orders. */
const tagged: [hex: string, value: unknown][] = [
  ['d9d9f7821903e8d9d9f701', [1000, 1]],
  ['d84042ff01', new Uint8Array([255, 1])],
  ['d84142ff01', new Uint16Array([0xff01])],
  ['d84542ff01', new Uint16Array([0x01ff])],
  ['d8424400000001', new Uint32Array([1])],
  ['d84348000000000000000a', new BigUint64Array([10n])],
  ['d84442ff01', new Uint8ClampedArray([255, 1])],
  ['d84842ff01', new Int8Array([-1, 1])],
  ['d84942ff01', new Int16Array([-255])],
  ['d84a44fffffffe', new Int32Array([-2])],
  ['d84b48ffffffffffffffff', new BigInt64Array([-1n])],
  ['d851443fc00000', new Float32Array([1.5])],
  ['d855440000c03f', new Float32Array([1.5])],
  ['d852483ff8000000000000', new Float64Array([1.5])],
  ['d85648000000000000f83f', new Float64Array([1.5])],
  ['d82076687474703a2f2f7777772e6578616d706c652e636f6d', new URL('http://www.example.com')],
  ['c240', 0n],
  ['c2420001', 1n],
  ['c25f4101420203ff', 66051n],
  [
    'a2616101' + '0203',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, 3],
    ]),
  ],
  [
    'bf616101' + '0203ff',
    new Map<unknown, unknown>([
      ['a', 1],
      [2, 3],
    ]),
  ],
  ['d90103a1616101', new Map([['a', 1]])],
  ['d90103bf616101ff', new Map([['a', 1]])],
  ['d90102820102', new Set([1, 2])],
  ['d9011143eda080', '\ud800'],
  ['63efbbbf', '\ufeff'],
]

describe('the vectors of RFC 8949', () => {
  for (const [hex, value] of both) {
    test(`${hex} is read and written`, () => {
      expect(decode(bytesOf(hex))).toStrictEqual(value)
      expect(hexOf(encode(value))).toBe(hex)
    })
  }
  for (const [hex, value] of [...readOnly, ...tagged]) {
    test(`${hex} is read`, () => expect(decode(bytesOf(hex))).toStrictEqual(value))
  }
  for (const hex of ['d85042' + '3e00', 'd85442' + '003e']) {
    test(`${hex} is an array of binary16, wide enough here`, () => {
      const array = decode(bytesOf(hex)) as Float32Array
      expect([...array]).toStrictEqual([1.5])
    })
  }
})

describe('the shortest encoding', () => {
  const cases: [value: unknown, hex: string][] = [
    [Number.MAX_SAFE_INTEGER, '1b001fffffffffffff'],
    [Number.MIN_SAFE_INTEGER, '3b001ffffffffffffe'],
    [2 ** 53, 'fa5a000000'],
    [4294967295, '1affffffff'],
    [4294967296, '1b0000000100000000'],
    [-4294967296, '3affffffff'],
    [-4294967297, '3b0000000100000000'],
    [65536.5, 'fa47800040'],
    [5e-324, 'fb0000000000000001'],
    [2 ** -24, 'f90001'],
    [2 ** -25, 'fa33000000'],
    [0.5, 'f93800'],
    [2049.5, 'fa45001800'],
    [0n, 'c240'],
    [1n, 'c24101'],
    [-1n, 'c340'],
    [-256n, 'c341ff'],
    [-257n, 'c3420100'],
  ]
  for (const [value, hex] of cases) {
    test(`${String(value)} is ${hex}`, () => {
      expect(hexOf(encode(value))).toBe(hex)
      expect(decode(bytesOf(hex))).toBe(value)
    })
  }

  test('an integer beyond 2^53-1 is read as a bigint, one within as a number', () => {
    expect(decode(bytesOf('1b0020000000000000'))).toBe(2n ** 53n)
    expect(decode(bytesOf('1b001fffffffffffff'))).toBe(2 ** 53 - 1)
    expect(decode(bytesOf('3b001ffffffffffffe'))).toBe(-(2 ** 53 - 1))
    expect(decode(bytesOf('3b001fffffffffffff'))).toBe(-(2n ** 53n))
  })

  test('heads of text and bytes grow at 24, 256 and 65536', () => {
    for (const length of [0, 23, 24, 64, 65, 255, 256, 65535, 65536]) {
      const headSize = length < 24 ? 1 : length < 256 ? 2 : length < 65536 ? 3 : 5
      expect(encode('a'.repeat(length)).length).toBe(headSize + length)
      expect(encode(new Uint8Array(length)).length).toBe(headSize + length)
    }
    for (const length of [7, 8, 12, 21, 22, 64, 65, 85, 86, 127, 128, 21845, 21846]) {
      for (const character of ['é', '水', '😀']) {
        const text = character.repeat(length)
        expect(decode(encode(text))).toBe(text)
        const size = new TextEncoder().encode(text).length
        const headSize = size < 24 ? 1 : size < 256 ? 2 : size < 65536 ? 3 : 5
        expect(encode(text).length).toBe(headSize + size)
      }
    }
  })
})

describe('deterministic encoding', () => {
  const deterministic = (value: unknown) => hexOf(encode(value, { deterministic: true }))

  test('keys are sorted by their encoded bytes, at every depth', () => {
    expect(deterministic({ b: 1, aa: 2, a: { d: 1, c: 2 } })).toBe('a3' + '6161a2616302616401' + '616201' + '62616102')
    expect(
      deterministic(
        new Map<unknown, unknown>([
          ['a', 1],
          [-1, 2],
          [10, 3],
          [false, 4],
          [100, 5],
        ]),
      ),
    ).toBe('d90103a5' + '0a03' + '186405' + '2002' + '616101' + 'f404')
  })

  test('objects that differ in the order of properties give the same bytes', () => {
    expect(deterministic({ x: [{ p: 1, q: 2 }], y: 2 })).toBe(deterministic({ y: 2, x: [{ q: 2, p: 1 }] }))
  })

  test('1, 1n and 1.5 differ', () => {
    expect([1, 1n, 1.5].map(deterministic)).toStrictEqual(['01', 'c24101', 'f93e00'])
  })

  test('without it the order of properties is kept', () => {
    expect(Object.keys(decode(encode({ b: 1, a: 2 })) as object)).toStrictEqual(['b', 'a'])
  })
})
