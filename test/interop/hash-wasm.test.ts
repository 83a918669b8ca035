import { createXXHash32, createXXHash3 } from 'hash-wasm'
import { expect, test } from 'vitest'
import { xxh32 } from '../../src/codec/xxh32.ts'
import { xxh3 } from '../../src/codec/xxh3.ts'

const INPUT = Uint8Array.from({ length: 5000 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24)

test.each([0n, 1n, 0xffffffffn, 0x100000000n, 0x85ebca8d9e3779b1n, 2n ** 64n - 1n])(
  'hash-wasm has the same XXH3-64 with seed %s of 0 to 5,000 bytes',
  async (seed) => {
    const peer = await createXXHash3(Number(seed & 0xffffffffn), Number(seed >> 32n))
    for (let length = 0; length <= INPUT.length; length++) {
      const bytes = INPUT.subarray(INPUT.length - length)
      const hash = xxh3(bytes, seed).toString(16).padStart(16, '0')
      expect(hash, `of ${length} bytes`).toBe(peer.init().update(bytes).digest())
    }
  },
)

test('hash-wasm has the same XXH32 of 0 to 5,000 bytes', async () => {
  const peer = await createXXHash32(0)
  for (let length = 0; length <= INPUT.length; length++) {
    const bytes = INPUT.subarray(INPUT.length - length)
    const hash = xxh32(bytes).toString(16).padStart(8, '0')
    expect(hash, `of ${length} bytes`).toBe(peer.init().update(bytes).digest())
  }
})
