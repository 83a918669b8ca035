/** Adds to a counter of a store, one update after the other. `update.mjs MODULE CONFIG TIMES` */
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [module = '', config = '', times = ''] = process.argv.slice(2)
/** @type {typeof import('../../../src/node.ts')} */
const { connectStore, releaseStore } = await import(new URL('../../../dist/node.js', import.meta.url).href)
await import(pathToFileURL(module).href)

const parsed = JSON.parse(config)
const store = await connectStore(parsed, { create: false })
for (let i = 0; i < Number(times); i++) await store.update('counter', (n) => Number(n) + 1)
await releaseStore(parsed, store)
process.stdout.write('done\n')
