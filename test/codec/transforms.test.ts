import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CorruptEntryError } from '../../src/base/errors.ts'
import { toBase32Hex } from '../../src/codec/base32hex.ts'
import { jsTransforms } from '../../src/codec/transforms-js.ts'
import { compressing, implementations } from './implementations.ts'

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
const bytesOf = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
const utf8 = (text: string) => new TextEncoder().encode(text)
const bytesTo = (length: number, first = 0) => Uint8Array.from({ length }, (_, i) => first + i)

// draft-irtf-cfrg-xchacha-03, A.3.1, then tests of Project Wycheproof's xchacha20_poly1305_test.json.
const AEAD: { key: string; nonce: string; associated: string; plain: string; sealed: string }[] = [
  {
    key: '808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f',
    nonce: '404142434445464748494a4b4c4d4e4f5051525354555657',
    associated: '50515253c0c1c2c3c4c5c6c7',
    plain:
      '4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666' +
      '657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069' +
      '742e',
    sealed:
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216' +
      'cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff921f9664c97637da9768812f615c68b13' +
      'b52e' +
      'c0875924c1c7987947deafd8780acf49',
  },
  {
    key: 'ab1562faea9f47af3ae1c3d6d030e3af230255dff3df583ced6fbbcbf9d606a9',
    nonce: '6a5e0c4617e07091b605a4de2c02dde117de2ebd53b23497',
    associated: '',
    plain: '',
    sealed: 'e2697ea6877aba39d9555a00e14db041',
  },
  {
    key: '303ccb2e1567c3d9f629a5c632dbc62a9a82c525674f67988b31bd1dee990538',
    nonce: '05188738844ab90a8b11beef38eaec3e100d8f4f85ae7a41',
    associated: '',
    plain: '62',
    sealed: '45' + 'd15734f984d749fa3f0550a70c43dddf',
  },
]

// Published for AES-SIV with 64 bytes of key and no associated data are hashes: base32 of the SHA-1 of a sealed directory
// id, in the tests of Cryptomator's cryptolib-swift (CryptorTests.swift).
const CRYPTOMATOR_KEY = new Uint8Array(64).fill(0x77, 0, 32).fill(0x55, 32)
const CRYPTOMATOR: [id: string, hash: string][] = [
  ['', 'VLWEHT553J5DR7OZLRJAYDIWFCXZABOD'],
  ['918acfbd-a467-3f77-93f1-f4a44f9cfe9c', '7C3USOO3VU7IVQRKFMRFV3QE4VEZJECV'],
]

// What OpenSSL 4.0.0 answers (Python's cryptography 48.0.0, AESSIV), with the bytes 0 to 63 as the key.
const SIV: [plain: Uint8Array, sealed: string][] = [
  [utf8(''), 'd4fc53b9c44c2aeea87bfb8c983b136c'],
  [utf8('s'), 'f7339f1772c6810a60cb3587396f6275c3'],
  [utf8('suser%3a1'), 'ab1327906495603b0fcfe4c741576d32af20726dca68c0410b'],
  [bytesTo(16, 100), 'e742c592bde13e871d929a1a22352b6deb01d4e74cd1b8c528628353afec578b'],
  [
    utf8('(sa,nbff0000000000000'.repeat(3)),
    '0790d31241c27353c071fbb9bcb6f2425c99b49393b16c9779bd918ad38d80302cf359365f98431c1886e8281e522ee54d24e280aec200f3' +
      '395ed50aa6a1a3f2fccbae2747c5152f9bac8dc7224342',
  ],
]

// Of the lz4 command: 300 bytes that repeat after 20.
const LZ4_FRAME = bytesOf(
  '04224d186440a720000000ff059e3cda7817b553f18f2ecc6a08a745e3811fbe5c1400ff0150e3811fbe5c00000000586aa063',
)
const LZ4_CONTENT = Uint8Array.from({ length: 300 }, (_, i) => Math.imul((i % 20) + 1, 2654435761) >>> 24)

test('the implementation without WebAssembly does not compress', () => {
  expect(jsTransforms.compress(LZ4_CONTENT)).toBeUndefined()
})

