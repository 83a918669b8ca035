import { createSHA512, createXXHash3 } from 'hash-wasm'
import { sha512Twin } from '../../dist/codec/sha512.js'
import { xxh3 as xxh3Twin } from '../../dist/codec/xxh3.js'
import { fast } from '../wasm.mjs'
import { measure } from '../harness.mjs'

/** Checksums of bytes that JavaScript holds: those of frames, and of long names. The copy into WebAssembly is in it. */

/** It runs in a page, too. */
export const inPage = true

const SIZES = { '64b': 64, '1k': 1024, '64k': 64 * 1024, '1m': 1024 * 1024 }
const BATCH_BYTES = 2 * 1024 * 1024
const MOST_OPERATIONS = 1000

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const hashers = { xxh3: await createXXHash3(), sha512: await createSHA512() }
  /** @type {Record<string, { ours: (bytes: Uint8Array) => number, peers: Record<string, (bytes: Uint8Array) => number> }>} */
  const sums = {
    xxh3: {
      ours: (bytes) => lowBits(fast.xxh3(bytes, 0n) ?? 0n),
      peers: {
        'hash-wasm': (bytes) => lastBytes(hashers.xxh3.init().update(bytes).digest('binary')),
        twin: (bytes) => lowBits(xxh3Twin(bytes)),
      },
    },
    sha512: {
      ours: (bytes) => lastBytes(fast.sha512(bytes) ?? bytes),
      peers: {
        'hash-wasm': (bytes) => lastBytes(hashers.sha512.init().update(bytes).digest('binary')),
        twin: (bytes) => lastBytes(sha512Twin(bytes)),
      },
    },
  }
  const results = []
  for (const [sum, { ours, peers }] of Object.entries(sums)) {
    for (const [size, length] of Object.entries(SIZES)) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 7919) >> 3)
      const operations = Math.min(MOST_OPERATIONS, BATCH_BYTES / length)
      /** @param {(bytes: Uint8Array) => number} work @returns {import('../harness.mjs').Contestant} */
      const contestant = (work) => ({
        run: () => {
          let seen = 0
          for (let i = 0; i < operations; i++) {
            bytes[0] = i
            seen = (seen + work(bytes)) | 0
          }
          return seen
        },
      })
      // The twin of SHA-512 takes a second for so much.
      const others = Object.entries(peers).filter(([name]) => !(sum === 'sha512' && name === 'twin' && length > 2000))
      results.push(
        ...(await measure(
          {
            name: `${sum}.${size}`,
            operations,
            ours: contestant(ours),
            peers: Object.fromEntries(others.map(([name, work]) => [name, contestant(work)])),
          },
          options,
        )),
      )
    }
  }
  return results
}

/** @param {bigint} sum */
function lowBits(sum) {
  return Number(BigInt.asIntN(32, sum))
}

/** The last four bytes of a digest, big-endian. @param {Uint8Array} digest */
function lastBytes(digest) {
  return new DataView(digest.buffer, digest.byteOffset).getInt32(digest.length - 4)
}
