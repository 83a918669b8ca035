/** The 64 bits of a hash as two signed 32-bit halves. */
export interface Hash64 {
  readonly high: number
  readonly low: number
}

export const NO_SEED: Hash64 = { high: 0, low: 0 }

/**
 * XXH3-64 of `bytes[start, end)`, as in the XXH3 specification (xxHash 0.8, doc/xxhash_spec.md) with its default secret.
 * 64-bit arithmetic is done on 32-bit halves: every BigInt is an allocation. A DataView costs more than hashing a short
 * input does: only long ones get one.
 */
export function xxh3(bytes: Uint8Array, seed: Hash64 = NO_SEED, start = 0, end: number = bytes.length): Hash64 {
  const length = end - start
  if (length > 240) return hashLong(bytes, start, length, seed)
  if (length > 16) return hashMedium(bytes, start, end, seed)
  if (length > 8) return hash9To16(bytes, start, end, seed)
  return length >= 4 ? hash4To8(bytes, start, end, seed) : hash0To3(bytes, start, length, seed)
}

const SECRET_SIZE = 192
const STRIPE = 64
const STRIPES_A_BLOCK = (SECRET_SIZE - STRIPE) / 8
const BLOCK = STRIPE * STRIPES_A_BLOCK
const TWO_16 = 0x10000
const TWO_32 = 0x100000000

const PRIME32_1 = 0x9e3779b1 | 0
const PRIME64_1 = { high: 0x9e3779b1 | 0, low: 0x85ebca87 | 0 }
const PRIME64_2 = { high: 0xc2b2ae3d | 0, low: 0x27d4eb4f }
const PRIME64_3 = { high: 0x165667b1, low: 0x9e3779f9 | 0 }
const MIX_1 = { high: 0x16566791, low: 0x9e3779f9 | 0 }
const MIX_2 = { high: 0x9fb21c65 | 0, low: 0x1e98df25 }

// The accumulators' first values, low half before high half, eight lanes.
const START = [
  0xc2b2ae3d, 0, 0x85ebca87, 0x9e3779b1, 0x27d4eb4f, 0xc2b2ae3d, 0x9e3779f9, 0x165667b1, 0xc2b2ae63, 0x85ebca77,
  0x85ebca77, 0, 0x165667c5, 0x27d4eb2f, 0x9e3779b1, 0,
]

const SECRET = secretView(
  'b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e' +
    'e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d' +
    '8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc' +
    '8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e',
)
const seededSecret = new DataView(new ArrayBuffer(SECRET_SIZE))
let secretSeed: Hash64 = NO_SEED
const accumulators = new Int32Array(16)

// What the 64-bit helpers answer with. Plain variables would be boxed where a half does not fit a small integer.
const result = new Int32Array(2)
const total = new Int32Array(2)
const HIGH = 0
const LOW = 1

function hash0To3(bytes: Uint8Array, start: number, length: number, seed: Hash64): Hash64 {
  if (length === 0) {
    return avalanche64(
      seed.high ^ secretWord(SECRET, 60) ^ secretWord(SECRET, 68),
      seed.low ^ secretWord(SECRET, 56) ^ secretWord(SECRET, 64),
    )
  }
  const combined =
    (bytes[start]! << 16) | (bytes[start + (length >> 1)]! << 24) | bytes[start + length - 1]! | (length << 8)
  add(0, secretWord(SECRET, 0) ^ secretWord(SECRET, 4), seed.high, seed.low)
  return avalanche64(result[HIGH]!, combined ^ result[LOW]!)
}

function hash4To8(bytes: Uint8Array, start: number, end: number, seed: Hash64): Hash64 {
  subtract(
    secretWord(SECRET, 12) ^ secretWord(SECRET, 20),
    secretWord(SECRET, 8) ^ secretWord(SECRET, 16),
    seed.high ^ swap32(seed.low),
    seed.low,
  )
  const high = result[HIGH]! ^ word(bytes, start)
  const low = result[LOW]! ^ word(bytes, end - 4)
  // rotations by 49 and 24
  multiply(
    high ^ ((low << 17) | (high >>> 15)) ^ ((high << 24) | (low >>> 8)),
    low ^ ((high << 17) | (low >>> 15)) ^ ((low << 24) | (high >>> 8)),
    MIX_2,
  )
  const shifted = (result[HIGH]! >>> 3) + end - start
  multiply(result[HIGH]!, result[LOW]! ^ shifted, MIX_2)
  const last = result[HIGH]!
  return { high: last ^ (last >>> 28), low: result[LOW]! ^ ((result[LOW]! >>> 28) | (last << 4)) }
}

