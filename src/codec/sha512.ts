/**
 * SHA-512 (FIPS 180-4 §6.4), for the names of long keys: `docs/decisions/sha512.md` says why it is not a library's. Its
 * constants are computed when they are first needed, being the fractions of roots of primes.
 */
export function sha512(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const [start, k] = (constants ??= makeConstants())
  const padded = new Uint8Array(Math.ceil((message.length + 17) / 128) * 128)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(message.length * 8))
  // A word is two numbers of 32 bits, the high one first.
  const state = start.slice()
  const w = new Int32Array(160)
  for (let block = 0; block < padded.length; block += 128) {
    for (let i = 0; i < 32; i++) w[i] = view.getInt32(block + i * 4)
    for (let i = 32; i < 160; i += 2) {
      high = low = 0
      addSigma(w, i - 4, 19, 61, 6, true)
      addSigma(w, i - 30, 1, 8, 7, true)
      add(w[i - 14]!, w[i - 13]!)
      add(w[i - 32]!, w[i - 31]!)
      w[i] = high
      w[i + 1] = low
    }
    const s = state.slice()
    for (let i = 0; i < 160; i += 2) {
      high = low = 0
      addSigma(s, 8, 14, 18, 41)
      add((s[8]! & s[10]!) ^ (~s[8]! & s[12]!), (s[9]! & s[11]!) ^ (~s[9]! & s[13]!))
      add(s[14]!, s[15]!)
      add(k[i]!, k[i + 1]!)
      add(w[i]!, w[i + 1]!)
      const first = high
      const second = low
      addSigma(s, 0, 28, 34, 39)
      add((s[0]! & s[2]!) ^ (s[0]! & s[4]!) ^ (s[2]! & s[4]!), (s[1]! & s[3]!) ^ (s[1]! & s[5]!) ^ (s[3]! & s[5]!))
      s.copyWithin(2, 0, 14)
      s[0] = high
      s[1] = low
      high = s[8]!
      low = s[9]!
      add(first, second)
      s[8] = high
      s[9] = low
    }
    for (let i = 0; i < 16; i += 2) {
      high = state[i]!
      low = state[i + 1]!
      add(s[i]!, s[i + 1]!)
      state[i] = high
      state[i + 1] = low
    }
  }
  state.forEach((word, i) => view.setInt32(i * 4, word))
  return padded.slice(0, 64)
}

let constants: [start: Int32Array, k: Int32Array] | undefined

// The sum that `add` adds to.
let high = 0
let low = 0

function add(h: number, l: number): void {
  const sum = (low >>> 0) + (l >>> 0)
  high = (high + h + (sum > 0xffffffff ? 1 : 0)) | 0
  low = sum | 0
}

/** Add the exclusive or of three rotations of a word to the right, the last one perhaps a shift. */
function addSigma(words: Int32Array, i: number, a: number, b: number, c: number, shifts = false): void {
  const h = words[i]!
  const l = words[i + 1]!
  add(rotate(h, l, a) ^ rotate(h, l, b) ^ (shifts ? h >>> c : rotate(h, l, c)), rotate(l, h, a) ^ rotate(l, h, b) ^ rotate(l, h, c))
}

/** The high half of a word that is rotated to the right. */
function rotate(h: number, l: number, count: number): number {
  return count < 32 ? (h >>> count) | (l << (32 - count)) : (l >>> (count - 32)) | (h << (64 - count))
}

function makeConstants(): [Int32Array, Int32Array] {
  const primes: bigint[] = []
  for (let n = 2n; primes.length < 80; n++) if (primes.every((prime) => n % prime)) primes.push(n)
  const fractions = (degree: bigint, count: number): Int32Array =>
    Int32Array.from(
      primes.slice(0, count).flatMap((prime) => {
        const root = integerRoot(prime << (64n * degree), degree)
        return [Number(BigInt.asIntN(32, root >> 32n)), Number(BigInt.asIntN(32, root))]
      }),
    )
  return [fractions(2n, 8), fractions(3n, 80)]
}

/** The integer part of a root, by Newton's method from above. */
function integerRoot(n: bigint, degree: bigint): bigint {
  for (let root = 1n << 80n; ; ) {
    const next = ((degree - 1n) * root + n / root ** (degree - 1n)) / degree
    if (next >= root) return root
    root = next
  }
}
