import process from 'node:process'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import type { Store } from '../../src/node.ts'

export const MANY = 100_000
/** Less than all those keys take. */
export const MOST_GROWTH = 2 * 1024 * 1024

/** The keys of a store of many entries, in the order of its listing. */
export const keyOf = (i: number): string => `key-${String(i).padStart(6, '0')}`

/** Write an entry of 1 kB for each of them, in another order. */
export async function writeMany(store: Store): Promise<void> {
  const value = 'x'.repeat(1000)
  for (let i = 0; i < MANY; i += 5000) {
    await store.setMany(Array.from({ length: 5000 }, (_, j) => [keyOf(((i + j) * 7919) % MANY), value]))
  }
}

/** List them: each comes once, in order. Answers by how many bytes the memory in use has grown on the way. */
export async function listMany(store: Store, options: { prefix?: string; reverse?: boolean }): Promise<number> {
  const before = await memoryInUse()
  let grown = 0
  let count = 0
  for await (const key of store.keys(options)) {
    const expected = keyOf(options.reverse ? MANY - 1 - count : count)
    if (key !== expected) expect(key).toBe(expected)
    if (++count % 20_000 === 0) grown = Math.max(grown, (await memoryInUse()) - before)
  }
  expect(count).toBe(MANY)
  return grown
}

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

async function memoryInUse(): Promise<number> {
  // What has ended is let go of in a turn of its own.
  collectGarbage()
  await new Promise(setImmediate)
  collectGarbage()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
