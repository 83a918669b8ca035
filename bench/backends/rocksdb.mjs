import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { load, openOurs } from './ours.mjs'

/**
 * The driver with bytes as values; each write is a batch that syncs, because only that does.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openRocksDb(driven) {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-bench-'))
  const { ours, sync, close } = await openOurs({ backend: 'rocksdb', path: join(folder, 'ours') }, 'rocksdb')
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
  const { RocksLevel } = await load('@nxtedition/rocksdb')
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' }
  const db = await RocksLevel.open(path, { ...encodings, createIfMissing: true })
  /** @param {readonly (readonly [string, any])[]} pairs */
  const write = (pairs) =>
    db.batch(
      pairs.map(([key, value]) => ({ type: 'put', key, value: encode(value) })),
      { sync: true },
    )
  return {
    get: async (key) => decode(key, (await db.getMany([key]))[0]),
    set: (key, value) => write([[key, value]]),
    async getMany(keys) {
      const found = await db.getMany([...keys])
      return keys.map((key, i) => decode(key, found[i]))
    },
    setMany: write,
    close: () => db.close(),
  }
}
