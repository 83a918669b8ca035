import { encode } from '../dist/cbor.js'
import { fast as provided } from '../dist/codec/fast.js'
import source from '../dist/codec/wasm/full.js'
import { full, isReady, take } from '../dist/codec/wasm/memory.js'
import { startSecond } from '../dist/codec/wasm/second.js'

/** Both modules at work, as in a store that compresses and encrypts. */

if (!isReady() || provided === undefined) throw new Error('There is no WebAssembly here.')

export { encode, take }
export const transforms = startSecond(source)
export const fast = provided

/** Compress what was taken, and leave it where it is. @param {number} length */
export function compressInPlace(length) {
  return full?.compress(length) ?? 0
}

/** @param {number} length @param {number} rawLength */
export function decompressInPlace(length, rawLength) {
  return full?.decompress(length, rawLength) ?? 0
}
