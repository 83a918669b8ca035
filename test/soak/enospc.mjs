/**
 * A file store on a device that is really full: a write that fails leaves nothing, and the store goes on working.
 * Mounts a small tmpfs, which needs root.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const ID = '6c1f5b0e-0b5d-4c36-9a3c-2f9b8d6c7e41'
const ENTRY = new URL('../../dist/node.js', import.meta.url)

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.error('The enospc soak mounts a tmpfs: run it on Linux, as root.')
  process.exit(1)
}
if (!existsSync(ENTRY)) {
  console.error('The enospc soak uses the built package: run `npm run build` first.')
  process.exit(1)
}

/** @type {typeof import('../../src/node.ts')} */
const { connectStore, deleteStore, releaseStore } = await import(ENTRY.href)
const mountPoint = await mkdtemp(join(tmpdir(), 'konserve-enospc-'))
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=700', 'tmpfs', mountPoint])
try {
  for (const durability of /** @type {const} */ (['strict', 'relaxed'])) {
    await fillUp({ backend: 'file', id: ID, path: join(mountPoint, durability), durability })
  }
} finally {
  execFileSync('umount', [mountPoint])
  await rmdir(mountPoint)
}

/** @param {{ backend: 'file', id: string, path: string, durability: 'strict' | 'relaxed' }} config */
async function fillUp(config) {
  const store = await connectStore(config)
  const old = { state: 'old' }
  await store.set('overwritten', old)
  let filled = 0
  const full = await quotaError(async () => {
    for (; ; filled++) await store.set(`filler-${filled}`, 'x'.repeat(20_000))
  })
  assert.equal(full.key, `filler-${filled}`)
  assert.ok(filled > 10, `only ${filled} values fitted into 1 MiB`)
  const files = await list(config.path)

  assert.equal(await store.has(`filler-${filled}`), false)
  await quotaError(() => store.set('new', 'y'.repeat(100_000)))
  assert.equal(await store.has('new'), false)
  await quotaError(() => store.set('overwritten', 'z'.repeat(100_000)))
  assert.deepEqual(await store.get('overwritten'), old)
  await quotaError(() => store.update('overwritten', () => 'u'.repeat(100_000)))
  assert.deepEqual(await store.get('overwritten'), old)
  await quotaError(() => store.setBinary('large', new Uint8Array(3 << 20)))
  assert.equal(await store.has('large'), false)
  assert.deepEqual(await list(config.path), files, 'a failed write left a file, or removed one')
  for (let i = 0; i < filled; i++) assert.equal(await store.get(`filler-${i}`), 'x'.repeat(20_000))

  for (let i = 0; i < filled; i++) assert.equal(await store.delete(`filler-${i}`), true)
  await store.set('new', 'y'.repeat(100_000))
  assert.equal(await store.get('new'), 'y'.repeat(100_000))
  await releaseStore(config, store)

  const again = await connectStore(config)
  assert.deepEqual(await again.get('overwritten'), old)
  assert.equal(await again.get('new'), 'y'.repeat(100_000))
  await releaseStore(config, again)
  await deleteStore(config)
  console.log(`enospc, ${config.durability}: full after ${filled} values of 20 kB; no failed write left anything.`)
}

/**
 * The error with which `work` runs out of space.
 *
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{ code: string, key?: unknown }>}
 */
async function quotaError(work) {
  const error = await work().then(
    () => assert.fail('a write succeeded on a full device'),
    (reason) => reason,
  )
  assert.equal(error.code, 'QUOTA_EXCEEDED', error.stack)
  assert.equal(error.name, 'QuotaExceededError')
  return error
}

/** @param {string} path */
async function list(path) {
  return (await readdir(path, { recursive: true })).sort()
}
