import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Entry, Meta } from '../../src/base/entry.ts'
import { CorruptEntryError, LimitExceededError } from '../../src/base/errors.ts'
import { encode } from '../../src/codec/cbor.ts'
import { decodeEntry, decodeMeta, encodeEntry } from '../../src/codec/codec.ts'
import {
  CBOR,
  CLONE,
  RAW,
  encodeFrame,
  frameVersion,
  headEnd,
  parseFrame,
  parseFrameHead,
} from '../../src/codec/frame.ts'

const META: Meta = { key: 'user', type: 'value', lastWrite: new Date(1_700_000_000_123) }
const OPTIONS = {}

describe('a frame', () => {
  test('has the bytes of layout 2', () => {
    const frame = encodeFrame('suser', {
      serializer: CBOR,
      compressor: 1,
      encryptor: 16,
      meta: bytes('meta'),
      value: bytes('value'),
    })
    // The sums are Python's: xxhash.xxh3_64_intdigest(data, seed=xxhash.xxh3_64_intdigest(b'suser')).
    expect(hex(frame)).toBe('02030110' + '00000004' + '0afdd727' + 'd749a93b7f142ca0' + hex(bytes('metavalue')))
    expect(frame.buffer.byteLength).toBe(frame.length)
    expect(frameVersion(frame)).toBe(String.fromCharCode(...frame.subarray(0, 20)))
  })

  test('gives back its parts, whatever they are', () => {
    const part = fc.uint8Array({ maxLength: 3000 })
    const id = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        fc.stringMatching(/^s[a-z]{0,199}$/),
        id,
        id,
        id,
        part,
        part,
        (name, serializer, compressor, encryptor, meta, value) => {
          const parts = { serializer, compressor, encryptor, meta, value }
          const shifted = new Uint8Array(encodeFrame(name, parts).length + 5).subarray(5)
          shifted.set(encodeFrame(name, parts))
          expect(plain(parseFrame(name, shifted))).toEqual(plain(parts))
        },
      ),
    )
  })

  test('with any bit flipped, cut or grown to any length, or under another name is corrupt', () => {
    for (const size of [0, 1, 40, 300, 1900]) {
      const frame = encodeEntry('sa', { meta: META, value: 'x'.repeat(size) }, OPTIONS)
      for (let bit = 0; bit < frame.length * 8; bit++) {
        const flipped = frame.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        expect(() => parseFrame('sa', flipped)).toThrow(CorruptEntryError)
      }
      for (let length = 0; length < frame.length; length++) {
        expect(() => parseFrame('sa', frame.subarray(0, length))).toThrow(CorruptEntryError)
      }
      expect(() => parseFrame('sa', new Uint8Array([...frame, 0]))).toThrow(CorruptEntryError)
      expect(() => parseFrame('sb', frame)).toThrow(CorruptEntryError)
      expect(() => parseFrameHead('sb', frame)).toThrow(CorruptEntryError)
    }
  })

  test.each<[string, Uint8Array, string]>([
    ['an empty blob', new Uint8Array(0), 'ends after 0 of at least 20 bytes'],
    ['a blob shorter than a header', new Uint8Array([2, 3, 0, 0]), 'ends after 4 of at least 20 bytes'],
    ['layout 1', new Uint8Array([1, ...new Uint8Array(30)]), 'layout is 1'],
    [
      'metadata beyond the end',
      new Uint8Array([2, 3, 0, 0, 0xff, 0xff, 0xff, 0xff, ...new Uint8Array(30)]),
      'of at least 4294967315 bytes',
    ],
    ['a wrong sum', new Uint8Array([2, ...new Uint8Array(30)]), 'checksum'],
  ])('says of %s what is wrong with it', (_, blob, reason) => {
    expect(() => parseFrame('sa', blob)).toThrow(CorruptEntryError)
    expect(() => parseFrame('sa', blob)).toThrow(reason)
  })

  test('says from any beginning how many bytes the metadata takes, and gives it without the value', () => {
    const frame = encodeFrame('sa', { serializer: 3, meta: new Uint8Array(2000).fill(7), value: new Uint8Array(5000) })
    for (const [length, needed] of [
      [0, 20],
      [19, 20],
      [20, 2020],
      [2019, 2020],
    ] as const) {
      expect(headEnd('sa', frame.subarray(0, length))).toBe(needed)
      expect(decodeMeta('sa', frame.subarray(0, length), OPTIONS)).toEqual({ needed })
    }
    for (const length of [2020, 2021, frame.length]) {
      const head = parseFrameHead('sa', frame.subarray(0, length))
      expect(Uint8Array.from(head.meta)).toEqual(new Uint8Array(2000).fill(7))
    }
  })
})

