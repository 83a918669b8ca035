import { resolve } from 'node:path'
import { type BaseConfig, type Durability, registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain, rescue } from '../base/promise-or-value.ts'
import { count, fields, optional, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import type { FileSystem } from './file-system.ts'
import { filesOf, makeFolder, namesIn, realPath, removeFolder, reported } from './folder.ts'
import { LmdbBlobs, lmdbCapabilities } from './lmdb-blobs.ts'
import { DATA_FILE, LOCK_FILE, kindOfFile, lmdbError } from './lmdb-environment.ts'
import { discardEnvironment, releaseEnvironment, takeEnvironment } from './lmdb-shared.ts'

const schema = fields({ path: text, mapSize: optional(count), ...blobOptions })

export interface LmdbConfig extends BlobOptions {
  /** The folder of the store, and of nothing else. It is made, with its parents, where it is absent. */
  readonly path: string
  /** How many bytes the entries may take. Without it the map grows as long as the disk has room. */
  readonly mapSize?: number | undefined
  /** Default `strict`. */
  readonly durability?: Durability | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    lmdb: LmdbConfig
  }
}

registerBackend(
  'lmdb',
  blobDefinition<BaseConfig & LmdbConfig>({
    schema,
    capabilities: lmdbCapabilities,
    locate: ({ path }) => realPath(resolve(path)),
    container: ({ path }, context) => opening(path, () => look(filesOf(context), resolve(path))),
    open({ path: given, durability, mapSize }, context) {
      const path = resolve(given)
      return opening(path, () =>
        chain(makeFolder(filesOf(context), path, durability), () => {
          const place = realPath(path)
          const close = (): void => releaseEnvironment(place)
          return new LmdbBlobs(takeEnvironment(place), path, { durability, mapSize, close })
        }),
      )
    },
    remove({ path }, context) {
      const closed = discardEnvironment(realPath(resolve(path)))
      const remove = (): PromiseOrValue<void> => removeFolder(filesOf(context), path, [DATA_FILE, LOCK_FILE])
      return reported(path, () => (context.sync ? remove() : chain(closed, remove)))
    },
    ownsContainer: true,
  }),
)

function look(files: FileSystem, path: string): PromiseOrValue<ContainerState> {
  return chain(namesIn(files, path), (names) => {
    if (typeof names === 'string') return names
    if (names.includes(DATA_FILE)) return lookInside(path)
    return names.every((name) => name === LOCK_FILE) ? 'empty' : 'foreign'
  })
}

function lookInside(path: string): ContainerState {
  const kind = kindOfFile(path)
  if (kind !== 'lmdb') return kind
  const place = realPath(path)
  const db = takeEnvironment(place)
  let state: ContainerState | undefined
  try {
    db.resetReadTxn()
    state = db.doesExist(DESCRIPTOR_NAME) ? 'store' : db.getStats().entryCount === 0 ? 'empty' : 'foreign'
    return state
  } finally {
    releaseEnvironment(place)
    // Somebody else's, or none that works.
    if (state === 'foreign' || state === undefined) void discardEnvironment(place)
  }
}

function opening<T>(path: string, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
  return rescue(
    () => reported(path, fn),
    (error) => {
      throw lmdbError(error, path)
    },
  )
}