function hash9To16(bytes: Uint8Array, start: number, end: number, seed: Hash64): Hash64 {
  add(
    secretWord(SECRET, 28) ^ secretWord(SECRET, 36),
    secretWord(SECRET, 24) ^ secretWord(SECRET, 32),
    seed.high,
    seed.low,
  )
  const firstHigh = word(bytes, start + 4) ^ result[HIGH]!
  const firstLow = word(bytes, start) ^ result[LOW]!
  subtract(
    secretWord(SECRET, 44) ^ secretWord(SECRET, 52),
    secretWord(SECRET, 40) ^ secretWord(SECRET, 48),
    seed.high,
    seed.low,
  )
  const lastHigh = word(bytes, end - 4) ^ result[HIGH]!
  const lastLow = word(bytes, end - 8) ^ result[LOW]!
  multiplyFold(firstHigh, firstLow, lastHigh, lastLow)
  add(result[HIGH]!, result[LOW]!, lastHigh, lastLow)
  add(result[HIGH]!, result[LOW]!, swap32(firstLow), swap32(firstHigh))
  add(result[HIGH]!, result[LOW]!, 0, end - start)
  return avalanche(result[HIGH]!, result[LOW]!)
}

function hashMedium(bytes: Uint8Array, start: number, end: number, seed: Hash64): Hash64 {
  const length = end - start
  multiply(0, length, PRIME64_1)
  total[HIGH] = result[HIGH]!
  total[LOW] = result[LOW]!
  if (length <= 128) {
    for (let i = (length - 1) >> 5; i >= 0; i--) {
      mix16(bytes, start + 16 * i, 32 * i, seed)
      mix16(bytes, end - 16 * (i + 1), 32 * i + 16, seed)
    }
    return avalanche(total[HIGH], total[LOW])
  }
  for (let i = 0; i < 8; i++) mix16(bytes, start + 16 * i, 16 * i, seed)
  const { high, low } = avalanche(total[HIGH], total[LOW])
  total[HIGH] = high
  total[LOW] = low
  mix16(bytes, end - 16, 119, seed)
  const rounds = length >> 4
  for (let i = 8; i < rounds; i++) mix16(bytes, start + 16 * i, 16 * (i - 8) + 3, seed)
  return avalanche(total[HIGH], total[LOW])
}

function hashLong(bytes: Uint8Array, start: number, length: number, seed: Hash64): Hash64 {
  const input = new DataView(bytes.buffer, bytes.byteOffset + start, length)
  const secret = seed.high === 0 && seed.low === 0 ? SECRET : seedSecret(seed)
  accumulators.set(START)
  const blocks = Math.floor((length - 1) / BLOCK)
  for (let block = 0; block < blocks; block++) {
    accumulate(input, block * BLOCK, STRIPES_A_BLOCK, secret, 0)
    scramble(secret)
  }
  const rest = blocks * BLOCK
  accumulate(input, rest, Math.floor((length - 1 - rest) / STRIPE), secret, 0)
  accumulate(input, length - STRIPE, 1, secret, SECRET_SIZE - STRIPE - 7)
  multiply(0, length, PRIME64_1)
  let high = result[HIGH]! + Math.imul(PRIME64_1.low, Math.floor(length / TWO_32))
  let low = result[LOW]!
  for (let lane = 0; lane < 8; lane += 2) {
    const at = 11 + 8 * lane
    multiplyFold(
      accumulators[2 * lane + 1]! ^ secretWord(secret, at + 4),
      accumulators[2 * lane]! ^ secretWord(secret, at),
      accumulators[2 * lane + 3]! ^ secretWord(secret, at + 12),
      accumulators[2 * lane + 2]! ^ secretWord(secret, at + 8),
    )
    add(high, low, result[HIGH]!, result[LOW]!)
    high = result[HIGH]!
    low = result[LOW]!
  }
  return avalanche(high, low)
}

