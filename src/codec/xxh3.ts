/** The 64 bits of a hash as two signed 32-bit halves. */
export interface Hash64 {
  readonly high: number
  readonly low: number
}

/**
 * XXH3-64 of `bytes[start, end)`, as in the XXH3 specification (xxHash 0.8, doc/xxhash_spec.md) with its default secret.
 * 64-bit arithmetic is done on 32-bit halves, the low one first: every BigInt is an allocation.
 */
export function xxh3(bytes: Uint8Array, seed: Hash64 = NO_SEED, start = 0, end: number = bytes.length): Hash64 {
  const length = end - start
  const input = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  setSeed(seed.low, seed.high)
  if (length > 240) hashLong(input, length)
  else if (length > 16) hashMedium(input, length)
  else hashShort(input, length)
  return { high: state[1]!, low: state[0]! }
}

const NO_SEED: Hash64 = { high: 0, low: 0 }
const STRIPE = 64
const STRIPES_A_BLOCK = 16
const TWO_16 = 0x10000
const TWO_32 = 0x100000000

// Constants by their place in TABLE; the first eight are also what the accumulators begin with.
const PRIME64_1 = 1
const PRIME64_2 = 2
const PRIME64_3 = 3
const PRIME32_1 = 7
const MIX_1 = 8
const MIX_2 = 9

/** The secret, 192 bytes, and the constants. */
const TABLE = new DataView(
  Uint8Array.from(
    atob(
      'uP5sOSOkS758AYEs9yGtHN7UbemDkJfbckCkpLezZx/LeeZOzMDleIJa0H3M/3IhuAhGdPdDJI7gNZDmgTomTDwoUruRwwDLiNBlixtTLqNxZEiX' +
        'og35TjgZ70ap3qzYqPp2P+OcND/53LvHxwtPHYpR4EvNtFkxyJ9+ydl4c2TqxayDNNPrw8WBoP/6E2PrFw3dUbfw2knTFlUmKdRonisWvlh9' +
        'R6H8j/i40XrQMc5FyzqPlRYEKK/X+8q7S0B+Pa6ywgAAAACHyuuFsXk3nk/r1Cc9rrLC+Xk3nrFnVhZjrrLCd8rrhXfK64UAAAAAxWdWFi/r' +
        '1CexeTeeAAAAAPl5N56RZ1YWJd+YHmUcsp8=',
    ),
    (character) => character.charCodeAt(0),
  ).buffer,
)
const CONSTANTS = 192

// The seed, and the seed to be subtracted.
const PLUS = 0
const MINUS = 2
const seeds = new Int32Array(4)

/** The hash as it grows: what the 64-bit helpers change. */
const state = new Int32Array(2)

/** Of each lane the low half, the high half, and what is to be added to both, times 2^16. */
const lanes = new Float64Array(24)

const seededSecret = new DataView(new ArrayBuffer(CONSTANTS))

function setSeed(low: number, high: number): void {
  seeds[PLUS] = low
  seeds[PLUS + 1] = high
  seeds[MINUS] = -low
  seeds[MINUS + 1] = -high - (low === 0 ? 0 : 1)
}

function hashShort(input: DataView, length: number): void {
  set(0, 0)
  if (length > 8) {
    load(TABLE, 24)
    xor(TABLE, 32)
    addSeed(PLUS)
    xor(input, 0)
    const low = state[0]!
    const high = state[1]!
    load(TABLE, 40)
    xor(TABLE, 48)
    addSeed(MINUS)
    xor(input, length - 8)
    const lastLow = state[0]!
    const lastHigh = state[1]!
    multiplyFold(low, high)
    add(lastLow, lastHigh)
    add(swap32(high), swap32(low))
    add(length, 0)
    avalanche()
  } else if (length > 3) {
    setSeed(seeds[0]!, seeds[1]! ^ swap32(seeds[0]!))
    load(TABLE, 8)
    xor(TABLE, 16)
    addSeed(MINUS)
    const low = state[0]! ^ word(input, length - 4)
    const high = state[1]! ^ word(input, 0)
    // rotations by 49 and 24
    set(
      low ^ (high << 17) ^ (low >>> 15) ^ (low << 24) ^ (high >>> 8),
      high ^ (low << 17) ^ (high >>> 15) ^ (high << 24) ^ (low >>> 8),
    )
    times(MIX_2)
    state[0]! ^= (state[1]! >>> 3) + length
    times(MIX_2)
    shift(28)
  } else {
    if (length > 0) {
      state[0] = word(TABLE, 0) ^ word(TABLE, 4)
      addSeed(PLUS)
      state[0] ^=
        (input.getUint8(0) << 16) | (input.getUint8(length >> 1) << 24) | input.getUint8(length - 1) | (length << 8)
    } else {
      addSeed(PLUS)
      xor(TABLE, 56)
      xor(TABLE, 64)
    }
    // The end of XXH64.
    shift(33)
    times(PRIME64_2)
    shift(29)
    times(PRIME64_3)
    shift(32)
  }
}

function hashMedium(input: DataView, length: number): void {
  set(length, 0)
  times(PRIME64_1)
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i--) {
      mix16(input, 16 * i, 32 * i)
      mix16(input, length - 16 * (i + 1), 32 * i + 16)
    }
  } else {
    for (let i = 0; i < length >> 4; i++) {
      mix16(input, 16 * i, i < 8 ? 16 * i : 16 * i - 125)
      if (i === 7) avalanche()
    }
    mix16(input, length - 16, 119)
  }
  avalanche()
}

