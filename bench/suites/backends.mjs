import { Buffer } from 'node:buffer'
import { isWanted, measure } from '../harness.mjs'
import { revisedRecord } from '../record.mjs'
import { openDynamoDb } from '../backends/dynamodb.mjs'
import { openLmdb } from '../backends/lmdb.mjs'
import { openRedis } from '../backends/redis.mjs'
import { openRocksDb } from '../backends/rocksdb.mjs'
import { openS3 } from '../backends/s3.mjs'

/**
 * The backends over other engines, in Node, beside the bare driver doing the same work with the same bytes (`driver`: it
 * makes them of an object and makes an object of them, with our codec, but for the checksums), the bare driver handed and
 * handing out bytes (`bytes`: neither encoded nor decoded), and other libraries over the same server; synchronous calls
 * beside the same ones awaited. 1,000 objects of about 250 bytes of JSON.
 *
 * @typedef {ReturnType<typeof revisedRecord>} Item
 *
 * @typedef {[key: string, value: Item]} Pair
 * @typedef {import('../harness.mjs').Contestant} Contestant
 *
 * @typedef {object} Store what every contestant does, in its own words
 * @property {(key: string) => Promise<any>} get
 * @property {(key: string, value: Item) => Promise<unknown>} set
 * @property {(keys: readonly string[]) => Promise<any[]>} getMany in the order of the keys
 * @property {(pairs: readonly (readonly [string, Item])[]) => Promise<unknown>} setMany
 *
 * @typedef {object} Engine
 * @property {Store} ours
 * @property {Store} sync other keys of the same store, by synchronous calls
 * @property {Record<string, Store>} peers
 * @property {() => Promise<void>} close
 *
 * @typedef {(driven: Record<'driver' | 'bytes', Driven>) => Promise<Engine>} Open
 *
 * @typedef {object} Driven what the driver writes and reads
 * @property {(value: Item) => Buffer} encode the bytes that we store of a value
 * @property {(key: string, bytes: Uint8Array) => Pick<Item, 'score' | 'revision'>} decode
 */

/** @type {Record<string, Open>} */
const ENGINES = { lmdb: openLmdb, rocksdb: openRocksDb, redis: openRedis, s3: openS3, dynamodb: openDynamoDb }

/** A read is done when the call returns, or nearly: of ten of them the clock would see little but cold caches. */
const IN_PROCESS = new Set(['lmdb', 'rocksdb'])

const COUNT = 1000
const SEQUENTIAL = 100
const SLICES = 10
const CALLERS = 50
/** Of rows that vary much from round to round. */
const MANY_ROUNDS = 31
const revisions = [0, 1].map((revision) => Array.from({ length: COUNT }, (_, i) => revisedRecord(i, revision)))
const pairs = revisions.map((values) => values.map(/** @returns {Pair} */ (value) => [value.id, value]))
const keys = Array.from({ length: COUNT }, (_, i) => revisedRecord(i, 0).id)

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const results = []
  for (const [engine, open] of Object.entries(ENGINES)) {
    const work = { ...WORK, ...(IN_PROCESS.has(engine) && { get: getting(COUNT), getSync: getting(COUNT) }) }
    const wanted = Object.entries(work).filter(([row]) => isWanted(`${engine}.${row}`, options))
    if (wanted.length === 0) continue
    const { ours, sync, peers, close } = await open(await driven())
    for (const store of [ours, sync, ...Object.values(peers)]) await store.setMany(pairs[0] ?? [])
    for (const [row, { operations, slices, rounds = 0, contest }] of wanted) {
      const isSync = row.endsWith('Sync')
      const others = Object.entries(isSync ? { awaited: ours } : peers).map(([peer, store]) => [peer, contest(store)])
      const own = contest(isSync ? sync : ours)
      const contestants = { name: `${engine}.${row}`, operations, slices, ours: own, peers: Object.fromEntries(others) }
      results.push(...(await measure(contestants, { ...options, rounds: Math.max(options.rounds, rounds) })))
    }
    await close()
  }
  return results
}

/**
 * @typedef {object} Work
 * @property {number} operations
 * @property {number} [rounds] the fewest
 * @property {number} [slices] single calls take turns by these
 * @property {(store: Store) => Contestant} contest
 */

/**
 * One call after the other, in slices, of which the first call is not timed, as in `indexeddb`: it finds nothing of its own
 * in the processor's caches.
 *
 * @param {number} calls
 * @param {(i: number) => Promise<number>} call
 * @returns {Required<Pick<Contestant, 'enter' | 'run'>>}
 */