/**
 * Add `stripes` (at most 16) to the accumulators, two lanes at a time. A product of 32 by 32 bits is split into two of
 * 16 by 32, whose sums over 16 stripes stay below 2^53, so that doubles add them exactly and carries wait for the end.
 */
function accumulate(input: DataView, start: number, stripes: number, secret: DataView, secretStart: number): void {
  for (let pair = 0; pair < 4; pair++) {
    const lane = 4 * pair
    let highA = accumulators[lane + 1]!
    let highB = accumulators[lane + 3]!
    let lowA = accumulators[lane]! >>> 0
    let lowB = accumulators[lane + 2]! >>> 0
    let middleA = 0
    let middleB = 0
    let at = start + 16 * pair
    let secretAt = secretStart + 16 * pair
    for (let stripe = 0; stripe < stripes; stripe++) {
      const dataLowA = input.getInt32(at, true)
      const dataHighA = input.getInt32(at + 4, true)
      const dataLowB = input.getInt32(at + 8, true)
      const dataHighB = input.getInt32(at + 12, true)
      const keyLowA = dataLowA ^ secret.getInt32(secretAt, true)
      const keyHighA = (dataHighA ^ secret.getInt32(secretAt + 4, true)) >>> 0
      const keyLowB = dataLowB ^ secret.getInt32(secretAt + 8, true)
      const keyHighB = (dataHighB ^ secret.getInt32(secretAt + 12, true)) >>> 0
      lowA += (keyLowA & 0xffff) * keyHighA + (dataLowB >>> 0)
      middleA += (keyLowA >>> 16) * keyHighA
      highA = (highA + dataHighB) | 0
      lowB += (keyLowB & 0xffff) * keyHighB + (dataLowA >>> 0)
      middleB += (keyLowB >>> 16) * keyHighB
      highB = (highB + dataHighA) | 0
      at += STRIPE
      secretAt += 8
    }
    settle(lane, highA, lowA, middleA)
    settle(lane + 2, highB, lowB, middleB)
  }
}

/** high * 2^32 + middle * 2^16 + low, modulo 2^64, into a lane. */
function settle(lane: number, high: number, low: number, middle: number): void {
  const middleHigh = Math.floor(middle / TWO_16)
  const lowHigh = Math.floor(low / TWO_32)
  const lowest = low - lowHigh * TWO_32 + (middle - middleHigh * TWO_16) * TWO_16
  accumulators[lane] = lowest
  accumulators[lane + 1] = high + middleHigh + lowHigh + Math.floor(lowest / TWO_32)
}

function scramble(secret: DataView): void {
  for (let lane = 0; lane < 16; lane += 2) {
    const at = SECRET_SIZE - STRIPE + 4 * lane
    const high = accumulators[lane + 1]!
    const low = accumulators[lane]! ^ (high >>> 15) ^ secretWord(secret, at)
    accumulators[lane] = Math.imul(low, PRIME32_1)
    accumulators[lane + 1] = multiplyHigh(low, PRIME32_1) + Math.imul(high ^ secretWord(secret, at + 4), PRIME32_1)
  }
}

/** The secret of `seed`, kept until another seed comes: the two sums of a frame share one. */
function seedSecret(seed: Hash64): DataView {
  if (seed.high === secretSeed.high && seed.low === secretSeed.low) return seededSecret
  secretSeed = { high: seed.high, low: seed.low }
  for (let at = 0; at < SECRET_SIZE; at += 16) {
    add(secretWord(SECRET, at + 4), secretWord(SECRET, at), seed.high, seed.low)
    seededSecret.setInt32(at, result[LOW]!, true)
    seededSecret.setInt32(at + 4, result[HIGH]!, true)
    subtract(secretWord(SECRET, at + 12), secretWord(SECRET, at + 8), seed.high, seed.low)
    seededSecret.setInt32(at + 8, result[LOW]!, true)
    seededSecret.setInt32(at + 12, result[HIGH]!, true)
  }
  return seededSecret
}

