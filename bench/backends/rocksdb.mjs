import { inFolder, load } from './ours.mjs'

export const openRocksDb = inFolder('rocksdb', openDriver)

/**
 * The driver with bytes as values; each write is a batch that syncs, because only that does.
 *
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
