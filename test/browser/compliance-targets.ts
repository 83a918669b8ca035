import { deleteDB } from 'idb'
import type { AnyConfig } from '../../src/base/backend.ts'
import '../../src/browser.ts'
import type { ComplianceTarget } from '../../src/testing/rule.ts'

/** The backends of a browser, for the page and for a worker. */
export const targets: readonly ComplianceTarget[] = [
  { name: 'memory', config: () => ({ backend: 'memory', id: crypto.randomUUID() }) },
  {
    name: 'memory, structured clone',
    config: () => ({ backend: 'memory', id: crypto.randomUUID(), serializer: 'structured-clone' }),
  },
  { name: 'indexeddb', config: database, cleanup: removeDatabase, addressable: true },
  {
    name: 'indexeddb, compressed and encrypted',
    config: () => ({
      ...database(),
      compressor: { type: 'lz4', threshold: 0 },
      encryptor: { type: 'xchacha20-poly1305', key: crypto.getRandomValues(new Uint8Array(32)) },
    }),
    cleanup: removeDatabase,
    addressable: true,
  },
  {
    name: 'indexeddb, structured clone',
    config: () => ({ ...database(), serializer: 'structured-clone' }),
    cleanup: removeDatabase,
    addressable: true,
  },
  { name: 'tiered(memory, indexeddb)', config: tiered, cleanup: removeDatabase, addressable: true },
  {
    name: 'tiered(memory, indexeddb), write-behind',
    config: () => ({ ...tiered(), writePolicy: 'write-behind' }),
    cleanup: removeDatabase,
    addressable: true,
  },
  {
    name: 'tiered(indexeddb, memory), write-behind',
    config() {
      const { id, ...frontendConfig } = database()
      return {
        backend: 'tiered',
        id,
        frontendConfig,
        backendConfig: { backend: 'memory' },
        writePolicy: 'write-behind',
      }
    },
    cleanup: removeDatabase,
  },
]

function database(): AnyConfig {
  const id = crypto.randomUUID()
  return { backend: 'indexeddb', id, name: `compliance-${id}` }
}

function tiered(): AnyConfig {
  const { id, ...backendConfig } = database()
  return { backend: 'tiered', id, frontendConfig: { backend: 'memory' }, backendConfig }
}

async function removeDatabase(config: AnyConfig): Promise<void> {
  for (const { name } of [config, config['frontendConfig'] ?? {}, config['backendConfig'] ?? {}] as {
    name?: string
  }[]) {
    if (name !== undefined) await deleteDB(name)
  }
}
