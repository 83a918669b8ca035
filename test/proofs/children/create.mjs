/**
 * Calls createStore 4 times at the moment that comes in, in milliseconds since the epoch, and prints how each ended.
 * `create.mjs ENTRY CONFIG`
 */
import process from 'node:process'
import { pathToFileURL } from 'node:url'

const [entry = '', config = ''] = process.argv.slice(2)
/** @type {typeof import('../../../src/node.ts')} */
const { createStore } = await import(pathToFileURL(entry).href)

process.stdout.write('ready\n')
const start = Number(await new Promise((resolve) => process.stdin.once('data', resolve)))
while (Date.now() < start);
const made = await Promise.allSettled(Array.from({ length: 4 }, () => createStore(JSON.parse(config))))
const words = made.map((each) => (each.status === 'fulfilled' ? 'made' : (each.reason.code ?? String(each.reason))))
process.stdout.write(`${words.join('\n')}\n`)
process.stdin.destroy()
