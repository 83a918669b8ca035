import { Buffer } from 'node:buffer'

/*
 * A module as text in a script. Base64 cuts bytes into pieces of six bits, and what repeats in them no longer does for gzip.
 * Here the most frequent bytes are one character each, and all others two: of the same byte always the same ones.
 * `bytesOf` in src/codec/wasm/inlined.ts is the way back, and says what the characters are.
 */

/** Printable ASCII without what a string, a template or a page might take for something else. */
const CHARACTERS = Array.from({ length: 94 }, (_, i) => String.fromCharCode(33 + i)).filter(
  (character) => !'"$\'<\\`'.includes(character),
)
/** The last ones come before another one. */
const SINGLE = CHARACTERS.length - 2

/** @param {Uint8Array} bytes */
export function textOf(bytes) {
  const counts = new Array(256).fill(0)
  for (const byte of bytes) counts[byte]++
  const byFrequency = [...counts.keys()].sort((a, b) => counts[b] - counts[a] || a - b)
  const frequent = byFrequency.slice(0, SINGLE)
  const rest = byFrequency.slice(SINGLE).sort((a, b) => a - b)
  /** @type {Map<number, string>} */
  const written = new Map(frequent.map((byte, i) => [byte, CHARACTERS[i] ?? '']))
  for (const [i, byte] of rest.entries()) {
    const [first, second] = [Math.floor(i / CHARACTERS.length), i % CHARACTERS.length]
    written.set(byte, `${CHARACTERS[SINGLE + first]}${CHARACTERS[second]}`)
  }
  return Buffer.from(frequent).toString('hex') + Array.from(bytes, (byte) => written.get(byte)).join('')
}
