import type { BackendDefinition, BaseConfig, Backend, BlobBackend, Capabilities, OpenContext } from '../base/backend.ts'
import { ConflictError, StoreExistsError, StoreNotFoundError, UnsupportedLayoutError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import type { Schema } from '../base/schema.ts'
import { type PromiseOrValue, chain, onFailure, rescue } from '../base/promise-or-value.ts'
import type { Limits } from '../codec/limits.ts'
import { readDescriptor, writeDescriptor } from './descriptor.ts'
import type { ChunksOptions } from './chunks.ts'
import { framed } from './framed.ts'
import { removeParts } from './parts.ts'

/** What is at the place that a config names. */
export type ContainerState = 'absent' | 'empty' | 'foreign' | 'store'

/** How a store of blobs is found, made and removed; what every BlobBackend has in common is added by `blobDefinition`. */
export interface BlobDefinition<Config extends BaseConfig> {
  readonly schema: Schema
  readonly secrets?: readonly string[]
  readonly capabilities: Capabilities | ((config: Config) => Capabilities)
  locate(config: Config): string
  /** Look without changing anything. */
  container(config: Config, context: OpenContext): PromiseOrValue<ContainerState>
  /** Open the place, making it (a folder with its parents, a database) where it is absent. */
  open(config: Config, context: OpenContext): PromiseOrValue<BlobBackend>
  /** Remove the place itself, once it is closed. What is in it that is not ours stays. */
  remove(config: Config, context: OpenContext): PromiseOrValue<void>
  /** The place holds nothing but this store, so that `remove` may take it away with everything in it. */
  readonly ownsContainer?: boolean
  /** Options of the framed backend that follow from the engine. */
  readonly framed?: Pick<ChunksOptions, 'chunkSize'>
}

/** A backend's definition from the one of its blobs: descriptor, exclusive creation, identity, careful removal. */
export function blobDefinition<Config extends BaseConfig & { readonly limits?: Partial<Limits> | undefined }>(
  spec: BlobDefinition<Config>,
): BackendDefinition<Config> {
  const at = (config: Config): string => spec.locate(config)

  /** Open the blobs of a place in one of `states` for `use`, and close them again if it fails. */
  function open<T>(
    config: Config,
    context: OpenContext,
    states: readonly ContainerState[],
    otherwise: (state: ContainerState) => T,
    use: (blobs: BlobBackend) => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    return chain(spec.container(config, context), (state) => {
      if (!states.includes(state)) return otherwise(state)
      return chain(spec.open(config, context), (blobs) =>
        onFailure(
          () => use(blobs),
          () => rescue(() => blobs.close(context), context.onError),
        ),
      )
    })
  }

  function refuse(state: ContainerState, config: Config): never {
    if (state === 'foreign') {
      throw new UnsupportedLayoutError(
        `What is at ${at(config)} is not a konserve-ts store. Choose an empty or a new place.`,
      )
    }
    throw new StoreNotFoundError(
      `There is no store at ${at(config)}. Create it: createStore, or connectStore without { create: false }.`,
    )
  }

  const backend = (blobs: BlobBackend, { limits }: Config, { onError }: OpenContext): Backend =>
    framed(blobs, { ...spec.framed, limits, onError })

  return {
    schema: spec.schema,
    secrets: spec.secrets ?? [],
    capabilities: spec.capabilities,
    locate: at,
    create: (config, context) =>
      open(
        config,
        context,
        ['absent', 'empty', 'store'],
        (state): Backend => refuse(state, config),
        (blobs) => {
          const written = rescue(
            () => writeDescriptor(blobs, config.id, context),
            (error) => {
              if (!(error instanceof ConflictError)) throw error
              return chain(readDescriptor(blobs, config.id, context), () => {
                throw new StoreExistsError(`A store exists already at ${at(config)}. Open it with connectStore.`)
              })
            },
          )
          return chain(written, () => backend(blobs, config, context))
        },
      ),
    open: (config, context) =>
      open(
        config,
        context,
        ['store'],
        (state): Backend => refuse(state, config),
        (blobs) =>
          chain(readDescriptor(blobs, config.id, context), (found) =>
            found ? backend(blobs, config, context) : refuse('absent', config),
          ),
      ),
    exists: (config, context) =>
      open(
        config,
        context,
        ['store'],
        () => false,
        (blobs) =>
          chain(readDescriptor(blobs, config.id, context), (found) =>
            chain(blobs.close(context), () => found !== undefined),
          ),
      ),
    destroy: (config, context) =>
      open(
        config,
        context,
        ['store'],
        () => undefined,
        (blobs) => {
          // The descriptor goes last: a removal that was cut short can be done again.
          const emptied = (): PromiseOrValue<unknown> =>
            spec.ownsContainer ||
            chain(removeParts(blobs, '', context, DESCRIPTOR_NAME), () => blobs.delete(DESCRIPTOR_NAME, {}, context))
          return chain(readDescriptor(blobs, config.id, context), () =>
            chain(emptied(), () => chain(blobs.close(context), () => spec.remove(config, context))),
          )
        },
      ),
  }
}
