import { isWanted, measure } from '../harness.mjs'
import { database, settling } from '../indexeddb/databases.mjs'
import { dexie, idb, openIdbKeyval, openLocalForage, openUnstorage } from '../indexeddb/libraries.mjs'
import { ours } from '../indexeddb/ours.mjs'
import { raw } from '../indexeddb/raw.mjs'
import { WORK } from '../indexeddb/work.mjs'

/**
 * The IndexedDB backend and other libraries over IndexedDB, on disk where the browser's profile is. Every contestant has
 * databases of its own. Rows without `@` are relaxed, and neither compressed nor encrypted.
 */

export const inPage = true

/**
 * @typedef {import('../indexeddb/store.mjs').Open} Open
 *
 * @typedef {object} Variant
 * @property {readonly string[]} rows
 * @property {Open} ours
 * @property {Record<string, Open>} peers
 */

const MAIN = ['set.sequential', 'set.concurrent1k', 'set.callers50', 'get.concurrent1k', 'setMany1k', 'getMany1k']

const plain = ours()
const relaxed = raw('relaxed')

/**
 * By what is after the name of the row. What a compressor or an encryptor costs shows beside `plain`, which is
 * konserve-ts without it; two peers, which have neither, stand for the others.
 *
 * @type {Record<string, Variant>}
 */
const VARIANTS = {
  '': {
    rows: Object.keys(WORK),
    ours: plain,
    peers: {
      raw: relaxed,
      idb: idb('relaxed'),
      'idb-keyval': openIdbKeyval,
      localforage: openLocalForage,
      dexie: dexie('relaxed'),
      unstorage: openUnstorage,
    },
  },
  // The others cannot ask for it.
  '@strict': {
    rows: MAIN,
    ours: ours({ durability: 'strict' }),
    peers: { raw: raw('strict'), idb: idb('strict'), dexie: dexie('strict') },
  },
  // By default values of under 512 bytes, as these are, are not compressed.
  '@lz4': {
    rows: MAIN,
    ours: ours({ compressor: { type: 'lz4', threshold: 0 } }),
    peers: { raw: relaxed, 'idb-keyval': openIdbKeyval, plain },
  },
  '@encrypted': {
    rows: MAIN,
    ours: ours({ encryptor: { type: 'xchacha20-poly1305', key: new Uint8Array(32).fill(7) } }),
    peers: { raw: relaxed, 'idb-keyval': openIdbKeyval, plain },
  },
}

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const results = []
  const settle = await settling()
  for (const [variant, { rows, ours, peers }] of Object.entries(VARIANTS)) {
    for (const row of rows) {
      const name = `${row}${variant}`
      const work = WORK[row]
      if (work === undefined || !isWanted(name, options)) continue
      const { ours: own, ...others } = await contestants({ ...peers, ours }, work, settle)
      if (own === undefined) throw new Error(`We cannot do ${name}.`)
      const rounds = Math.max(options.rounds, work.rounds ?? 0)
      const { operations, slices } = work
      const contest = { name, operations, slices, ours: own, peers: others }
      results.push(...(await measure(contest, { ...options, rounds })))
    }
  }
  return results
}

/**
 * @param {Record<string, Open>} libraries
 * @param {import('../indexeddb/work.mjs').Work} work
 * @param {() => Promise<void>} settle comes before each run
 * @returns {Promise<Record<string, import('../harness.mjs').Contestant>>} of those who can do it
 */
async function contestants(libraries, { kind, contest }, settle) {
  const all = await Promise.all(
    Object.entries(libraries).map(async ([label, open]) => {
      const { name, store } = database(open, kind)
      const contestant = contest(await store, () => open(name))
      const before = async () => {
        await contestant?.before?.()
        await settle()
      }
      return contestant ? [[label, { ...contestant, before }]] : []
    }),
  )
  return Object.fromEntries(all.flat())
}
