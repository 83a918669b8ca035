import { type BaseConfig, type Blob, type Durability, registerBackend } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { StoreLostError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { fields, optional, text } from '../base/schema.ts'
import { type ContainerState, type IsSame, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { indexedDbBlobs, indexedDbCapabilities } from './indexeddb-blobs.ts'
import { Connection, isGone, openDatabase } from './indexeddb-connection.ts'
import { guarded } from './indexeddb-errors.ts'
import { renewLog } from './indexeddb-log.ts'
import { toBlob } from './indexeddb-record.ts'
import { NUMBERS, STORE, answered, answerOf } from './indexeddb-requests.ts'
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
    container: (config, { onError }) => guarded(nameOf(config), () => look(config, onError)),
    open: (config, _context, isSame) =>
      guarded(nameOf(config), async (name) => {
        await renewLog()
        const database = take(config) ?? (await openDatabase(name, { create: true }))
        return indexedDbBlobs(new Connection(database, () => reopen(name, isSame)), config.durability)
      }),
    remove: (config) => guarded(nameOf(config), (name) => answered(indexedDB.deleteDatabase(name))),
    ownsContainer: true,
  }),
)

function nameOf({ name, id }: Config): string {
  return name ?? `konserve-${id}`
}

async function look(config: Config, onError: (error: unknown) => void): Promise<ContainerState> {
  const name = nameOf(config)
  let database: IDBDatabase
  try {
    database = await openDatabase(name, { create: false, onLoss: (why) => onError(storeLost(name, why)) })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return 'absent'
    throw error
  }
  try {
    const state = await stateOf(database)
    if (state === 'store' && !isGone(database)) found.set(config, database)
    else database.close()
    return state
  } catch (error) {
    database.close()
    if (isGone(database)) return look(config, onError)
    throw error
  }
}

async function stateOf(database: IDBDatabase): Promise<ContainerState> {
  if (!isOurs(database)) return 'foreign'
  const store = database.transaction(STORE).objectStore(STORE)
  const [ours, any] = await Promise.all([answerOf(store.count(DESCRIPTOR_NAME)), answerOf(store.getAllKeys(null, 1))])
  return ours ? 'store' : any.length > 0 ? 'foreign' : 'empty'
}

/** Databases with a store in them, which are opened next, by who looked. */
const found = new WeakMap<Config, IDBDatabase>()

function take(config: Config): IDBDatabase | undefined {
  const database = found.get(config)
  found.delete(config)
  return database && !isGone(database) ? database : undefined
}

function storeLost(name: string, why: string): StoreLostError {
  return new StoreLostError(
    `The browser has deleted the databases of this site, ${name} among them, because it found them damaged (${why}). ` +
      'Write again what you have a copy of.',
  )
}

function isOurs({ objectStoreNames }: IDBDatabase): boolean {
  return String([...objectStoreNames]) === String([NUMBERS, STORE])
}

/**
 * Open the database of a store again. Another tab may have deleted it meanwhile, and made a new one in its place. What it
 * answers with may be gone.
 */
async function reopen(name: string, isSame: IsSame): Promise<IDBDatabase> {
  const database = await openDatabase(name, { create: false })
  const get = async (key: Name): Promise<Blob | undefined> =>
    toBlob(await answerOf<unknown>(database.transaction(STORE).objectStore(STORE).get(key)))
  try {
    if (isOurs(database) && (await isSame({ get }))) return database
  } catch (error) {
    database.close()
    if (isGone(database)) return database
    throw error
  }
  database.close()
  throw new DOMException('Another tab has deleted this store.', 'NotFoundError')
}
