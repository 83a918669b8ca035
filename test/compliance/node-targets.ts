import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AnyConfig } from '../../src/base/backend.ts'
import '../../src/node.ts'
import { registerMapBackend } from '../../src/testing/map-blobs.ts'
import type { ComplianceTarget } from '../../src/testing/rule.ts'

registerMapBackend('map')
registerMapBackend('map-compare-and-set', { transactions: false })
registerMapBackend('map-asynchronous', { sync: false })

const memory = { backend: 'memory' }
const cloning = { ...memory, serializer: 'structured-clone' }

/** The backends of Node, and of backend authors. */
export const targets: readonly ComplianceTarget[] = [
  { name: 'memory', config: () => ({ ...memory, id: crypto.randomUUID() }) },
  { name: 'memory, frozen', config: () => ({ ...memory, id: crypto.randomUUID(), isolation: 'freeze' }) },
  { name: 'memory, structured clone', config: () => ({ ...cloning, id: crypto.randomUUID() }) },
  {
    name: 'tiered(memory, memory), structured clone',
    config: () => ({ backend: 'tiered', id: crypto.randomUUID(), frontendConfig: memory, backendConfig: cloning }),
  },
  { name: 'file', config: file, cleanup: removeFolder, addressable: true },
  {
    name: 'file, relaxed',
    config: () => ({ ...file(), durability: 'relaxed' }),
    cleanup: removeFolder,
    addressable: true,
  },
  {
    name: 'file, compressed and encrypted',
    config: () => ({
      ...file(),
      durability: 'relaxed',
      compressor: { type: 'lz4', threshold: 0 },
      encryptor: { type: 'xchacha20-poly1305', key: crypto.getRandomValues(new Uint8Array(32)) },
    }),
    cleanup: removeFolder,
    addressable: true,
  },
  tiered('tiered(memory, file)', file, 'write-through', removeFolder),
  tiered('tiered(memory, file), write-around', file, 'write-around', removeFolder),
  tiered('tiered(memory, file), write-behind', file, 'write-behind', removeFolder),
  {
    name: 'tiered(file, memory), write-behind',
    config: () => {
      const { id, ...frontendConfig } = file()
      return { backend: 'tiered', id, frontendConfig, backendConfig: memory, writePolicy: 'write-behind' }
    },
    cleanup: removeFolder,
  },
  map('map'),
  map('map-compare-and-set'),
  map('map-asynchronous'),
  tiered('tiered(memory, map-asynchronous)', () => place('map-asynchronous'), 'write-through'),
]

function file(): AnyConfig {
  const id = crypto.randomUUID()
  return { backend: 'file', id, path: join(tmpdir(), `konserve-compliance-${id}`) }
}

async function removeFolder(config: AnyConfig): Promise<void> {
  for (const { path } of [config, config['frontendConfig'] ?? {}, config['backendConfig'] ?? {}] as {
    path?: string
  }[]) {
    if (path !== undefined) await rm(path, { recursive: true, force: true })
  }
}

function place(backend: string): AnyConfig {
  return { backend, id: crypto.randomUUID(), place: crypto.randomUUID(), password: 'open sesame' }
}

function map(backend: string): ComplianceTarget {
  return { name: backend, config: () => place(backend), addressable: true, secrets: ['open sesame'] }
}

function tiered(
  name: string,
  back: () => AnyConfig,
  writePolicy: string,
  cleanup?: ComplianceTarget['cleanup'],
): ComplianceTarget {
  const config = (): AnyConfig => {
    const { id, ...backendConfig } = back()
    return { backend: 'tiered', id, frontendConfig: memory, backendConfig, writePolicy }
  }
  return { name, config, addressable: true, ...(cleanup && { cleanup }) }
}
