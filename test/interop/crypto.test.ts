import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { implementations } from '../codec/implementations.ts'
import { bytesOf, hex, python } from './python.ts'

/** `crypto_peer.py` says what each is. */
interface Answer {
  sealed: string
  opened: string
}

const SIZES = [...Array.from({ length: 200 }, (_, i) => i), 255, 256, 257, 1023, 1024, 4095, 65_535, 65_536, 70_000]

describe.each(implementations)('PyCryptodome and %s', (_, { open, openName, seal, sealName }) => {
  test('seal with XChaCha20-Poly1305 to the same bytes, and open them', () => {
    const cases = SIZES.map((size) => {
      const given = {
        key: randomBytes(32),
        nonce: randomBytes(24),
        associated: randomBytes(size % 90),
        plain: randomBytes(size),
      }
      return { ...given, sealed: seal(given.key, given.nonce, given.associated, given.plain) }
    })
    const answers = python('crypto_peer.py', cases.map(inHex)) as Answer[]
    cases.forEach(({ key, nonce, associated, plain, sealed }, i) => {
      expect(answers[i]).toEqual({ sealed: hex(sealed), opened: hex(plain) })
      const opened = open(key, nonce, associated, bytesOf(answers[i]!.sealed))
      expect(opened && hex(opened)).toBe(hex(plain))
    })
  })

  test('seal names with AES-SIV to the same bytes, and open them', () => {
    const cases = SIZES.map((size) => {
      const [key, plain] = [randomBytes(64), randomBytes(size)]
      return { key, plain, sealed: sealName(key, plain) }
    })
    const answers = python('crypto_peer.py', cases.map(inHex)) as Answer[]
    cases.forEach(({ key, plain, sealed }, i) => {
      expect(answers[i]).toEqual({ sealed: hex(sealed), opened: hex(plain) })
      const opened = openName(key, bytesOf(answers[i]!.sealed))
      expect(opened && hex(opened)).toBe(hex(plain))
    })
  })
})

function inHex(fields: Record<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, bytes]) => [name, hex(bytes)]))
}