describe('an entry', () => {
  test('comes back with its metadata and value', () => {
    const entries: Entry[] = [
      { meta: META, value: { a: [1, null, undefined], b: new Map([[1, 2n]]) } },
      {
        meta: { ...META, expires: new Date(5), custom: { author: 'me' }, own: { writeId: 'w', later: 1 } },
        value: undefined,
      },
      { meta: { ...META, key: ['a', 1n, new Uint8Array([1])], type: 'log' }, value: null },
      { meta: { ...META, type: 'binary' }, value: new Uint8Array([1, 2, 3]) },
    ]
    for (const entry of entries) {
      const frame = encodeEntry('sa', entry, OPTIONS)
      expect(decodeEntry('sa', frame, OPTIONS)).toEqual(entry)
      expect(decodeMeta('sa', frame.subarray(0, frame.length - 1), OPTIONS)).toEqual(entry.meta)
    }
  })

  test('keeps a binary as it is, and gives a copy that does not hold on to the frame', () => {
    const value = new Uint8Array(1000).fill(9)
    const frame = encodeEntry('sa', { meta: { ...META, type: 'binary' }, value }, OPTIONS)
    expect(frame[1]).toBe(RAW)
    const decoded = decodeEntry('sa', frame, OPTIONS).value as Uint8Array
    expect(decoded.constructor).toBe(Uint8Array)
    expect(decoded.buffer.byteLength).toBe(1000)
    frame.fill(0)
    expect(decoded).toEqual(value)
  })

  test('of a value that is beside it has its metadata alone, and gives out that very value', () => {
    const value = { cycle: {} as object }
    value.cycle = value
    const cloning = { serializer: 'structured-clone' } as const
    const frame = encodeEntry('sa', { meta: META, value }, cloning)
    expect([frame[1], frame.length]).toEqual([CLONE, headEnd('sa', frame)])
    expect(decodeMeta('sa', frame, OPTIONS)).toEqual(META)
    for (const options of [OPTIONS, cloning]) {
      expect(decodeEntry('sa', frame, options, { value })).toEqual({ meta: META, value })
      expect(decodeEntry('sa', frame, options, { value }).value).toBe(value)
      expect(decodeEntry('sa', frame, options, { value: undefined }).value).toBe(undefined)
      expect(() => decodeEntry('sa', frame, options)).toThrow(CorruptEntryError)
    }
  })

  test('of another serializer beside which a value is, or of a clone with a value of its own, is corrupt', () => {
    const beside = { value: 1 }
    const encoded = encodeEntry('sa', { meta: META, value: 1 }, OPTIONS)
    const binary = encodeEntry('sa', { meta: { ...META, type: 'binary' }, value: new Uint8Array() }, OPTIONS)
    const both = encodeFrame('sa', { serializer: CLONE, meta: encode(META), value: encode(1) })
    const bytesOfClone = encodeFrame('sa', {
      serializer: CLONE,
      meta: encode({ ...META, type: 'binary' }),
      value: new Uint8Array(),
    })
    for (const frame of [encoded, binary, both, bytesOfClone]) {
      expect(() => decodeEntry('sa', frame, OPTIONS, beside)).toThrow(CorruptEntryError)
    }
  })

  test.each<[string, Partial<Record<keyof Meta, unknown>>]>([
    ['type', { type: 'other' }],
    ['lastWrite', { lastWrite: 5 }],
    ['lastWrite', { lastWrite: new Date(NaN) }],
    ['expires', { expires: 'soon' }],
    ['custom', { custom: [] }],
    ['custom', { custom: new Map([[1, 2]]) }],
    ['own', { own: 1 }],
  ])('whose metadata has a wrong %s is corrupt, though its sums are right: %o', (field, wrong) => {
    const frame = encodeFrame('sa', { serializer: 3, meta: encode({ ...META, ...wrong }), value: encode(1) })
    expect(() => decodeEntry('sa', frame, OPTIONS)).toThrow(CorruptEntryError)
    expect(() => decodeMeta('sa', frame, OPTIONS)).toThrow(field)
  })

  test.each([
    ['no object', 5],
    ['no key', { type: 'value', lastWrite: new Date() }],
    ['null', null],
  ])('whose metadata is %s is corrupt', (_, meta) => {
    const frame = encodeFrame('sa', { serializer: 3, meta: encode(meta), value: encode(1) })
    expect(() => decodeEntry('sa', frame, OPTIONS)).toThrow(CorruptEntryError)
  })

  test('whose metadata or value is no CBOR is corrupt', () => {
    const broken = new Uint8Array([0x62, 0x61])
    for (const parts of [
      { meta: broken, value: encode(1) },
      { meta: encode(META), value: broken },
    ]) {
      expect(() => decodeEntry('sa', encodeFrame('sa', { serializer: 3, ...parts }), OPTIONS)).toThrow(
        CorruptEntryError,
      )
    }
  })

  test.each([
    ['serializer has the id 16', { serializer: 16 }],
    ['compressor has the id 2', { serializer: 3, compressor: 2 }],
    ['encryptor has the id 17', { serializer: 3, encryptor: 17 }],
    ['type is value, its serializer 17', { serializer: 17 }],
  ])('in a form that this version does not read says so: its %s', (message, ids) => {
    const frame = encodeFrame('sa', { ...ids, meta: encode(META), value: encode(1) })
    expect(() => decodeEntry('sa', frame, OPTIONS)).toThrow(CorruptEntryError)
    expect(() => decodeEntry('sa', frame, OPTIONS)).toThrow(message)
  })

  test('that is too deep is refused both ways', () => {
    const value = [[[[[1]]]]]
    const limits = { depth: 3 }
    expect(() => encodeEntry('sa', { meta: META, value }, { limits })).toThrow(LimitExceededError)
    const frame = encodeEntry('sa', { meta: META, value }, OPTIONS)
    expect(() => decodeEntry('sa', frame, { limits })).toThrow(LimitExceededError)
  })
})

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

function hex(data: Uint8Array): string {
  return Array.from(data, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function plain<T extends { meta: Uint8Array; value: Uint8Array }>(parts: T): T {
  return { ...parts, meta: Uint8Array.from(parts.meta), value: Uint8Array.from(parts.value) }
}
