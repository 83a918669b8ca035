import { inFolder, load } from './ours.mjs'

export const openLmdb = inFolder('lmdb', openDriver)

/**
 * The driver with bytes as values and one transaction for many. Both sync with each commit, as by default.
 *
 * @param {string} path
 * @param {import('../suites/backends.mjs').Driven} driven
 * @returns {Promise<import('../suites/backends.mjs').Store & { close: () => Promise<void> }>}
 */
async function openDriver(path, { encode, decode }) {
  const { open } = await load('lmdb')
  const db = open({ path, noSubdir: false, encoding: 'binary' })
  return {
    get: async (key) => decode(key, db.get(key)),
    async set(key, value) {
      await db.put(key, encode(value))
      await db.flushed
    },
    getMany: async (keys) => keys.map((key) => decode(key, db.get(key))),
    async setMany(pairs) {
      await db.transaction(() => {
        for (const [key, value] of pairs) db.put(key, encode(value))
      })
      await db.flushed
    },
    close: () => db.close(),
  }
}
