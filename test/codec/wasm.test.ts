import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CorruptEntryError } from '../../src/base/errors.ts'
import { decode as decodeTwin } from '../../src/codec/cbor-decode.ts'
import { encode as encodeTwin } from '../../src/codec/cbor-encode.ts'
import { registerType } from '../../src/codec/types.ts'
import { decode, encode } from '../../src/cbor.ts'
import { LEFT } from '../../src/codec/fast.ts'
import { decode as decodeFast } from '../../src/codec/wasm/decode.ts'
import { encode as encodeFast } from '../../src/codec/wasm/encode.ts'
import { bytes } from '../../src/codec/wasm/memory.ts'
import { anyNumber, anyText, anyValue } from './arbitraries.ts'
import { RUNS, outcome } from './outcome.ts'

const anyKeys = fc.uniqueArray(
  fc.oneof(anyText, fc.constantFrom('__proto__', 'toString', 'hasOwnProperty', '0', 'id', 'name', 'a'.repeat(80))),
  { minLength: 1, maxLength: 8 },
)

/** Many objects alike, now and then one with other keys: what shapes are for. */
const anyRecords = anyKeys.chain((keys) => {
  const record = (names: readonly string[]) =>
    fc.tuple(...names.map(() => anyValue)).map((values) => {
      const properties = names.map((name, i): [string, unknown] => [name, values[i]])
      return Object.fromEntries(properties) as unknown
    })
  return fc.array(
    fc.oneof({ weight: 5, arbitrary: record(keys) }, record(keys.slice(1)), record([...keys].reverse())),
    {
      maxLength: 30,
    },
  )
})

const anyLong = fc.oneof(
  fc.array(anyNumber, { minLength: 4, maxLength: 300 }),
  fc.array(fc.integer(), { minLength: 4, maxLength: 300 }),
  fc.tuple(fc.array(fc.integer(), { minLength: 8, maxLength: 20 }), anyValue).map(([items, last]) => [...items, last]),
  fc.array(fc.string({ unit: 'binary', maxLength: 30 }), { maxLength: 400 }),
  fc
    .tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.integer({ min: 1, max: 300 }))
    .map(([part, n]) => part.repeat(n)),
  fc
    .integer({ min: 20, max: 300 })
    .map((count) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`key ${i}`, i % 7 ? i : [i, 'text']]))),
)

const anything = fc.oneof(anyValue, anyRecords, anyLong)

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

