import { fast } from './fast.ts'

/**
 * SHA-512 (FIPS 180-4 §6.4), for the names of long keys: `docs/decisions/sha512.md` says why it is not a library's. Its
 * constants are computed when they are first needed, being the fractions of roots of primes.
 */
export function sha512(message: Uint8Array): Uint8Array<ArrayBuffer> {
  return fast?.sha512(message) ?? sha512Twin(message)
}

export function sha512Twin(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const [start, k] = (constants ??= makeConstants())
  const padded = new Uint8Array(Math.ceil((message.length + 17) / 128) * 128)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(message.length * 8))
  // Whatever is stored into a BigUint64Array is taken modulo 2^64 there: nothing before has to be.
  const state = start.slice()
  const w = new BigUint64Array(80)
  for (let block = 0; block < padded.length; block += 128) {
    for (let i = 0; i < 80; i++) {
      w[i] =
        i < 16
          ? view.getBigUint64(block + i * 8)
          : sigma(w[i - 2]!, 19n, 61n, 6n, 0n) + w[i - 7]! + sigma(w[i - 15]!, 1n, 8n, 7n, 0n) + w[i - 16]!
    }
    const s = state.slice()
    w.forEach((word, i) => {
      const first = s[7]! + sigma(s[4]!, 14n, 18n, 41n) + (s[6]! ^ (s[4]! & (s[5]! ^ s[6]!))) + k[i]! + word
      const second = sigma(s[0]!, 28n, 34n, 39n) + ((s[0]! & (s[1]! ^ s[2]!)) ^ (s[1]! & s[2]!))
      s.copyWithin(1, 0)
      s[4]! += first
      s[0] = first + second
    })
    s.forEach((word, i) => (state[i]! += word))
  }
  state.forEach((word, i) => view.setBigUint64(i * 8, word))
  return padded.slice(0, 64)
}

let constants: [start: BigUint64Array, k: BigUint64Array] | undefined

/** The exclusive or of three rotations to the right, in the lower 64 bits; the last one is a shift if `wrapped` is 0. */
function sigma(word: bigint, a: bigint, b: bigint, c: bigint, wrapped: bigint = word): bigint {
  const twice = word | (word << 64n)
  return (twice >> a) ^ (twice >> b) ^ ((word | (wrapped << 64n)) >> c)
}

function makeConstants(): [BigUint64Array, BigUint64Array] {
  const primes: bigint[] = []
  for (let n = 2n; primes.length < 80; n++) if (primes.every((prime) => n % prime)) primes.push(n)
  const fractions = (degree: bigint, count: number): BigUint64Array =>
    BigUint64Array.from(primes.slice(0, count), (prime) => integerRoot(prime << (64n * degree), degree))
  return [fractions(2n, 8), fractions(3n, 80)]
}

/** The integer part of a root, by Newton's method from above. */
function integerRoot(n: bigint, degree: bigint): bigint {
  for (let root = 1n << 80n; ;) {
    const next = ((degree - 1n) * root + n / root ** (degree - 1n)) / degree
    if (next >= root) return root
    root = next
  }
}
