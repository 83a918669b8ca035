import { sha512 as reference } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha512 } from '../../src/codec/sha512.ts'

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

test('sha512 gives the digest of FIPS 180-4 for "abc" and for the empty message', () => {
  expect(hex(sha512(new TextEncoder().encode('abc')))).toBe(
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  )
  expect(hex(sha512(new Uint8Array(0)))).toBe(
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e',
  )
})

test('sha512 agrees with @noble/hashes at every length around the block boundaries', () => {
  for (let length = 0; length <= 520; length++) {
    const message = Uint8Array.from({ length }, (_, i) => (i * 131 + length) & 255)
    expect(hex(sha512(message)), String(length)).toBe(hex(reference(message)))
  }
})

test('sha512 agrees with @noble/hashes on any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4000 }), (message) => {
      expect(hex(sha512(message))).toBe(hex(reference(message)))
    }),
  )
})
