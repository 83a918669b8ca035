import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { binaryOf, valueOf } from './writes.mjs'

/**
 * How far the writers of all rounds came: the number of the last acknowledged write, and which came last where.
 *
 * @typedef {object} Progress
 * @property {number} last
 * @property {number} count acknowledged updates of the counter
 * @property {number} log acknowledged elements of the log
 * @property {Map<string, number>} keys the last acknowledged write of each key
 * @property {number | undefined} large the binary that was acknowledged last, unless its deletion was
 * @property {number} leftChunks chunks that no binary owned after a kill, over all rounds
 */

/** @typedef {import('../../../src/base/backend.ts').AnyConfig & { readonly path: string }} FolderConfig */

/** @returns {Progress} */
export function newProgress() {
  return { last: -1, count: 0, log: 0, keys: new Map(), large: undefined, leftChunks: 0 }
}

/**
 * Let a process write to a store until it is killed, `after` milliseconds from its first write on, and check what it
 * left: nothing that was acknowledged is lost, at most the write under way came in besides, and everything is whole.
 *
 * @param {string} entry path of the library
 * @param {FolderConfig} config
 * @param {number} after
 * @param {Progress} progress is brought up to date
 */
export async function crashRound(entry, config, after, progress) {
  const script = fileURLToPath(new URL('writer.mjs', import.meta.url))
  const args = [script, entry, JSON.stringify(config), String(progress.last + 1)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => (output += text))
  const closed = new Promise((resolve) => child.once('close', resolve))
  await Promise.race([new Promise((resolve) => child.stdout.once('data', resolve)), closed])
  await delay(after)
  child.kill('SIGKILL')
  await closed
  assert.equal(child.signalCode, 'SIGKILL', 'the writer ended by itself')
  // A line that was cut off is no acknowledgement, and none is: each is written in one piece.
  for (const line of output.split('\n').slice(1, -1)) {
    const [n, what = ''] = line.split(' ')
    progress.last = Number(n)
    if (what === 'large') progress.large = progress.last
    else if (what === 'deleted') progress.large = undefined
    else if (what === 'count') progress.count++
    else if (what === 'log') progress.log++
    else progress.keys.set(what, progress.last)
  }
  await check(entry, config, progress)
}

/**
 * @param {string} entry
 * @param {FolderConfig} config
 * @param {Progress} progress
 */
async function check(entry, config, progress) {
  /** @type {typeof import('../../../src/node.ts')} */
  const { connectStore, releaseStore } = await import(pathToFileURL(entry).href)
  const storeConfig = /** @type {Parameters<typeof releaseStore>[0]} */ (/** @type {unknown} */ (config))
  const store = await connectStore(storeConfig, { create: false })
  // The write that was under way may have come in: then it counts as the last one, which the next round follows.
  const next = progress.last + 1
  let landed = false

  /** @type {number} */
  const count = await store.get('count', { default: 0 })
  if (count === progress.count + 1) landed = true
  else assert.equal(count, progress.count, 'an acknowledged update was lost')
  progress.count = count

  /** @type {number[]} */
  const log = await store.log('log')
  assert.deepEqual(
    log,
    [...log.keys()].map((i) => i * 4),
    'the log has a gap',
  )
  if (log.length === progress.log + 1) landed = true
  else assert.equal(log.length, progress.log, 'an acknowledged element was lost')
  progress.log = log.length

  for (let i = 0; i < 5; i++) {
    const key = `key-${i}`
    /** @type {ReturnType<typeof valueOf> | undefined} */
    const value = await store.get(key)
    if (value !== undefined) assert.deepEqual(value, valueOf(value.n), `${key} is torn`)
    if (value?.n === next) landed = true
    else assert.equal(value?.n, progress.keys.get(key), `an acknowledged write of ${key} was lost`)
    if (value !== undefined) progress.keys.set(key, value.n)
  }

  const large = await store.getBinary('large')
  const written = large === undefined ? undefined : large.byteLength / 4 - 600_000
  if (large !== undefined && written !== undefined) assert.deepEqual(large, binaryOf(written), 'a binary is torn')
  if (written !== progress.large) {
    assert.ok(next % 12 === (written === undefined ? 9 : 3), 'an acknowledged binary was lost, or came back')
    assert.equal(written ?? next, next)
    landed = true
  }
  progress.large = written
  if (landed) progress.last = next

  const keys = []
  for await (const key of store.keys()) keys.push(key)
  const known = ['count', ...[...progress.keys.keys()].sort(), ...(large ? ['large'] : []), 'log']
  assert.deepEqual(keys, known, 'keys shows something else than what was written')
  await releaseStore(storeConfig, store)
  if (config.backend !== 'file') return
  const files = readdirSync(config.path)
  assert.deepEqual(
    files.filter((file) => file.startsWith('.')),
    [],
    'temporary files stay',
  )
  const chunks = large === undefined ? 0 : Math.ceil(large.byteLength / (1 << 20))
  progress.leftChunks = files.filter((file) => file.startsWith('~c')).length - chunks
}
