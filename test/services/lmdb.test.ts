import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyConfig } from '../../src/base/backend.ts'
import '../../src/node.ts'
import '../../src/backends/lmdb.ts'
import { runEngineSuite } from './suite.ts'

function place(): AnyConfig {
  const id = crypto.randomUUID()
  return { backend: 'lmdb', id, path: join(tmpdir(), `konserve-lmdb-${id}`) }
}

async function removeFolder({ path }: AnyConfig): Promise<void> {
  await rm(path as string, { recursive: true, force: true })
}

runEngineSuite({
  name: 'lmdb',
  module: 'backends/lmdb.js',
  addressable: true,
  config: place,
  cleanup: removeFolder,
})