describe.each(implementations)('LZ4 of %s', (_, { compress, decompress }) => {
  test('reads a frame of the lz4 command, and its own where it compresses', () => {
    for (const frame of [LZ4_FRAME, compress(LZ4_CONTENT) ?? LZ4_FRAME]) {
      expect(decompress(frame, 300)).toEqual(LZ4_CONTENT)
      expect(() => decompress(frame, 299)).toThrow(CorruptEntryError)
      expect(() => decompress(frame, 301)).toThrow(CorruptEntryError)
      expect(() => decompress(frame, 500_000_000)).toThrow(CorruptEntryError)
      expect(() => decompress(new Uint8Array([...frame, 0]), 300)).toThrow(CorruptEntryError)
      for (let end = 0; end < frame.length; end++) {
        expect(() => decompress(frame.subarray(0, end), 300)).toThrow(CorruptEntryError)
      }
    }
  })
})

test.each(compressing)('LZ4 of %s writes frames that every implementation reads', (_, { compress }) => {
  const anyContent = fc.oneof(
    fc.uint8Array({ maxLength: 3000 }),
    fc.array(fc.constantFrom('a', 'id', 'name', '0'), { maxLength: 3000 }).map((words) => utf8(words.join(''))),
    fc.nat(300_000).map((length) => new Uint8Array(length)),
  )
  fc.assert(
    fc.property(anyContent, (content) => {
      const frame = compress(content)!
      for (const [, { decompress }] of implementations) expectEqual(decompress(frame, content.length), content)
    }),
    { numRuns: 200 },
  )
})

describe.each(implementations)('XChaCha20-Poly1305 of %s', (_, { open, seal }) => {
  test.each(AEAD)('is as published: $sealed', (vector) => {
    const { key, nonce, associated, plain, sealed } = vector
    expect(hex(seal(bytesOf(key), bytesOf(nonce), bytesOf(associated), bytesOf(plain)))).toBe(sealed)
    const opened = open(bytesOf(key), bytesOf(nonce), bytesOf(associated), bytesOf(sealed))
    expect(opened && hex(opened)).toBe(plain)
  })

  const parts = (size: number) => ({
    key: bytesTo(32, 1),
    nonce: bytesTo(24, 50),
    associated: bytesTo(21, 90),
    sealed: seal(bytesTo(32, 1), bytesTo(24, 50), bytesTo(21, 90), bytesTo(size)),
  })

  test('opens nothing of which a bit was changed, nor what is shorter or longer', () => {
    for (const size of [0, 1, 40]) {
      const sound = parts(size)
      const opens = ({ key, nonce, associated, sealed }: typeof sound) => open(key, nonce, associated, sealed)
      expect(opens(sound)).toEqual(bytesTo(size))
      for (const part of ['key', 'nonce', 'associated', 'sealed'] as const) {
        for (let bit = 0; bit < sound[part].length * 8; bit++) {
          expect(opens({ ...sound, [part]: flip(sound[part], bit) }), `${part}, bit ${bit}`).toBeUndefined()
        }
      }
      for (const part of ['associated', 'sealed'] as const) {
        const { length } = sound[part]
        for (let end = 0; end < length; end++) {
          expect(opens({ ...sound, [part]: sound[part].subarray(0, end) })).toBeUndefined()
        }
        expect(opens({ ...sound, [part]: new Uint8Array([...sound[part], 0]) })).toBeUndefined()
      }
    }
  })

  test('opens what it sealed, of any size, wherever in a buffer that lies, and changes nothing', () => {
    const size = fc.oneof(fc.nat(70_000), fc.nat(300), fc.constantFrom(0, 63, 64, 65, 65_535, 65_536, 65_537, 70_000))
    const part = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
    fc.assert(
      fc.property(size, part(32), part(24), fc.uint8Array(), fc.nat(255), (length, key, nonce, associated, first) => {
        const plain = bytesTo(length, first)
        const given = [key, nonce, associated, plain].map(inside)
        const [insideKey, insideNonce, insideAssociated, insidePlain] = given as [
          Uint8Array,
          Uint8Array,
          Uint8Array,
          Uint8Array,
        ]
        const sealed = seal(insideKey, insideNonce, insideAssociated, insidePlain)
        expect(sealed.length).toBe(length + 16)
        expect(sealed.buffer.byteLength).toBe(sealed.length)
        const insideSealed = inside(sealed)
        const opened = open(insideKey, insideNonce, insideAssociated, insideSealed)
        expect(opened?.buffer.byteLength).toBe(length)
        expectEqual(opened, plain)
        ;[key, nonce, associated, plain].forEach((part, i) => expectEqual(given[i], part))
        expectEqual(insideSealed, sealed)
      }),
      { numRuns: 200 },
    )
  })

  test('gives other bytes for every key, nonce and associated data', () => {
    const { key, nonce, associated, sealed } = parts(40)
    const others = [
      seal(flip(key, 5), nonce, associated, bytesTo(40)),
      seal(key, flip(nonce, 100), associated, bytesTo(40)),
      seal(key, nonce, flip(associated, 7), bytesTo(40)),
    ]
    expect(new Set([sealed, ...others].map(hex)).size).toBe(4)
  })
})

