import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type BaseConfig, type Durability, registerBackend } from '../base/backend.ts'
import { fields, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { nodeFileSystems } from './file-system.ts'
import { makeFolder, namesIn, realPath, removeFiles, removeFolder, reported } from './folder.ts'
import { RocksdbBlobs, rocksdbCapabilities } from './rocksdb-blobs.ts'
import { CURRENT_FILE, isDatabaseFile, rocksdbError } from './rocksdb-database.ts'
import { releaseDatabase, takeDatabase } from './rocksdb-shared.ts'

const schema = fields({ path: text, ...blobOptions })

export interface RocksdbConfig extends BlobOptions {
  /** The folder of the store, and of nothing else. It is made, with its parents, where it is absent. */
  readonly path: string
  /** Default `strict`. */
  readonly durability?: Durability | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    rocksdb: RocksdbConfig
  }
}

/** Says that the database beside it is a store: to look inside would change it. */
const MARKER = 'KONSERVE'
/** Says that the store is being removed: what is left of it must not come to life in the next one. */
const REMOVED = 'KONSERVE-REMOVED'
const OURS: readonly string[] = [MARKER, REMOVED]
const files = nodeFileSystems.async

registerBackend(
  'rocksdb',
  blobDefinition<BaseConfig & RocksdbConfig>({
    schema,
    capabilities: rocksdbCapabilities,
    locate: ({ path }) => realPath(resolve(path)),
    container: ({ path }) => opening(path, () => look(resolve(path))),
    open({ path: given, durability, compressor, encryptor }) {
      const path = resolve(given)
      return opening(path, async () => {
        await makeFolder(files, path, durability)
        const names = await files.readdir(path)
        if (names.includes(REMOVED)) await removeFiles(files, path, [...names.filter(isDatabaseFile), REMOVED])
        if (!names.includes(MARKER)) await writeFile(join(path, MARKER), 'This folder is a store of konserve-ts.\n')
        // What we compress or encrypt does not get shorter once more.
        const place = realPath(path)
        const db = await takeDatabase(place, { compression: !compressor && !encryptor })
        return new RocksdbBlobs(db, path, { durability, close: () => releaseDatabase(place) })
      })
    },
    remove: ({ path }) =>
      reported(path, async () => {
        await writeFile(join(path, REMOVED), '')
        const names = (await files.readdir(path)).filter(isDatabaseFile)
        await removeFolder(files, path, [...names, MARKER, REMOVED])
      }),
    ownsContainer: true,
  }),
)

async function look(path: string): Promise<ContainerState> {
  const names = await namesIn(files, path)
  if (typeof names === 'string') return names
  if (names.length === 0) return 'empty'
  if (names.includes(MARKER) && names.includes(CURRENT_FILE) && !names.includes(REMOVED)) return 'store'
  const isOurs = OURS.some((name) => names.includes(name))
  return isOurs && names.every((name) => OURS.includes(name) || isDatabaseFile(name)) ? 'empty' : 'foreign'
}

async function opening<T>(path: string, fn: () => Promise<T>): Promise<T> {
  try {
    return await reported(path, fn)
  } catch (error) {
    throw rocksdbError(error, path)
  }
}
