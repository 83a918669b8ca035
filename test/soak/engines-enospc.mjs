/**
 * LMDB and RocksDB on a device that is really full: what was acknowledged stays, what fails is QUOTA_EXCEEDED, and with
 * room again the store goes on. Mounts a small tmpfs, which needs root.
 */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { connectStore, releaseStore } from '../proofs/children/engines.mjs'

if (process.platform !== 'linux' || process.getuid?.() !== 0) {
  console.error('The engines-enospc soak mounts a tmpfs: run it on Linux, as root.')
  process.exit(1)
}

const VALUE = 'x'.repeat(3000)
const mountPoint = await mkdtemp(join(tmpdir(), 'konserve-enospc-'))
execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=10m,mode=700', 'tmpfs', mountPoint])
try {
  for (const backend of ['lmdb', 'rocksdb']) {
    const filler = join(mountPoint, 'filler')
    await writeFile(filler, new Uint8Array(4 << 20))
    const path = join(mountPoint, backend)
    await fillUp({ backend, id: crypto.randomUUID(), path }, filler)
    await rm(path, { recursive: true })
  }
} finally {
  execFileSync('umount', [mountPoint])
  await rmdir(mountPoint)
}

/**
 * @param {import('../../src/base/backend.ts').AnyConfig & { path: string }} anyConfig
 * @param {string} filler
 */
async function fillUp(anyConfig, filler) {
  const config = /** @type {Parameters<typeof releaseStore>[0]} */ (/** @type {unknown} */ (anyConfig))
  const store = await connectStore(config)
  let count = 0
  const fill = async () => {
    for (; ; count++) await store.set(`key-${count}`, VALUE)
  }
  await assert.rejects(fill, { code: 'QUOTA_EXCEEDED' })
  const together = await Promise.allSettled(Array.from({ length: 20 }, (_, i) => store.set(`late-${i}`, VALUE)))
  const codes = together.map((each) => (each.status === 'rejected' ? each.reason.code : 'written'))
  assert.ok(codes.includes('QUOTA_EXCEEDED'))
  await assert.rejects(
    store.update('key-0', () => VALUE.repeat(200)),
    { code: 'QUOTA_EXCEEDED' },
  )
  for (let i = 0; i < count; i++) assert.equal(await store.get(`key-${i}`), VALUE)
  await rm(filler)
  // RocksDB writes no more until it is opened again, and says so once more when it is closed.
  await releaseStore(config, store).catch((error) => assert.equal(error.code, 'STORAGE_UNAVAILABLE'))
  const again = await connectStore(config)
  for (let i = 0; i < count; i++) assert.equal(await again.get(`key-${i}`), VALUE)
  await again.set('after', VALUE)
  await releaseStore(config, again)
  console.log(
    `engines-enospc: ${anyConfig.backend} kept ${count} values on a full device, and goes on with room again.`,
  )
}