function oneByOne(calls, call) {
  const each = calls / SLICES
  return {
    enter: (slice) => call(slice * each),
    async run(slice) {
      let sum = 0
      for (let i = slice * each + 1; i < (slice + 1) * each; i++) sum += await call(i)
      return sum
    },
  }
}

/**
 * @param {number} calls
 * @returns {Work}
 */
function getting(calls) {
  return {
    operations: calls - SLICES,
    slices: SLICES,
    rounds: MANY_ROUNDS,
    contest: (store) => oneByOne(calls, async (i) => (await store.get(keys[i] ?? '')).score),
  }
}

/** @type {Work} */
const SETTING = {
  operations: SEQUENTIAL - SLICES,
  slices: SLICES,
  rounds: MANY_ROUNDS,
  contest(store) {
    const { current, ...contestant } = revising(store)
    const set = async (/** @type {number} */ i) => {
      await store.set(.../** @type {Pair} */ (current()[i]))
      return 0
    }
    return { ...contestant, ...oneByOne(SEQUENTIAL, set) }
  },
}

/** @type {Record<string, Work>} */
const WORK = {
  get: getting(SEQUENTIAL),
  set: SETTING,
  getSync: getting(SEQUENTIAL),
  setSync: SETTING,
  'get.callers50': {
    operations: COUNT,
    contest: (store) => ({
      async run() {
        let sum = 0
        await byCallers(keys, async (key) => {
          const { score } = await store.get(key)
          sum += score
        })
        return sum
      },
    }),
  },
  'set.callers50': {
    operations: COUNT,
    contest: (store) => writing(store, (all) => byCallers(all, ([key, value]) => store.set(key, value))),
  },
  getMany1k: {
    operations: COUNT,
    contest: (store) => ({ run: async () => (await store.getMany(keys)).reduce((sum, { score }) => sum + score, 0) }),
  },
  setMany1k: { operations: COUNT, contest: (store) => writing(store, (all) => store.setMany(all)) },
}

/**
 * Each run writes the other revision of what is there.
 *
 * @param {Store} store
 * @returns {{ current: () => Pair[] } & Required<Pick<Contestant, 'before' | 'after'>>}
 */
function revising(store) {
  let revision = 0
  return {
    current: () => pairs[revision] ?? [],
    before: () => void (revision = 1 - revision),
    async after() {
      const found = (await store.get(keys[0] ?? '')).revision
      if (found !== revision) throw new Error(`It is at revision ${found}, not ${revision}.`)
    },
  }
}

/**
 * @param {Store} store
 * @param {(pairs: Pair[]) => Promise<unknown>} write
 * @returns {Contestant}
 */
function writing(store, write) {
  const { current, ...contestant } = revising(store)
  const run = async () => {
    await write(current())
    return 0
  }
  return { ...contestant, run }
}

/**
 * As many callers, each making its next call when the one before is answered.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<unknown>} call
 */
async function byCallers(items, call) {
  const each = items.length / CALLERS
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (const item of items.slice(caller * each, (caller + 1) * each)) await call(item)
    }),
  )
}

/** @returns {Promise<Record<'driver' | 'bytes', Driven>>} */
async function driven() {
  /** @type {typeof import('../../src/cbor.ts')} */
  const { decode, encode } = await import(new URL('../../dist/cbor.js', import.meta.url).href)
  /** @type {Driven} */
  const driver = {
    encode: (value) => frameOf(encode({ key: value.id, type: 'value', lastWrite: new Date() }), encode(value)),
    decode: (_, bytes) => /** @type {Item} */ (decode(valueOf(bytes))),
  }
  const made = new Map(revisions.flat().map((value) => [value, driver.encode(value)]))
  const scores = new Map(pairs[0]?.map(([key, { score }]) => [key, score]))
  return {
    driver,
    bytes: {
      encode: (value) => made.get(value) ?? driver.encode(value),
      decode: (key, bytes) => ({
        score: bytes.length > HEADER ? (scores.get(key) ?? NaN) : NaN,
        get revision() {
          return driver.decode(key, bytes).revision
        },
      }),
    },
  }
}

/** Bytes of a frame before the metadata. */
const HEADER = 20

/**
 * @param {Uint8Array} meta
 * @param {Uint8Array} value
 */
function frameOf(meta, value) {
  const bytes = Buffer.alloc(HEADER + meta.length + value.length)
  bytes.writeUInt32BE(meta.length, 4)
  bytes.set(meta, HEADER)
  bytes.set(value, HEADER + meta.length)
  return bytes
}

/** @param {Uint8Array} bytes of a frame */
function valueOf(bytes) {
  const { buffer, byteOffset, byteLength } = bytes
  return bytes.subarray(HEADER + new DataView(buffer, byteOffset, byteLength).getUint32(4))
}
