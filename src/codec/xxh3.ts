/**
 * XXH3-64 of `bytes`, as in the XXH3 specification (xxHash 0.8, doc/xxhash_spec.md) with its default secret.
 * The bulk of a long input goes through doubles, as every bigint is an allocation.
 */
export function xxh3({ buffer, byteOffset, length }: Uint8Array, seed = 0n): bigint {
  const input = new DataView(buffer, byteOffset, length)
  return (length > 240 ? hashLong : length > 16 ? hashMedium : hashShort)(input, seed, length)
}

const PRIME64_1 = 0x9e3779b185ebca87n
const PRIME64_2 = 0xc2b2ae3d27d4eb4fn
const PRIME64_3 = 0x165667b19e3779f9n
const PRIME64_4 = 0x85ebca77c2b2ae63n
// The primes of 32 bits are the upper halves of others.
const PRIME32_1 = PRIME64_1 >> 32n
const PRIME_MX2 = 0x9fb21c651e98df25n

/** What the accumulators of a long input begin with. */
const LANES = [
  PRIME64_2 >> 32n,
  PRIME64_1,
  PRIME64_2,
  PRIME64_3,
  PRIME64_4,
  PRIME64_4 >> 32n,
  0x27d4eb2f165667c5n,
  PRIME32_1,
]

const SECRET_BYTES = 192
const SECRET = new DataView(
  Uint8Array.from(
    atob(
      'uP5sOSOkS758AYEs9yGtHN7UbemDkJfbckCkpLezZx/LeeZOzMDleIJa0H3M/3IhuAhGdPdDJI7gNZDmgTomTDwoUruRwwDLiNBlixtTLqNxZEiX' +
        'og35TjgZ70ap3qzYqPp2P+OcND/53LvHxwtPHYpR4EvNtFkxyJ9+ydl4c2TqxayDNNPrw8WBoP/6E2PrFw3dUbfw2knTFlUmKdRonisWvlh9' +
        'R6H8j/i40XrQMc5FyzqPlRYEKK/X+8q7S0B+',
    ),
    (character) => character.charCodeAt(0),
  ).buffer,
)

function hashShort(input: DataView, seed: bigint, length: number): bigint {
  const size = BigInt(length)
  if (length > 8) {
    const low = word(input, 0) ^ wrap(mask(24) + seed)
    const high = word(input, length - 8) ^ wrap(mask(40) - seed)
    return avalanche(size + swap(low) + high + multiplyFold(low, high))
  }
  if (length > 3) {
    const text = (word32(input, 0) << 32n) | word32(input, length - 4)
    const keyed = wrap((mask(8) - (seed ^ swap(wrap(seed << 32n) >> 32n))) ^ text)
    const twice = keyed | (keyed << 64n)
    const mixed = wrap(wrap(keyed ^ (twice >> 15n) ^ (twice >> 40n)) * PRIME_MX2)
    return shift(wrap((mixed ^ ((mixed >> 35n) + size)) * PRIME_MX2), 28n)
  }
  const at = (i: number): number => input.getUint8(i)
  const hash = length
    ? BigInt(((at(0) << 16) | (at(length >> 1) << 24) | at(length - 1) | (length << 8)) >>> 0) ^
      wrap((shift(word(SECRET, 0), 32n) & 0xffffffffn) + seed)
    : seed ^ mask(56)
  // The end of XXH64.
  return shift(wrap(shift(wrap(shift(hash, 33n) * PRIME64_2), 29n) * PRIME64_3), 32n)
}

function hashMedium(input: DataView, seed: bigint, length: number): bigint {
  let sum = BigInt(length) * PRIME64_1
  const mix = (at: number, secretAt: number): void => {
    sum += multiplyFold(
      word(input, at) ^ wrap(word(SECRET, secretAt) + seed),
      word(input, at + 8) ^ wrap(word(SECRET, secretAt + 8) - seed),
    )
  }
  if (length > 128) {
    for (let i = 0; i < length >> 4; i++) {
      mix(16 * i, i < 8 ? 16 * i : 16 * i - 125)
      if (i === 7) sum = avalanche(sum)
    }
    mix(length - 16, 119)
  } else {
    for (let i = 0; i <= (length - 1) >> 5; i++) {
      mix(16 * i, 32 * i)
      mix(length - 16 * i - 16, 32 * i + 16)
    }
  }
  return avalanche(sum)
}

function hashLong(input: DataView, seed: bigint, length: number): bigint {
  const secret = new DataView(new ArrayBuffer(SECRET_BYTES))
  for (let at = 0; at < SECRET_BYTES; at += 8) {
    secret.setBigUint64(at, word(SECRET, at) + (at & 8 ? -seed : seed), true)
  }
  const lanes = BigUint64Array.from(LANES)
  // What is yet to be added to each lane: times 1, times 2^16 and times 2^32.
  const sums = new Float64Array(24)
  // A product of 32 by 32 bits is split into two of 16 by 32, whose sums over 16 stripes stay below 2^53: exact.
  const add = (at: number, secretAt: number): void => {
    for (let lane = 0; lane < 8; lane++) {
      const low = input.getUint32(at + 8 * lane, true)
      const high = input.getUint32(at + 8 * lane + 4, true)
      const keyLow = low ^ secret.getUint32(secretAt + 8 * lane, true)
      const keyHigh = (high ^ secret.getUint32(secretAt + 8 * lane + 4, true)) >>> 0
      sums[lane ^ 1]! += low
      sums[(lane ^ 1) + 16]! += high
      sums[lane]! += (keyLow & 0xffff) * keyHigh
      sums[lane + 8]! += (keyLow >>> 16) * keyHigh
    }
  }
  const collect = (): void => {
    sums.forEach((sum, i) => (lanes[i & 7]! += BigInt(sum) << BigInt(16 * (i >> 3))))
    sums.fill(0)
  }
  for (let stripe = 0; stripe < (length - 1) >>> 6; stripe++) {
    add(64 * stripe, 8 * (stripe & 15))
    if ((stripe & 15) === 15) {
      collect()
      lanes.forEach((lane, i) => (lanes[i] = (shift(lane, 47n) ^ word(secret, 128 + 8 * i)) * PRIME32_1))
    }
  }
  add(length - 64, 121)
  collect()
  let sum = BigInt(length) * PRIME64_1
  for (let i = 0; i < 8; i += 2) {
    sum += multiplyFold(lanes[i]! ^ word(secret, 11 + 8 * i), lanes[i + 1]! ^ word(secret, 19 + 8 * i))
  }
  return avalanche(sum)
}

function avalanche(hash: bigint): bigint {
  return shift(wrap(shift(wrap(hash), 37n) * 0x165667919e3779f9n), 32n)
}

/** Exclusive or with itself shifted to the right. */
function shift(hash: bigint, bits: bigint): bigint {
  return hash ^ (hash >> bits)
}

/** 64 by 64 bits to 128, the upper half folded onto the lower by exclusive or. */
function multiplyFold(a: bigint, b: bigint): bigint {
  return wrap(shift(a * b, 64n))
}

/** Two words of the secret in one. */
function mask(at: number): bigint {
  return word(SECRET, at) ^ word(SECRET, at + 8)
}

/** The bytes in reverse order. */
function swap(value: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setBigUint64(0, value)
  return word(view, 0)
}

function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value)
}

function word(view: DataView, at: number): bigint {
  return view.getBigUint64(at, true)
}

function word32(view: DataView, at: number): bigint {
  return BigInt(view.getUint32(at, true))
}
