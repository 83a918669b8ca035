import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { measure } from '../harness.mjs'
import { transforms } from '../wasm.mjs'

/** XChaCha20-Poly1305 of bytes that JavaScript holds, with associated data as a frame's part has. */

/** It runs in a page, too. */
export const inPage = true

const SIZES = { '256b': 256, '4k': 4096, '64k': 64 * 1024, '1m': 1024 * 1024 }
const BATCH_BYTES = 512 * 1024
const MOST_OPERATIONS = 200

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const key = Uint8Array.from({ length: 32 }, (_, i) => i)
  const nonce = Uint8Array.from({ length: 24 }, (_, i) => i * 3)
  const associated = Uint8Array.from({ length: 60 }, (_, i) => i * 5)
  const results = []
  for (const [size, length] of Object.entries(SIZES)) {
    const plain = Uint8Array.from({ length }, (_, i) => (i * 7919) >> 3)
    const sealed = transforms.seal(key, nonce, associated, plain)
    const operations = Math.max(1, Math.min(MOST_OPERATIONS, BATCH_BYTES / length))
    /** @param {() => Uint8Array | undefined} work @returns {import('../harness.mjs').Contestant} */
    const contestant = (work) => ({
      run: () => {
        let seen = 0
        for (let i = 0; i < operations; i++) seen += work()?.at(-1) ?? 0
        return seen
      },
    })
    const noble = () => xchacha20poly1305(key, nonce, associated)
    /** @type {Record<string, [ours: () => Uint8Array | undefined, noble: () => Uint8Array]>} */
    const rows = {
      seal: [() => transforms.seal(key, nonce, associated, plain), () => noble().encrypt(plain)],
      open: [() => transforms.open(key, nonce, associated, sealed), () => noble().decrypt(sealed)],
    }
    for (const [row, [ours, theirs]] of Object.entries(rows)) {
      const peers = { '@noble/ciphers': contestant(theirs) }
      results.push(...(await measure({ name: `${row}.${size}`, operations, ours: contestant(ours), peers }, options)))
    }
  }
  return results
}
