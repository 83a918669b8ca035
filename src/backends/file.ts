import { realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { type BaseConfig, type Call, type Durability, registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain, each, rescue } from '../base/promise-or-value.ts'
import { fields, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { fileBlobs, fileCapabilities, syncFolder } from './file-blobs.ts'
import { type FileSystem, errnoOf, nodeFileSystems, storageError } from './file-system.ts'
import { isTempName, removeTemps } from './file-temp.ts'

const schema = fields({ path: text, ...blobOptions })

export interface FileConfig extends BlobOptions {
  /** The folder of the store, and of nothing else. It is made, with its parents, where it is absent. */
  readonly path: string
  /** Default `strict`. */
  readonly durability?: Durability | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    file: FileConfig
  }
}

registerBackend(
  'file',
  blobDefinition<BaseConfig & FileConfig>({
    schema,
    capabilities: fileCapabilities,
    locate: ({ path }) => realPath(resolve(path)),
    container: ({ path }, context) => reported(path, () => look(filesOf(context), path)),
    open({ path: given, durability }, context) {
      const files = filesOf(context)
      const path = resolve(given)
      return reported(path, () =>
        chain(makeFolder(files, path, durability), () =>
          chain(files.readdir(path), (names) =>
            chain(removeTemps(files, path, names, { own: false }), () => fileBlobs(path, { durability })),
          ),
        ),
      )
    },
    remove({ path }, context) {
      const files = filesOf(context)
      return reported(path, () =>
        chain(files.readdir(path), (names) =>
          chain(removeTemps(files, path, names, { own: true }), () =>
            rescue(
              () => files.rmdir(path),
              (error) => {
                // What is not ours stays, and the folder with it.
                if (!LEFT_BEHIND.has(errnoOf(error))) throw error
              },
            ),
          ),
        ),
      )
    },
  }),
)

const LEFT_BEHIND: ReadonlySet<string | undefined> = new Set(['ENOTEMPTY', 'EEXIST', 'ENOENT'])

function filesOf(call: Call): FileSystem {
  return call.sync ? nodeFileSystems.sync : nodeFileSystems.async
}

function look(files: FileSystem, path: string): PromiseOrValue<ContainerState> {
  return rescue<ContainerState>(
    () =>
      chain(files.readdir(path), (names) => {
        if (names.includes(DESCRIPTOR_NAME)) return 'store'
        return names.every(isTempName) ? 'empty' : 'foreign'
      }),
    (error) => {
      if (errnoOf(error) === 'ENOENT') return 'absent'
      if (errnoOf(error) === 'ENOTDIR') return 'foreign'
      throw error
    },
  )
}

/** Make the folder and its parents; with `strict` what was made is on the device before anything is put there. */
function makeFolder(files: FileSystem, path: string, durability: Durability = 'strict'): PromiseOrValue<void> {
  return chain(files.mkdir(path), (first) => {
    if (first === undefined || durability === 'relaxed') return
    const parents: string[] = []
    for (let made = path; made.length >= first.length; made = dirname(made)) parents.push(dirname(made))
    return each(parents, (parent) => syncFolder(files, parent))
  })
}

/** The path without links, as far as it exists. */
function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}

function reported<T>(path: string, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
  return rescue(fn, (error) => {
    throw storageError(error, path)
  })
}