describe.each(implementations)('AES-SIV of %s', (_, { openName, sealName }) => {
  const KEY = bytesTo(64)

  test.each(CRYPTOMATOR)('seals %j as Cryptomator published', async (id, hash) => {
    const digest = await crypto.subtle.digest('SHA-1', sealName(CRYPTOMATOR_KEY, utf8(id)))
    const digits = Array.from(toBase32Hex(new Uint8Array(digest)), (digit) => BASE32[parseInt(digit, 32)])
    expect(digits.join('')).toBe(hash)
  })

  test.each(SIV)('is as in OpenSSL: %s', (plain, sealed) => {
    expect(hex(sealName(KEY, plain))).toBe(sealed)
    expect(openName(KEY, bytesOf(sealed))).toEqual(plain)
  })

  test('opens nothing of which a bit was changed, nor what is shorter or longer', () => {
    for (const size of [0, 1, 16, 40]) {
      const sealed = sealName(KEY, bytesTo(size))
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        expect(openName(KEY, flip(sealed, bit)), `bit ${bit}`).toBeUndefined()
      }
      for (let bit = 0; bit < KEY.length * 8; bit += size === 0 ? 8 : 1) {
        // The second half of the key is for the ciphertext, of which there is none for an empty name.
        const expected = size === 0 && bit >= 256 ? new Uint8Array() : undefined
        expect(openName(flip(KEY, bit), sealed), `bit ${bit} of the key`).toEqual(expected)
      }
      for (let end = 0; end < sealed.length; end++) expect(openName(KEY, sealed.subarray(0, end))).toBeUndefined()
      expect(openName(KEY, new Uint8Array([...sealed, 0]))).toBeUndefined()
    }
  })

  test('opens what it sealed, of any size, and seals it again to the same bytes', () => {
    const anyName = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(5000).map((length) => bytesTo(length)),
    )
    fc.assert(
      fc.property(anyName, fc.uint8Array({ minLength: 64, maxLength: 64 }), (plain, key) => {
        const sealed = sealName(inside(key), inside(plain))
        expect(sealed.length).toBe(plain.length + 16)
        expect(sealed.buffer.byteLength).toBe(sealed.length)
        expectEqual(sealName(key, plain), sealed)
        const opened = openName(inside(key), inside(sealed))
        expect(opened?.buffer.byteLength).toBe(plain.length)
        expectEqual(opened, plain)
      }),
      { numRuns: 200 },
    )
  })
})

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const flipped = Uint8Array.from(bytes)
  flipped[bit >> 3]! ^= 1 << (bit & 7)
  return flipped
}

/** The same bytes at an odd place of a longer buffer. */
function inside(bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 9).fill(0xa5)
  buffer.set(bytes, 3)
  return buffer.subarray(3, 3 + bytes.length)
}

/** As `toEqual`, which is slow for long arrays. */
function expectEqual(actual: Uint8Array | undefined, expected: Uint8Array): void {
  expect(actual?.length).toBe(expected.length)
  expect(actual!.findIndex((byte, i) => byte !== expected[i])).toBe(-1)
}
