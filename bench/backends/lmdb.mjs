import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load, openOurs } from './ours.mjs'

/**
 * The driver with bytes as values and one transaction for many. Both sync with each commit, as by default.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openLmdb(driven) {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-bench-'))
  const { ours, sync, close } = await openOurs({ backend: 'lmdb', path: join(folder, 'ours') }, 'lmdb')
  const driver = await openDriver(join(folder, 'driver'), driven.driver)
  const bytes = await openDriver(join(folder, 'bytes'), driven.bytes)
  return {
    ours,
    sync,
    peers: { driver, bytes },
    async close() {
      await close()
      await driver.close()
      await bytes.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/**
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
