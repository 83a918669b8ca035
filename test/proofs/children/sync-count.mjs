/** Writes to a store, for somebody who counts the syncs. `sync-count.mjs CONFIG WORK` */
import process from 'node:process'
import { connectStore, releaseStore } from './engines.mjs'

const [config = '', work = ''] = process.argv.slice(2)
const parsed = JSON.parse(config)
const store = await connectStore(parsed)
const strict = /** @type {const} */ ({ durability: 'strict' })
const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`)
if (work === 'relaxed') for (const key of keys) await store.set(key, 1)
if (work === 'strict') for (const key of keys) await store.set(key, 1, strict)
if (work === 'together') await Promise.all(keys.map((key) => store.set(key, 1, strict)))
if (work === 'flushed') await store.flush()
if (work === 'relaxed-now') for (const key of keys) store.set(key, 1, { sync: true })
if (work === 'strict-now') for (const key of keys) store.set(key, 1, { ...strict, sync: true })
if (work === 'flushed-now') store.flush({ sync: true })
await releaseStore(parsed, store)
