import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load, openOurs } from './ours.mjs'

/**
 * The driver with bytes as values and one transaction for many. Both sync with each commit, as by default.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openLmdb({ encoded, read }) {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-bench-'))
  const { ours, close } = await openOurs({ backend: 'lmdb', path: join(folder, 'ours') }, 'lmdb')
  const { open } = await load('lmdb')
  const db = open({ path: join(folder, 'driver'), noSubdir: false, encoding: 'binary' })
  return {
    ours,
    peers: {
      driver: {
        get: async (key) => read(key, db.get(key)),
        async set(key, value) {
          await db.put(key, encoded(value))
          await db.flushed
        },
        getMany: async (keys) => keys.map((key) => read(key, db.get(key))),
        async setMany(pairs) {
          await db.transaction(() => {
            for (const [key, value] of pairs) db.put(key, encoded(value))
          })
          await db.flushed
        },
      },
    },
    async close() {
      await close()
      await db.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
