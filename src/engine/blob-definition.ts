import type { BackendDefinition, BaseConfig, Backend, BlobBackend, Capabilities, OpenContext } from '../base/backend.ts'
import { ConflictError, UnsupportedLayoutError, storeExists, storeNotFound } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import type { Schema } from '../base/schema.ts'
import { type PromiseOrValue, chain, onFailure, rescue } from '../base/promise-or-value.ts'
import { type Descriptor, type FoundDescriptor, newDescriptor, readDescriptor, writeDescriptor } from './descriptor.ts'
import type { ChunksOptions } from './chunks.ts'
import { framed } from './framed.ts'
import { removeParts } from './parts.ts'
import { sealedNames } from './sealed-names.ts'
import { type Sealing, type SealingConfig, newSealing, openSealing } from './sealing.ts'
import { watchedBlobs } from './watched-blobs.ts'

/** What is at the place that a config names. */
export type ContainerState = 'absent' | 'empty' | 'foreign' | 'store'

/** Whether the blobs are still of the store that was opened, asked by an engine that has lost its connection to them. */
export type IsSame = (blobs: Pick<BlobBackend, 'get'>) => PromiseOrValue<boolean>

/** How a store of blobs is found, made and removed; what every BlobBackend has in common is added by `blobDefinition`. */
export interface BlobDefinition<Config extends BaseConfig> {
  readonly schema: Schema
  /** Checks beyond the schema; throws `InvalidConfigError`. */
  refine?(config: Config): Config
  readonly secrets?: readonly string[]
  readonly capabilities: Capabilities | ((config: Config) => Capabilities)
  locate(config: Config): string
  /** Look without changing anything. */
  container(config: Config, context: OpenContext): PromiseOrValue<ContainerState>
  /** Open the place, making it (a folder with its parents, a database) where it is absent. */
  open(config: Config, context: OpenContext, isSame: IsSame): PromiseOrValue<BlobBackend>
  /** Remove the place itself, once it is closed. What is in it that is not ours stays. */
  remove(config: Config, context: OpenContext): PromiseOrValue<void>
  /** The place holds nothing but this store, so that `remove` may take it away with everything in it. */
  readonly ownsContainer?: boolean
  /** Options of the framed backend that follow from the engine. */
  readonly framed?: Pick<ChunksOptions, 'chunkSize'>
}

/** A backend's definition from the one of its blobs: descriptor, exclusive creation, identity, careful removal. */
export function blobDefinition<Config extends BaseConfig & SealingConfig>(
  spec: BlobDefinition<Config>,
): BackendDefinition<Config> {
  /** What `use` makes of the blobs of a place, which are closed again if it fails. */
  function open<T>(
    config: Config,
    context: OpenContext,
    use: (blobs: BlobBackend, remember: (descriptor: Descriptor) => void) => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    let created: number | undefined
    const isSame: IsSame = (blobs) =>
      chain(
        readDescriptor(blobs, config.id, { sync: context.sync }),
        (found) => created === undefined || created === Number(found?.descriptor.created),
      )
    return chain(spec.open(config, context, isSame), (blobs) =>
      onFailure(
        () => use(blobs, (descriptor) => (created = Number(descriptor.created))),
        () => rescue(() => blobs.close(context), context.onError),
      ),
    )
  }

  /** The same for the store that `config` means; `otherwise` where there is none. */
  function find<T>(
    config: Config,
    context: OpenContext,
    use: (blobs: BlobBackend, found: FoundDescriptor) => PromiseOrValue<T>,
    otherwise: (state: ContainerState, config: Config) => T,
  ): PromiseOrValue<T> {
    return chain(spec.container(config, context), (state) =>
      state === 'store'
        ? open(config, context, (blobs, remember) =>
            chain(readDescriptor(blobs, config.id, context), (found) => {
              if (found === undefined) return chain(blobs.close(context), () => otherwise('absent', config))
              remember(found.descriptor)
              return use(blobs, found)
            }),
          )
        : otherwise(state, config),
    )
  }

  function refuse(state: ContainerState, config: Config): never {
    const place = spec.locate(config)
    throw state === 'foreign'
      ? new UnsupportedLayoutError(`What is at ${place} is no store. Use another place.`)
      : storeNotFound(place)
  }

  const backend = (blobs: BlobBackend, { codec, nameKey }: Sealing, { onError }: OpenContext): Backend => {
    const entries = framed(watchedBlobs(blobs), { ...spec.framed, ...codec, onError })
    return nameKey ? sealedNames(entries, nameKey, codec.transforms!) : entries
  }

  return {
    ...spec,
    secrets: [...(spec.secrets ?? []), 'encryptor.key', 'encryptor.oldKeys'],
    create: (config, context) =>
      chain(spec.container(config, context), (state) =>
        state === 'foreign'
          ? refuse(state, config)
          : open(config, context, (blobs, remember) =>
              chain(newSealing(config, context), ({ sealing, fields }) => {
                const descriptor = { ...newDescriptor(config.id), ...fields }
                const written = rescue(
                  () => writeDescriptor(blobs, descriptor, { ifVersion: null }, context),
                  (error) => {
                    if (!(error instanceof ConflictError)) throw error
                    return chain(readDescriptor(blobs, config.id, context), () => {
                      throw storeExists(spec.locate(config))
                    })
                  },
                )
                return chain(written, () => {
                  remember(descriptor)
                  return backend(blobs, sealing, context)
                })
              }),
            ),
      ),
    open: (config, context) =>
      find(
        config,
        context,
        (blobs, found) =>
          chain(openSealing(blobs, config, found, context), (sealing) => backend(blobs, sealing, context)),
        refuse,
      ),
    exists: (config, context) =>
      find(
        config,
        context,
        (blobs) => chain(blobs.close(context), () => true),
        () => false,
      ),
    destroy: (config, context) =>
      find<void>(
        config,
        context,
        (blobs) =>
          // The descriptor goes last: a removal that was cut short can be done again.
          chain(
            spec.ownsContainer ||
              chain(removeParts(blobs, '', context), () => blobs.delete(DESCRIPTOR_NAME, {}, context)),
            () => chain(blobs.close(context), () => spec.remove(config, context)),
          ),
        () => undefined,
      ),
  }
}
