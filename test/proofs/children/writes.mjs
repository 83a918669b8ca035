/**
 * What the writer stores as value number `n`: torn or mixed up, it does not fit together.
 *
 * @param {number} n
 */
export function valueOf(n) {
  return { n, text: `${n} `.repeat(50 + ((n * 7919) % 3000)), end: n }
}

/**
 * The bytes of binary number `n`, more than two chunks.
 *
 * @param {number} n
 */
export function binaryOf(n) {
  const words = new Uint32Array(600_000 + n).map((_, i) => Math.imul(i ^ n, 2654435761))
  return new Uint8Array(words.buffer)
}
