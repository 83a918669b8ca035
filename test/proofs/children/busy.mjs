/** Writes to a store without end, and prints `ready` after the first time. `busy.mjs ENTRY CONFIG` */
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [entry = '', config = ''] = process.argv.slice(2)
/** @type {typeof import('../../../src/node.ts')} */
const { connectStore } = await import(pathToFileURL(entry).href)

const store = await connectStore(JSON.parse(config))
for (let round = 0; ; round++) {
  await store.set('key', 'x'.repeat(500_000) + round)
  if (round === 0) process.stdout.write('ready\n')
}
