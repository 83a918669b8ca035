/**
 * Writes to a strict store until it is killed, and prints a line for each write that was acknowledged: its number
 * and what it wrote. `writer.mjs ENTRY CONFIG FIRST`, FIRST is the number of the first write.
 */
import { writeSync } from 'node:fs'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { binaryOf, valueOf } from './writes.mjs'

const [entry = '', config = '', first = ''] = process.argv.slice(2)
/** @type {typeof import('../../../src/node.ts')} */
const { connectStore } = await import(pathToFileURL(entry).href)

const store = await connectStore(JSON.parse(config))
writeSync(1, 'ready\n')
for (let n = Number(first); ; n++) await write(n)

/** @param {number} n */
async function write(n) {
  if (n % 12 === 3) {
    await store.setBinary('large', binaryOf(n))
    return acknowledge(n, 'large')
  }
  if (n % 12 === 9) {
    await store.delete('large')
    return acknowledge(n, 'deleted')
  }
  if (n % 4 === 0) {
    await store.append('log', n)
    return acknowledge(n, 'log')
  }
  if (n % 4 === 1) {
    await store.update('count', (count = 0) => count + 1)
    return acknowledge(n, 'count')
  }
  await store.set(`key-${n % 5}`, valueOf(n))
  acknowledge(n, `key-${n % 5}`)
}

/**
 * @param {number} n
 * @param {string} what
 */
function acknowledge(n, what) {
  writeSync(1, `${n} ${what}\n`)
}
