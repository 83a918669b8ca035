import { revisedRecord } from '../record.mjs'

/** What is in the databases. Each is filled once, and what writes to it overwrites what is there: none of them grows. */

export const COUNT = 1000
export const MANY = 10_000

/** The same objects in two revisions, so that each write changes what is stored. */
export const pairs = [pairsFrom(0, 0), pairsFrom(0, 1)]
export const keys = pairsFrom(0, 0).map(([key]) => key)

/** Of 100 KB each, with a buffer of its own: IndexedDB stores the whole buffer under a view. */
export const binaries = keys
  .slice(0, 20)
  .map(
    (key, i) => /** @type {const} */ ([key, Uint8Array.from({ length: 100_000 }, (_, j) => (i * 7919 + j * j) >> 3)]),
  )

/**
 * How a database is filled, by what is in it.
 *
 * @type {Record<'records' | 'closing' | 'many' | 'binaries', (store: import('./store.mjs').Store) => Promise<void>>}
 */
export const FILL = {
  records: fillRecords,
  /** One that is closed and opened again, with the same. */
  closing: fillRecords,
  async many(store) {
    for (let from = 0; from < MANY; from += COUNT) await store.setMany(pairsFrom(from, 0))
  },
  async binaries(store) {
    for (const [key, bytes] of binaries) await store.setBytes(key, bytes)
  },
}

/** @param {import('./store.mjs').Store} store */
async function fillRecords(store) {
  await store.setMany(pairsFrom(0, 0))
}

/**
 * @param {number} from
 * @param {number} revision
 * @returns {import('./store.mjs').Pair[]}
 */
function pairsFrom(from, revision) {
  return Array.from({ length: COUNT }, (_, i) => {
    const value = revisedRecord(from + i, revision)
    return [value.id, value]
  })
}
