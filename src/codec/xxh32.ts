/** XXH32 of `bytes` with seed 0, as in the xxHash specification (doc/xxhash_spec.md): what LZ4 frames are checked with. */
export function xxh32({ buffer, byteOffset, length }: Uint8Array): number {
  const input = new DataView(buffer, byteOffset, length)
  let at = 0
  let hash = PRIME_5
  if (length >= 16) {
    let a = PRIME_1 + PRIME_2
    let b = PRIME_2
    let c = 0
    let d = -PRIME_1
    for (; at <= length - 16; at += 16) {
      a = accumulate(a, input.getInt32(at, true))
      b = accumulate(b, input.getInt32(at + 4, true))
      c = accumulate(c, input.getInt32(at + 8, true))
      d = accumulate(d, input.getInt32(at + 12, true))
    }
    hash = rotate(a, 1) + rotate(b, 7) + rotate(c, 12) + rotate(d, 18)
  }
  hash += length
  for (; at <= length - 4; at += 4) {
    hash = Math.imul(rotate(hash + Math.imul(input.getInt32(at, true), PRIME_3), 17), PRIME_4)
  }
  for (; at < length; at++) {
    hash = Math.imul(rotate(hash + Math.imul(input.getUint8(at), PRIME_5), 11), PRIME_1)
  }
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2)
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3)
  return (hash ^ (hash >>> 16)) >>> 0
}

const PRIME_1 = 0x9e3779b1 | 0
const PRIME_2 = 0x85ebca77 | 0
const PRIME_3 = 0xc2b2ae3d | 0
const PRIME_4 = 0x27d4eb2f
const PRIME_5 = 0x165667b1

function accumulate(sum: number, lane: number): number {
  return Math.imul(rotate((sum + Math.imul(lane, PRIME_2)) | 0, 13), PRIME_1)
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