describe('the codec in WebAssembly', () => {
  test('is used', () => {
    encode(0)
    const value = [{ id: 1, name: 'one', tags: new Set(['a']), at: new Date(5), size: 12n, more: new Map([[1, 2]]) }]
    expect(encodeFast(value, {})).toEqual(encodeTwin(value))
    expect(decodeFast(encodeTwin(value), {})).toEqual(value)
  })

  test('writes the same bytes as the twin in TypeScript, and reads the same values', () => {
    fc.assert(
      fc.property(anything, (value) => {
        const expected = encodeTwin(value)
        expect(String(encode(value))).toBe(String(expected))
        expect(decode(expected)).toEqual(decodeTwin(expected))
      }),
      { numRuns: RUNS },
    )
  })

  test('puts large bytes in their place', () => {
    const keys = Array.from({ length: 30 }, (_, i) => `key ${i}`)
    for (const size of [65_535, 65_536, 70_000]) {
      const part = new Uint8Array(size).map((_, i) => i * 7)
      for (const value of [
        part,
        [part, part],
        { a: 1, part, z: 2 },
        Object.fromEntries(keys.map((key) => [key, part])),
      ]) {
        expect(isSame(encode(value), encodeTwin(value))).toBe(true)
      }
      const { part: read } = decode(encode({ part })) as { part: Uint8Array }
      expect(isSame(read, part)).toBe(true)
    }
  })

  test('says of damaged bytes what the twin says', () => {
    const anyDamage = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.nat({ max: 4 }) })
    fc.assert(
      fc.property(anything, fc.array(anyDamage, { minLength: 1, maxLength: 3 }), (value, damages) => {
        let damaged = encodeTwin(value)
        for (const { at, byte, cut } of damages) {
          damaged[at % damaged.length] = byte
          if (cut > 0) damaged = damaged.slice(0, Math.max(1, damaged.length - cut))
        }
        expect(outcome(() => decode(damaged))).toEqual(outcome(() => decodeTwin(damaged)))
      }),
      { numRuns: RUNS },
    )
  })

  test.each([
    ['a RegExp of a date', 'd823c028'],
    ['a RegExp of a RegExp', 'd823d8236161'],
    ['a URL of a URL', 'd820d8206961736b3a616e793a61'],
    ['a keyword of a URL', 'd827d8206961736b3a616e793a61'],
  ])('refuses %s, as the twin does', (_, hex) => {
    const bytes = Uint8Array.from(hex.match(/../g)!, (each) => parseInt(each, 16))
    expect(outcome(() => decode(bytes))).toEqual(outcome(() => decodeTwin(bytes)))
    expect(() => decode(bytes)).toThrow(CorruptEntryError)
  })

  test.each([
    [
      'a cycle',
      () => {
        const cycle: unknown[] = []
        cycle.push({ cycle })
        return cycle
      },
    ],
    ['a function', () => ({ a: [1, () => 1] })],
    [
      'what throws when it is read',
      () => ({
        get a(): never {
          throw new Error('no')
        },
      }),
    ],
    ['600 levels', () => Array.from({ length: 600 }).reduce<unknown>((inner) => [inner], 1)],
  ])('refuses %s in the words of the twin', (_, make) => {
    const value = make()
    const expected = outcome(() => encodeTwin(value))
    expect(expected).toHaveProperty('code')
    expect(outcome(() => encode(value))).toEqual(expected)
  })

  test('keeps to its limits', () => {
    const value = ['x'.repeat(200), [[1]]]
    for (const limits of [{ bytes: 100 }, { depth: 2 }, { bytes: 1 }]) {
      expect(outcome(() => encode(value, { limits }))).toEqual(outcome(() => encodeTwin(value, { limits })))
      const encoded = encodeTwin(value)
      expect(outcome(() => decode(encoded, { limits }))).toEqual(outcome(() => decodeTwin(encoded, { limits })))
    }
  })

  test('takes no memory for lengths that lie, and ends on 100,000 nested arrays', () => {
    for (const hex of ['9affffffff', '5bffffffffffffffff', '7affffffff61', 'baffffffff6161', 'bbffffffffffffffff61']) {
      const lie = Uint8Array.from(hex.match(/../g)!, (digits) => parseInt(digits, 16))
      expect(outcome(() => decode(lie))).toMatchObject({ code: 'CORRUPT_ENTRY' })
    }
    expect(outcome(() => decode(new Uint8Array(100_000).fill(0x81)))).toMatchObject({ code: 'LIMIT_EXCEEDED' })
    expect(bytes.length).toBeLessThan(16 * 1024 * 1024)
  })

  test('gives memory back after something large', () => {
    const large = Array.from({ length: 1_000_000 }, (_, i) => i)
    const read = decode(encode(large)) as number[]
    expect(read.length === large.length && read.every((item, i) => item === i)).toBe(true)
    expect(bytes.length).toBeLessThan(40 * 1024 * 1024)
  })

  test('lets a registered type encode and decode on its own account', () => {
    class Box {
      readonly content: unknown
      constructor(content: unknown) {
        this.content = content
      }
    }
    registerType('wasm-test-box', {
      test: (value) => value instanceof Box,
      encode: (box: Box) => encode(box.content),
      decode: (payload: Uint8Array) => new Box(decode(payload)),
    })
    const value = [{ id: 1 }, new Box({ id: 2, list: [new Box('inner')] }), { id: 3 }]
    expect(decode(encode(value))).toEqual(value)
  })

  test('does no harm to prototypes, and keeps no two keys alike', () => {
    const value = Array.from({ length: 40 }, (_, i) =>
      JSON.parse(`{"__proto__": {"polluted": ${i}}, "constructor": 1}`),
    )
    const decoded = decode(encode(value)) as object[]
    expect(decoded).toEqual(value)
    expect(decoded.every((each) => Object.getPrototypeOf(each) === Object.prototype)).toBe(true)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
    const twice = Uint8Array.from([0xa2, 0x61, 0x61, 1, 0x61, 0x61, 2])
    for (let i = 0; i < 3; i++) expect(outcome(() => decode(twice))).toMatchObject({ code: 'CORRUPT_ENTRY' })
  })

  test('forgets shapes together with the module, also when it is damaged bytes that make it forget', () => {
    const objects = (from: number): object[] =>
      Array.from({ length: 300 }, (_, i) => ({ [`a${from}`]: 1, [`b${i % 15}`]: i, [`c${from + i}`]: 3 }))
    for (let round = 0; round < 40; round++) {
      const encoded = encodeTwin(objects(round * 300))
      for (let i = 0; i < 3; i++) expect(outcome(() => decode(encoded.slice(0, -1)))).toHaveProperty('code')
      for (let i = 0; i < 3; i++) expect(decode(encoded)).toEqual(objects(round * 300))
    }
  })

  test('leaves what is rare to the twin', () => {
    expect(decodeFast(Uint8Array.from([0x9f, 1, 0xff]), {})).toBe(LEFT)
    expect(decode(Uint8Array.from([0x9f, 1, 0xff]))).toEqual([1])
    expect(encodeFast({ b: 1, a: 2 }, { deterministic: true })).toBeUndefined()
  })
})
