import { type BaseConfig, type Durability, registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { fields, optional, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { STORE, indexedDbBlobs, indexedDbCapabilities } from './indexeddb-blobs.ts'
import { guarded } from './indexeddb-errors.ts'
import { answered, answerOf } from './indexeddb-requests.ts'
import { type SerializerOption, checkSerializer, serializer } from './serializer.ts'

const schema = fields({ name: optional(text), serializer, ...blobOptions })

export interface IndexedDbConfig extends BlobOptions, SerializerOption {
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

type Config = BaseConfig & IndexedDbConfig

registerBackend(
  'indexeddb',
  blobDefinition<Config>({
    schema,
    refine: checkSerializer,
    capabilities: (config) => ({ ...indexedDbCapabilities, serializer: config.serializer }),
    locate: nameOf,
    container: (config) => guarded(nameOf(config), look),
    open: (config) =>
      guarded(nameOf(config), async (name) => indexedDbBlobs(await openDatabase(name, true), config.durability)),
    remove: (config) => guarded(nameOf(config), (name) => answered(indexedDB.deleteDatabase(name))),
    ownsContainer: true,
  }),
)

function nameOf({ name, id }: Config): string {
  return name ?? `konserve-${id}`
}

async function look(name: string): Promise<ContainerState> {
  let database: IDBDatabase
  try {
    database = await openDatabase(name, false)
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return 'absent'
    throw error
  }
  try {
    if (String([...database.objectStoreNames]) !== STORE) return 'foreign'
    const store = database.transaction(STORE).objectStore(STORE)
    const [ours, all] = await Promise.all([answerOf(store.count(DESCRIPTOR_NAME)), answerOf(store.count())])
    return ours ? 'store' : all ? 'foreign' : 'empty'
  } finally {
    database.close()
  }
}

/** Open a database, and make it if it is new; without `create` that is taken back, and fails with an AbortError. */
async function openDatabase(name: string, create: boolean): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = () => (create ? request.result.createObjectStore(STORE) : request.transaction!.abort())
  await answered(request)
  const database = request.result
  // Another tab deletes the database: in its way, this connection would only block it.
  database.onversionchange = () => database.close()
  return database
}
