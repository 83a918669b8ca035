import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const child = fileURLToPath(new URL('../proofs/children/sync-count.mjs', import.meta.url))

type Work = 'nothing' | 'relaxed' | 'strict' | 'together' | 'flushed' | `${'relaxed' | 'strict' | 'flushed'}-now`

/** How often a process asks the system to sync while it does this to a store. */
function syncsOf(backend: string, work: Work): number {
  if (spawnSync('strace', ['--version']).error) throw new Error('strace is missing: apt-get install strace.')
  const folder = mkdtempSync(join(tmpdir(), 'konserve-syncs-'))
  try {
    const log = join(folder, 'calls')
    const config = { backend, id: crypto.randomUUID(), path: join(folder, 'store'), durability: 'relaxed' }
    const strace = ['-f', '-qq', '-e', 'trace=fsync,fdatasync,sync_file_range,msync', '-e', 'signal=none', '-o', log]
    const { status, stderr } = spawnSync('strace', [...strace, execPath, child, JSON.stringify(config), work])
    expect(String(stderr)).toBe('')
    expect(status).toBe(0)
    return readFileSync(log, 'utf8').match(/(?:fsync|fdatasync)\(/g)?.length ?? 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('RocksDB: a strict write syncs, a relaxed one does not, those of one turn share a sync, and a flush syncs', ({
  task,
}) => {
  const idle = syncsOf('rocksdb', 'nothing')
  const [relaxed, strict, together, flushed] = (['relaxed', 'strict', 'together', 'flushed'] as const).map(
    (work) => syncsOf('rocksdb', work) - idle,
  )
  task.meta.print = `syncs of rocksdb: ${relaxed} for 100 relaxed writes, ${strict} for 100 strict ones, ${together} for 100 at once, ${flushed} for a flush`
  expect(strict).toBeGreaterThanOrEqual(100)
  expect(relaxed).toBeLessThan(5)
  expect(together).toBeGreaterThanOrEqual(1)
  expect(together).toBeLessThan(20)
  expect(flushed).toBeGreaterThanOrEqual(1)
}, 120_000)

test('RocksDB: so do synchronous calls', ({ task }) => {
  const idle = syncsOf('rocksdb', 'nothing')
  const [relaxed, strict, flushed] = (['relaxed-now', 'strict-now', 'flushed-now'] as const).map(
    (work) => syncsOf('rocksdb', work) - idle,
  )
  task.meta.print = `syncs of rocksdb at once: ${relaxed} for 100 relaxed writes, ${strict} for 100 strict ones, ${flushed} for a flush`
  expect(strict).toBeGreaterThanOrEqual(100)
  expect(relaxed).toBeLessThan(5)
  expect(flushed).toBeGreaterThanOrEqual(1)
}, 120_000)

test('LMDB: each strict write that is awaited syncs, and those of one turn share a sync', ({ task }) => {
  const idle = syncsOf('lmdb', 'nothing')
  const [strict, together] = (['strict', 'together'] as const).map((work) => syncsOf('lmdb', work) - idle)
  task.meta.print = `syncs of lmdb: ${strict} for 100 strict writes, ${together} for 100 at once`
  expect(strict).toBeGreaterThanOrEqual(100)
  expect(together).toBeGreaterThanOrEqual(1)
  expect(together).toBeLessThan(20)
}, 120_000)
