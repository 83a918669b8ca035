import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Entry, Meta } from '../../src/base/entry.ts'
import { makeCipher } from '../../src/codec/cipher.ts'
import { type CodecOptions, decodeEntry, decodeMeta, encodeEntry } from '../../src/codec/codec.ts'
import { type Fast, LEFT, fast, provide } from '../../src/codec/fast.ts'
import { encodeFrame, parseFrame } from '../../src/codec/frame.ts'
import { jsTransforms } from '../../src/codec/transforms-js.ts'
import full from '../../src/codec/wasm/full.ts'
import { inlinedCore } from '../../src/codec/wasm/inlined.ts'
import { isReady } from '../../src/codec/wasm/memory.ts'
import { startSecond } from '../../src/codec/wasm/second.ts'
import { useWasm } from '../../src/codec/wasm/use.ts'
import { registerType } from '../../src/codec/types.ts'
import { keyToName } from '../../src/store/names.ts'
import { anyValue } from './arbitraries.ts'
import { RUNS, outcome } from './outcome.ts'

useWasm(inlinedCore)
isReady()
const wasmTransforms = startSecond(full)
const wasm = fast!
const nothing: Fast = {
  encode: () => undefined,
  decode: () => LEFT,
  encodeFrame: () => undefined,
  decodeFrame: () => undefined,
  decodeHead: () => undefined,
  xxh3: () => undefined,
  sha512: () => undefined,
}

const STORE = '5f0c6c0e-9a3b-4d6e-8f57-3a2f0d8c1b11'
const KEY = new Uint8Array(32).fill(7)
const OTHER_KEY = new Uint8Array(32).fill(8)
const META: Meta = { key: 'user', type: 'value', lastWrite: new Date(1_700_000_000_123) }

/** Do `fn` in TypeScript alone. */
function byTwin<T>(fn: (options: CodecOptions) => T, options: CodecOptions): T {
  provide(nothing)
  try {
    const { cipher } = options
    return fn({ ...options, transforms: jsTransforms, cipher: cipher && { ...cipher, transforms: jsTransforms } })
  } finally {
    provide(wasm)
  }
}

const sealing = (keys: readonly Uint8Array[] = [KEY], id: string = STORE): CodecOptions => ({
  transforms: wasmTransforms,
  cipher: makeCipher(wasmTransforms, keys, id, false),
})

const anyEntry = fc.record({
  meta: fc.oneof(
    fc.constant(META),
    fc
      .record({ custom: fc.dictionary(fc.string(), anyValue), writeId: fc.string() })
      .map(({ custom, writeId }): Meta => ({ ...META, custom, own: { writeId } })),
  ),
  value: fc.oneof(
    anyValue,
    fc.tuple(anyValue, fc.integer({ min: 1, max: 40 })).map(([value, n]) => new Array<unknown>(n).fill(value)),
  ),
})

const anyBinary = fc
  .oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.integer({ min: 0, max: 1000 }).map((n) => new Uint8Array(n)),
  )
  .map((value): Entry => ({ meta: { ...META, type: 'binary' }, value }))

const anyOptions = fc
  .record({ threshold: fc.constantFrom(undefined, 0, 40, 500), isSealed: fc.boolean() })
  .map(({ threshold, isSealed }): CodecOptions => ({
    transforms: wasmTransforms,
    ...(isSealed ? sealing() : undefined),
    compressor: threshold === undefined ? undefined : { threshold },
  }))