/** Mix 16 bytes of input in. */
function mix16(input: DataView, at: number, secretAt: number): void {
  const low = state[0]!
  const high = state[1]!
  load(TABLE, secretAt)
  addSeed(PLUS)
  xor(input, at)
  const keyLow = state[0]!
  const keyHigh = state[1]!
  load(TABLE, secretAt + 8)
  addSeed(MINUS)
  xor(input, at + 8)
  multiplyFold(keyLow, keyHigh)
  add(low, high)
}

function hashLong(input: DataView, length: number): void {
  for (let at = 0; at < CONSTANTS; at += 8) {
    load(TABLE, at)
    addSeed(at & 8 ? MINUS : PLUS)
    seededSecret.setInt32(at, state[0]!, true)
    seededSecret.setInt32(at + 4, state[1]!, true)
  }
  for (let lane = 0; lane < 8; lane++) {
    load(TABLE, CONSTANTS + 8 * lane)
    keep(lane)
  }
  const stripes = (length - 1) >>> 6
  for (let i = 0; i < stripes; i++) {
    accumulate(input, STRIPE * i, 8 * (i % STRIPES_A_BLOCK))
    if ((i + 1) % STRIPES_A_BLOCK === 0) {
      for (let lane = 0; lane < 8; lane++) {
        take(lane)
        shift(47)
        xor(seededSecret, 128 + 8 * lane)
        times(PRIME32_1)
        keep(lane)
      }
    }
  }
  accumulate(input, length - STRIPE, 121)
  set(length, length / TWO_32)
  times(PRIME64_1)
  for (let lane = 0; lane < 8; lane += 2) {
    const sumLow = state[0]!
    const sumHigh = state[1]!
    take(lane)
    xor(seededSecret, 11 + 8 * lane)
    const low = state[0]!
    const high = state[1]!
    take(lane + 1)
    xor(seededSecret, 19 + 8 * lane)
    multiplyFold(low, high)
    add(sumLow, sumHigh)
  }
  avalanche()
}

/**
 * Add a stripe to the accumulators. A product of 32 by 32 bits is split into two of 16 by 32, whose sums over 16 stripes
 * stay below 2^53, so that doubles add them exactly and carries wait for the end.
 */
function accumulate(input: DataView, at: number, secretAt: number): void {
  for (let lane = 0; lane < 8; lane++) {
    const low = word(input, at + 8 * lane)
    const high = word(input, at + 8 * lane + 4)
    const keyLow = low ^ word(seededSecret, secretAt + 8 * lane)
    const keyHigh = (high ^ word(seededSecret, secretAt + 8 * lane + 4)) >>> 0
    lanes[lane ^ 1]! += low >>> 0
    lanes[(lane ^ 1) + 8]! += high
    lanes[lane]! += (keyLow & 0xffff) * keyHigh
    lanes[lane + 16]! += (keyLow >>> 16) * keyHigh
  }
}

function keep(lane: number): void {
  lanes[lane] = state[0]! >>> 0
  lanes[lane + 8] = state[1]!
  lanes[lane + 16] = 0
}

function take(lane: number): void {
  const middle = lanes[lane + 16]!
  const low = lanes[lane]! + (middle % TWO_16) * TWO_16
  set(low, lanes[lane + 8]! + Math.floor(middle / TWO_16) + Math.floor(low / TWO_32))
}

function avalanche(): void {
  shift(37)
  times(MIX_1)
  shift(32)
}

function set(low: number, high: number): void {
  state[0] = low
  state[1] = high
}

function load(view: DataView, at: number): void {
  set(word(view, at), word(view, at + 4))
}

function xor(view: DataView, at: number): void {
  state[0]! ^= word(view, at)
  state[1]! ^= word(view, at + 4)
}

function addSeed(sign: number): void {
  add(seeds[sign]!, seeds[sign + 1]!)
}

function add(low: number, high: number): void {
  const sum = (state[0]! >>> 0) + (low >>> 0)
  set(sum, state[1]! + high + (sum < TWO_32 ? 0 : 1))
}

/** Exclusive or with itself shifted to the right, by 28 bits or more. */
function shift(count: number): void {
  // Shifts of 32-bit numbers are modulo 32.
  if (count >= 32) {
    state[0]! ^= state[1]! >>> count
  } else {
    state[0]! ^= (state[0]! >>> count) | (state[1]! << -count)
    state[1]! ^= state[1]! >>> count
  }
}

function times(constant: number): void {
  const low = state[0]!
  const high = state[1]!
  load(TABLE, CONSTANTS + 8 * constant)
  const factor = state[0]!
  set(Math.imul(low, factor), multiplyHigh(low, factor) + Math.imul(high, factor) + Math.imul(low, state[1]!))
}

/** 64 by 64 bits to 128, the upper half folded onto the lower by exclusive or. */
function multiplyFold(low: number, high: number): void {
  const otherLow = state[0]!
  const otherHigh = state[1]!
  const middle = multiplyHigh(low, otherLow) + (Math.imul(low, otherHigh) >>> 0) + (Math.imul(high, otherLow) >>> 0)
  const upper =
    multiplyHigh(low, otherHigh) +
    multiplyHigh(high, otherLow) +
    (Math.imul(high, otherHigh) >>> 0) +
    Math.floor(middle / TWO_32)
  set(Math.imul(low, otherLow) ^ upper, middle ^ (multiplyHigh(high, otherHigh) + Math.floor(upper / TWO_32)))
}

/** The upper half of 32 by 32 bits, unsigned; `Math.imul` is the lower. */
function multiplyHigh(a: number, b: number): number {
  const factor = b >>> 0
  return (((a >>> 16) * factor + ((((a & 0xffff) * factor) / TWO_16) >>> 0)) / TWO_16) >>> 0
}

function word(view: DataView, at: number): number {
  return view.getInt32(at, true)
}

function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)
}
