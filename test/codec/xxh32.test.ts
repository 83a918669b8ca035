import { expect, test } from 'vitest'
import { xxh32 } from '../../src/codec/xxh32.ts'

// [length, hash] of the first bytes of INPUT, as the reference implementation answers (hash-wasm 4.13.0).
const VECTORS: [number, string][] = [
  [0, '02cc5d05'],
  [1, 'b85cbee5'],
  [3, '2b8bab23'],
  [4, 'f2672c71'],
  [5, 'cc5867a2'],
  [15, 'de983f4e'],
  [16, '2cfb28b3'],
  [17, 'f744dc25'],
  [31, '1546090e'],
  [32, 'a10c97f9'],
  [33, 'c80e0e38'],
  [100, '3c85dd9d'],
  [1023, '10b753f0'],
  [1024, '19c05385'],
  [5000, '40a96325'],
]

const INPUT = Uint8Array.from({ length: 5000 }, (_, i) => Math.imul(i + 1, 2654435761) >>> 24)

test.each(VECTORS)('xxh32 hashes %i bytes as the reference does, also as a part of a buffer', (length, hash) => {
  const odd = new Uint8Array(length + 20)
  odd.set(INPUT.subarray(0, length), 13)
  expect(xxh32(INPUT.subarray(0, length)).toString(16).padStart(8, '0')).toBe(hash)
  expect(
    xxh32(odd.subarray(13, 13 + length))
      .toString(16)
      .padStart(8, '0'),
  ).toBe(hash)
})

test.each([
  ['', 0x02cc5d05],
  ['a', 0x550d7456],
  ['abc', 0x32d153ff],
])('xxh32 of %j is the known one', (text, hash) => {
  expect(xxh32(new TextEncoder().encode(text))).toBe(hash)
})