describe.each(['WebAssembly', 'TypeScript'])('frames made in %s', (maker) => {
  beforeEach(() => provide(maker === 'WebAssembly' ? wasm : nothing))
  afterEach(() => provide(wasm))

  test('are read by both', () => {
    fc.assert(
      fc.property(fc.oneof(anyEntry, anyBinary), anyOptions, (entry, options) => {
        const frame =
          maker === 'WebAssembly'
            ? encodeEntry('suser', entry, options)
            : byTwin((own) => encodeEntry('suser', entry, own), options)
        provide(wasm)
        const found = wasm.decodeFrame('suser', frame, options)
        expect(found?.value).toEqual(entry.value)
        expect(decodeEntry('suser', frame, options)).toEqual(entry)
        expect(decodeMeta('suser', frame, options)).toEqual(entry.meta)
        byTwin((own) => {
          expect(decodeEntry('suser', frame, own)).toEqual(entry)
          expect(decodeMeta('suser', frame, own)).toEqual(entry.meta)
        }, options)
        if (!options.cipher && !options.compressor) {
          expect(String(byTwin((own) => encodeEntry('suser', entry, own), options))).toBe(String(frame))
        }
      }),
      { numRuns: Math.max(300, RUNS / 10) },
    )
  })

  test('give binaries bytes of their own, also out of a Buffer, whose slices are views', () => {
    class Buffer extends Uint8Array<ArrayBuffer> {
      override slice(start?: number, end?: number): Uint8Array<ArrayBuffer> {
        return this.subarray(start, end)
      }
    }
    for (const options of [{}, sealing()]) {
      const entry: Entry = { meta: { ...META, type: 'binary' }, value: new Uint8Array(100).fill(7) }
      const frame = Buffer.from(encodeEntry('sa', entry, options)) as Buffer
      const value = decodeEntry('sa', frame, options).value as Uint8Array
      expect([value.constructor, value.buffer.byteLength, value[99]]).toEqual([Uint8Array, 100, 7])
    }
  })

  test('end alike in both, however they are damaged', () => {
    const anyDamage = fc.record({
      at: fc.nat(),
      byte: fc.integer({ min: 0, max: 255 }),
      cut: fc.nat({ max: 4 }),
      mended: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.oneof(anyEntry, anyBinary), anyOptions, anyDamage, (entry, options, damage) => {
        const frame = encodeEntry('suser', entry, options)
        let damaged = frame.slice(0, Math.max(20, frame.length - damage.cut))
        damaged[damage.at % damaged.length] = damage.byte
        const isMended = damage.mended && endOfMeta(damaged) <= damaged.length
        if (isMended) damaged = mend('suser', damaged)
        const seen = outcome(() => decodeEntry('suser', damaged, options))
        const twin = byTwin((own) => outcome(() => decodeEntry('suser', damaged, own)), options)
        // Of what says that it is an LZ4 frame the twin says more.
        const isPacked = damaged[2] !== 0
        expect(isPacked ? twin.code : twin).toEqual(isPacked ? seen.code : seen)
        if (String(damaged) === String(frame)) expect(seen.value).toEqual(entry)
        else if (!isMended) expect(seen.code).toBe('CORRUPT_ENTRY')
        else if (options.cipher && damaged[0] === 2) expect(seen.code).toBe('DECRYPTION_FAILED')
      }),
      { numRuns: Math.max(600, RUNS / 10) },
    )
  })
})

describe('a registered type that uses the codec on its own account', () => {
  const use: Record<string, () => void> = {
    'sums bytes': () => void fast!.xxh3(new Uint8Array(5000).fill(1), 0n),
    'names a long key': () => void keyToName('x'.repeat(600)),
    'reads an entry': () => void decodeEntry('sb', inner, {}),
    'reads a sealed entry': () => void decodeEntry('sb', sealedInner, sealing()),
    'writes a sealed entry': () => void encodeEntry('sb', { meta: META, value: 'other' }, sealing()),
    compresses: () => void wasmTransforms.compress(new Uint8Array(5000)),
    'starts the module': () => void startSecond(full),
  }
  const inner = encodeEntry('sb', { meta: META, value: ['x'.repeat(300), new Uint8Array(300).fill(9)] }, {})
  const sealedInner = encodeEntry(
    'sb',
    { meta: META, value: ['x'.repeat(300), new Uint8Array(300).fill(9)] },
    sealing(),
  )
  let busy: (() => void) | undefined
  class Busy {}
  registerType('busy', {
    test: (value) => value instanceof Busy,
    encode: () => busy?.() ?? 0,
    decode: () => (busy?.(), new Busy()),
  })

  test.each(Object.keys(use))('and %s changes nothing of what is written or read', (name) => {
    const value = [
      new Busy(),
      12,
      2.5,
      'x',
      'ü'.repeat(300),
      new Uint8Array(40).fill(7),
      [1, 2, 'b'],
      { a: new Busy(), z: 1 },
    ]
    const entry = { meta: { ...META, custom: { first: new Busy(), last: 'end' } }, value }
    for (const options of [{}, sealing(), { ...sealing(), compressor: { threshold: 0 } }]) {
      busy = undefined
      const frame = encodeEntry('sa', entry, options)
      const plain = encodeEntry('sa', entry, {})
      busy = use[name]
      expect(decodeEntry('sa', frame, options)).toEqual(entry)
      expect(String(encodeEntry('sa', entry, {}))).toBe(String(plain))
      expect(decodeEntry('sa', encodeEntry('sa', entry, options), options)).toEqual(entry)
    }
    busy = undefined
  })
})

