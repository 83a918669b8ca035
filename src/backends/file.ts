import { resolve } from 'node:path'
import { type BaseConfig, type Durability, registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { fields, text } from '../base/schema.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { fileBlobs, fileCapabilities } from './file-blobs.ts'
import type { FileSystem } from './file-system.ts'
import { isTempName, removeTemps } from './file-temp.ts'
import { filesOf, makeFolder, namesIn, realPath, removeFolder, reported } from './folder.ts'

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
          chain(removeTemps(files, path, names, { own: true }), () => removeFolder(files, path, [])),
        ),
      )
    },
  }),
)

function look(files: FileSystem, path: string): PromiseOrValue<ContainerState> {
  return chain(namesIn(files, path), (names) => {
    if (typeof names === 'string') return names
    if (names.includes(DESCRIPTOR_NAME)) return 'store'
    return names.every(isTempName) ? 'empty' : 'foreign'
  })
}
