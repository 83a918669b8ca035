import { type IDBPDatabase, deleteDB, openDB } from 'idb'
import { type BaseConfig, type Durability, registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { fields, optional, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { type EntriesDatabase, indexedDbBlobs, indexedDbCapabilities } from './indexeddb-blobs.ts'
import { indexedDbBlocked, indexedDbError, indexedDbMissing } from './indexeddb-errors.ts'

const schema = fields({ name: optional(text), ...blobOptions })

export interface IndexedDbConfig extends BlobOptions {
  /** The name of the database, which holds this store and nothing else. Default `konserve-` and the id. */
  readonly name?: string | undefined
  /** Default `relaxed`, as in browsers. */
  readonly durability?: Durability | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    indexeddb: IndexedDbConfig
  }
}

registerBackend(
  'indexeddb',
  blobDefinition<BaseConfig & IndexedDbConfig>({
    schema,
    capabilities: indexedDbCapabilities,
    locate: databaseName,
    container: (config) => guarded(databaseName(config), look),
    open: (config) =>
      guarded(databaseName(config), async (name) => indexedDbBlobs(await openEntries(name), config.durability)),
    remove: (config) => guarded(databaseName(config), (name) => inTime(name, deleteDB(name))),
    ownsContainer: true,
  }),
)

/** Milliseconds to wait for connections that other tabs do not close. */
const PATIENCE = 3000
const STORE = 'entries'

function databaseName({ name, id }: BaseConfig & IndexedDbConfig): string {
  return name ?? `konserve-${id}`
}

/** Look without leaving a database where there was none: its creation is taken back. */
async function look(name: string): Promise<ContainerState> {
  let absent = false
  let database: IDBPDatabase<EntriesDatabase>
  try {
    database = await openDatabase(name, (_, transaction) => {
      absent = true
      transaction.abort()
    })
  } catch (error) {
    if (absent) return 'absent'
    throw error
  }
  try {
    if (database.objectStoreNames.length !== 1 || !database.objectStoreNames.contains(STORE)) return 'foreign'
    const { store } = database.transaction(STORE)
    const [descriptor, count] = await Promise.all([store.getKey(DESCRIPTOR_NAME), store.count()])
    return descriptor !== undefined ? 'store' : count === 0 ? 'empty' : 'foreign'
  } finally {
    database.close()
  }
}

function openEntries(name: string): Promise<IDBPDatabase<EntriesDatabase>> {
  return openDatabase(name, (database) => database.createObjectStore(STORE))
}

async function openDatabase(
  name: string,
  create: (database: IDBPDatabase<EntriesDatabase>, transaction: { abort(): void }) => void,
): Promise<IDBPDatabase<EntriesDatabase>> {
  const opening = openDB<EntriesDatabase>(name, undefined, {
    upgrade(database, _oldVersion, _newVersion, transaction) {
      // `opening` rejects with the same error.
      transaction.done.catch(() => undefined)
      create(database, transaction)
    },
    // Another tab deletes the database: in its way, this connection would only block it.
    blocking: (_currentVersion, _blockedVersion, event) => (event.target as IDBDatabase).close(),
  })
  try {
    return await inTime(name, opening)
  } catch (error) {
    opening.then(
      (database) => database.close(),
      () => undefined,
    )
    throw error
  }
}

async function guarded<T>(name: string, fn: (name: string) => Promise<T>): Promise<T> {
  try {
    if (typeof indexedDB === 'undefined') throw indexedDbMissing(name)
    return await fn(name)
  } catch (error) {
    throw indexedDbError(error, name)
  }
}

async function inTime<T>(name: string, request: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(indexedDbBlocked(name)), PATIENCE)
  })
  try {
    return await Promise.race([request, late])
  } finally {
    clearTimeout(timer)
  }
}