describe('a sealed entry', () => {
  const options = sealing()
  const value = { secret: 'x'.repeat(100) }
  const frame = encodeEntry('suser', { meta: META, value }, options)

  test('shows nothing of what is in it', () => {
    const shown = String.fromCharCode(...frame)
    for (const word of ['user', 'value', 'secret', 'xxx']) expect(shown).not.toContain(word)
    expect(frame.subarray(0, 4)).toEqual(Uint8Array.of(2, 3, 0, 16))
  })

  test('is never the same twice', () => {
    const again = encodeEntry('suser', { meta: META, value }, options)
    expect(String(again.subarray(28, 52))).not.toBe(String(frame.subarray(28, 52)))
    expect(String(again)).not.toBe(String(frame))
  })

  test.each<[string, CodecOptions]>([
    ['with another key', sealing([OTHER_KEY])],
    ['in another store', sealing([KEY], '00000000-9a3b-4d6e-8f57-3a2f0d8c1b11')],
    ['without a key', { transforms: wasmTransforms }],
  ])('is DECRYPTION_FAILED %s', (_, reader) => {
    expect(outcome(() => decodeEntry('suser', frame, reader)).code).toBe('DECRYPTION_FAILED')
    expect(outcome(() => decodeMeta('suser', frame, reader)).code).toBe('DECRYPTION_FAILED')
    expect(byTwin((own) => outcome(() => decodeEntry('suser', frame, own)).code, reader)).toBe('DECRYPTION_FAILED')
  })

  test('is DECRYPTION_FAILED under another name, CORRUPT_ENTRY before its sums are made right', () => {
    expect(outcome(() => decodeEntry('sother', frame, options)).code).toBe('CORRUPT_ENTRY')
    const moved = remake('sother', parse('suser', frame))
    expect(outcome(() => decodeEntry('sother', moved, options)).code).toBe('DECRYPTION_FAILED')
  })

  test('is DECRYPTION_FAILED with the metadata or the value of another version, or of another entry', () => {
    const mine = parse('suser', frame)
    for (const name of ['suser', 'sother']) {
      const other = parse(name, encodeEntry(name, { meta: META, value: 5 }, options))
      for (const mixed of [
        { ...mine, meta: other.meta },
        { ...mine, value: other.value },
      ]) {
        expect(outcome(() => decodeEntry('suser', remake('suser', mixed), options)).code).toBe('DECRYPTION_FAILED')
      }
    }
  })

  test('is DECRYPTION_FAILED in the clear, unless that is allowed', () => {
    const clear = encodeEntry('suser', { meta: META, value }, {})
    expect(outcome(() => decodeEntry('suser', clear, options)).code).toBe('DECRYPTION_FAILED')
    const migrating = { ...options, cipher: { ...options.cipher!, allowPlaintext: true } }
    expect(decodeEntry('suser', clear, migrating).value).toEqual(value)
    expect(decodeEntry('suser', frame, migrating).value).toEqual(value)
  })

  test('is read with an old key, and written with the new one', () => {
    const rotated = sealing([OTHER_KEY, KEY])
    expect(decodeEntry('suser', frame, rotated).value).toEqual(value)
    const renewed = encodeEntry('suser', { meta: META, value }, rotated)
    expect(decodeEntry('suser', renewed, sealing([OTHER_KEY])).value).toEqual(value)
    expect(outcome(() => decodeEntry('suser', renewed, options)).message).toContain('oldKeys')
  })
})

describe('a compressed value', () => {
  const options: CodecOptions = { transforms: wasmTransforms, compressor: { threshold: 100 } }
  const text = 'the quick brown fox '.repeat(100)

  test('is smaller, and says how long it was', () => {
    const frame = encodeEntry('sa', { meta: META, value: text }, options)
    expect(frame.length).toBeLessThan(text.length / 5)
    expect(frame[2]).toBe(1)
    expect(decodeEntry('sa', frame, {}).value).toBe(text)
    expect(decodeMeta('sa', frame, options)).toEqual(META)
  })

  test('stays as it is below the threshold, and where compression does not pay', () => {
    expect(encodeEntry('sa', { meta: META, value: 'a'.repeat(90) }, options)[2]).toBe(0)
    const noise = crypto.getRandomValues(new Uint8Array(1000))
    const frame = encodeEntry('sa', { meta: META, value: noise }, options)
    expect(frame[2]).toBe(0)
    expect(decodeEntry('sa', frame, options).value).toEqual(noise)
  })

  test('that claims to be larger than the limit, or than it can be, is refused before it is unpacked', () => {
    const bomb = jsTransforms.compress(new Uint8Array(0)) ?? wasmTransforms.compress(new Uint8Array(4_000_000))!
    const frame = (length: unknown): Uint8Array => {
      const meta = encodeEntry('sa', { meta: { ...META, own: { length } } as Meta, value: 1 }, {})
      return remake('sa', { ...parse('sa', meta), compressor: 1, value: bomb })
    }
    const limited = { ...options, limits: { bytes: 1_000_000 } }
    expect(bomb.length).toBeLessThan(20_000)
    expect(outcome(() => decodeEntry('sa', frame(4_000_000), limited)).code).toBe('LIMIT_EXCEEDED')
    for (const length of [1000, 400_000_000, -1, 1.5, '5', undefined]) {
      expect(outcome(() => decodeEntry('sa', frame(length), options)).code).toBe('CORRUPT_ENTRY')
    }
  })
})

type Parts = Parameters<typeof encodeFrame>[1]

function parse(name: string, frame: Uint8Array): Parts {
  return parseFrame(name, frame)
}

function remake(name: string, parts: Parts): Uint8Array<ArrayBuffer> {
  return encodeFrame(name, parts)
}

function endOfMeta(frame: Uint8Array<ArrayBuffer>): number {
  return 20 + new DataView(frame.buffer).getUint32(4)
}

/** The same bytes with sums that fit them. */
function mend(name: string, frame: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const end = endOfMeta(frame)
  const [layout, serializer, compressor, encryptor] = frame
  const mended = encodeFrame(name, {
    serializer: serializer!,
    compressor: compressor!,
    encryptor: encryptor!,
    meta: frame.subarray(20, end),
    value: frame.subarray(end),
  })
  mended[0] = layout!
  return mended
}