/** Mix 16 bytes into the total. */
function mix16(bytes: Uint8Array, at: number, secretAt: number, seed: Hash64): void {
  const secretLow = secretWord(SECRET, secretAt)
  const keyLow = (secretLow + seed.low) | 0
  const keyHigh = (secretWord(SECRET, secretAt + 4) + seed.high + below(keyLow, secretLow)) | 0
  const lastLow = secretWord(SECRET, secretAt + 8)
  const lastHigh = (secretWord(SECRET, secretAt + 12) - seed.high - below(lastLow, seed.low)) | 0
  multiplyFold(
    word(bytes, at + 4) ^ keyHigh,
    word(bytes, at) ^ keyLow,
    word(bytes, at + 12) ^ lastHigh,
    word(bytes, at + 8) ^ (lastLow - seed.low),
  )
  const low = (total[LOW]! + result[LOW]!) | 0
  total[HIGH] = total[HIGH]! + result[HIGH]! + below(low, result[LOW]!)
  total[LOW] = low
}

/** The end of XXH3. */
function avalanche(high: number, low: number): Hash64 {
  multiply(high, low ^ (high >>> 5), MIX_1)
  return { high: result[HIGH]!, low: result[LOW]! ^ result[HIGH]! }
}

/** The end of XXH64, which XXH3 keeps for inputs of up to three bytes. */
function avalanche64(high: number, low: number): Hash64 {
  multiply(high, low ^ (high >>> 1), PRIME64_2)
  const middle = result[HIGH]!
  multiply(middle ^ (middle >>> 29), result[LOW]! ^ ((middle << 3) | (result[LOW]! >>> 29)), PRIME64_3)
  return { high: result[HIGH]!, low: result[LOW]! ^ result[HIGH]! }
}

function add(highA: number, lowA: number, highB: number, lowB: number): void {
  const low = (lowA + lowB) | 0
  result[LOW] = low
  result[HIGH] = highA + highB + below(low, lowA)
}

function subtract(highA: number, lowA: number, highB: number, lowB: number): void {
  result[LOW] = lowA - lowB
  result[HIGH] = highA - highB - below(lowA, lowB)
}

/** 1 if `a` is below `b`, both unsigned: the carry of a sum that is below its summand, the borrow of a difference. */
function below(a: number, b: number): number {
  return a >>> 0 < b >>> 0 ? 1 : 0
}

/** The upper half of 32 by 32 bits, unsigned; `Math.imul` is the lower. */
function multiplyHigh(a: number, b: number): number {
  const lowA = a & 0xffff
  const highA = a >>> 16
  const lowB = b & 0xffff
  const highB = b >>> 16
  const cross = (Math.imul(highA, lowB) + (Math.imul(lowA, lowB) >>> 16)) | 0
  const middle = (Math.imul(lowA, highB) + (cross & 0xffff)) | 0
  return (Math.imul(highA, highB) + (cross >>> 16) + (middle >>> 16)) | 0
}

/** 64 by 64 bits modulo 2^64. */
function multiply(high: number, low: number, factor: Hash64): void {
  result[LOW] = Math.imul(low, factor.low)
  result[HIGH] = multiplyHigh(low, factor.low) + Math.imul(high, factor.low) + Math.imul(low, factor.high)
}

/** 64 by 64 bits to 128, the upper half folded onto the lower by exclusive or. */
function multiplyFold(highA: number, lowA: number, highB: number, lowB: number): void {
  const crossA = Math.imul(highA, lowB)
  const crossB = Math.imul(lowA, highB)
  const some = (multiplyHigh(lowA, lowB) + crossA) | 0
  const middle = (some + crossB) | 0
  const carry = below(some, crossA) + below(middle, crossB)
  const crossHighA = multiplyHigh(highA, lowB)
  const crossHighB = multiplyHigh(lowA, highB)
  const first = (Math.imul(highA, highB) + crossHighA) | 0
  const second = (first + crossHighB) | 0
  const third = (second + carry) | 0
  const upperCarry = below(first, crossHighA) + below(second, crossHighB) + below(third, carry)
  result[HIGH] = (multiplyHigh(highA, highB) + upperCarry) ^ middle
  result[LOW] = Math.imul(lowA, lowB) ^ third
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
}

function secretWord(secret: DataView, at: number): number {
  return secret.getInt32(at, true)
}

function swap32(value: number): number {
  return (value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)
}

function secretView(hex: string): DataView {
  const view = new DataView(new ArrayBuffer(SECRET_SIZE))
  for (let i = 0; i < SECRET_SIZE; i++) view.setUint8(i, parseInt(hex.slice(2 * i, 2 * i + 2), 16))
  return view
}
