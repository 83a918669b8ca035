import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load, openOurs } from './ours.mjs'

/**
 * The driver with bytes as values; each write is a batch that syncs, because only that does.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openRocksDb({ encoded, read }) {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-bench-'))
  const { ours, close } = await openOurs({ backend: 'rocksdb', path: join(folder, 'ours') }, 'rocksdb')
  const { RocksLevel } = await load('@nxtedition/rocksdb')
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' }
  const db = await RocksLevel.open(join(folder, 'driver'), { ...encodings, createIfMissing: true })
  /** @param {readonly (readonly [string, any])[]} pairs */
  const write = (pairs) =>
    db.batch(
      pairs.map(([key, value]) => ({ type: 'put', key, value: encoded(value) })),
      { sync: true },
    )
  return {
    ours,
    peers: {
      driver: {
        get: async (key) => read(key, (await db.getMany([key]))[0]),
        set: (key, value) => write([[key, value]]),
        getMany: async (keys) =>
          (await db.getMany([...keys])).map((/** @type {any} */ bytes, /** @type {number} */ i) =>
            read(keys[i] ?? '', bytes),
          ),
        setMany: write,
      },
    },
    async close() {
      await close()
      await db.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
