import { writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type BaseConfig, type Call, type Durability, registerBackend } from '../base/backend.ts'
import { type PromiseOrValue, chain, rescue } from '../base/promise-or-value.ts'
import { fields, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import type { FileSystem } from './file-system.ts'
import { filesOf, makeFolder, namesIn, realPath, removeFiles, removeFolder, reported } from './folder.ts'
import { RocksdbBlobs, type RocksdbBlobsOptions, rocksdbCapabilities } from './rocksdb-blobs.ts'
import { CURRENT_FILE, isDatabaseFile, rocksdbError } from './rocksdb-database.ts'
import { checkClosed, releaseDatabase, takeDatabase } from './rocksdb-shared.ts'

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

registerBackend(
  'rocksdb',
  blobDefinition<BaseConfig & RocksdbConfig>({
    schema,
    capabilities: rocksdbCapabilities,
    locate: ({ path }) => realPath(resolve(path)),
    container: ({ path }, context) => opening(path, () => look(filesOf(context), resolve(path))),
    open({ path: given, durability, compressor, encryptor }, context) {
      const path = resolve(given)
      const { onError } = context
      return opening(path, () =>
        chain(prepare(path, durability, context), () => {
          const place = realPath(path)
          // What we compress or encrypt does not get shorter once more.
          const db = takeDatabase(place, { compression: !compressor && !encryptor }, context)
          return chain(db, (database) => {
            const close: RocksdbBlobsOptions['close'] = ({ sync }, written) =>
              releaseDatabase(place, { sync, onError }, written)
            return new RocksdbBlobs(database, path, { durability, close })
          })
        }),
      )
    },
    remove({ path }, call) {
      if (call.sync) checkClosed(realPath(resolve(path)))
      const files = filesOf(call)
      return reported(path, () =>
        chain(write(join(path, REMOVED), '', call), () =>
          chain(files.readdir(path), (names) =>
            removeFolder(files, path, [...names.filter(isDatabaseFile), MARKER, REMOVED]),
          ),
        ),
      )
    },
    ownsContainer: true,
  }),
)

/** Make the folder, without what a removal has left in it, and with our mark. */
function prepare(path: string, durability: Durability | undefined, call: Call): PromiseOrValue<void> {
  const files = filesOf(call)
  return chain(makeFolder(files, path, durability), () =>
    chain(files.readdir(path), (names) => {
      const left = names.includes(REMOVED) ? [...names.filter(isDatabaseFile), REMOVED] : []
      return chain(removeFiles(files, path, left), () =>
        names.includes(MARKER)
          ? undefined
          : write(join(path, MARKER), 'This folder is a store of konserve-ts.\n', call),
      )
    }),
  )
}

function write(file: string, text: string, { sync }: Call): PromiseOrValue<void> {
  return sync ? writeFileSync(file, text) : writeFile(file, text)
}

function look(files: FileSystem, path: string): PromiseOrValue<ContainerState> {
  return chain(namesIn(files, path), (names) => {
    if (typeof names === 'string') return names
    if (names.length === 0) return 'empty'
    if (names.includes(MARKER) && names.includes(CURRENT_FILE) && !names.includes(REMOVED)) return 'store'
    const isOurs = OURS.some((name) => names.includes(name))
    return isOurs && names.every((name) => OURS.includes(name) || isDatabaseFile(name)) ? 'empty' : 'foreign'
  })
}

function opening<T>(path: string, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
  return rescue(
    () => reported(path, fn),
    (error) => {
      throw rocksdbError(error, path)
    },
  )
}
