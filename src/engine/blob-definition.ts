import type { GenericSchema } from 'valibot'
import type { BackendDefinition, BaseConfig, Backend, BlobBackend, Capabilities, OpenContext } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { ConflictError, StoreExistsError, StoreNotFoundError, UnsupportedLayoutError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain, repeat, rescue } from '../base/promise-or-value.ts'
import type { Limits } from '../codec/limits.ts'
import { readDescriptor, writeDescriptor } from './descriptor.ts'
import { type FramedOptions, framed } from './framed.ts'
import { removeAll } from './parts.ts'

/** What is at the place that a config names. */
export type ContainerState = 'absent' | 'empty' | 'foreign' | 'store'

/** How a store of blobs is found, made and removed; what every BlobBackend has in common is added by `blobDefinition`. */
export interface BlobDefinition<Config extends BaseConfig> {
  readonly schema: GenericSchema
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
  readonly framed?: Pick<FramedOptions, 'chunkSize'>
}

/** A backend's definition from the one of its blobs: descriptor, exclusive creation, identity, careful removal. */
export function blobDefinition<Config extends BaseConfig & { readonly limits?: Partial<Limits> | undefined }>(
  spec: BlobDefinition<Config>,
): BackendDefinition<Config> {
  const { schema, secrets = [], capabilities } = spec
  const frame = (blobs: BlobBackend, config: Config, context: OpenContext): Backend =>
    framed(blobs, { ...spec.framed, limits: config.limits, onError: context.onError })
  const place = (config: Config): string => spec.locate(config)

  function create(config: Config, context: OpenContext): PromiseOrValue<Backend> {
    return chain(spec.container(config, context), (state) => {
      if (state === 'foreign') throw foreign(place(config))
      return withBlobs(spec, config, context, (blobs) => {
        const written = rescue(
          () => writeDescriptor(blobs, config.id, context),
          (error) => {
            if (!(error instanceof ConflictError)) throw error
            return chain(readDescriptor(blobs, config.id, context), () => {
              throw new StoreExistsError(`A store exists already at ${place(config)}. Open it with connectStore.`)
            })
          },
        )
        return chain(written, () => frame(blobs, config, context))
      })
    })
  }

  function open(config: Config, context: OpenContext): PromiseOrValue<Backend> {
    return chain(spec.container(config, context), (state) => {
      if (state === 'foreign') throw foreign(place(config))
      if (state !== 'store') throw notFound(place(config))
      return withBlobs(spec, config, context, (blobs) =>
        chain(readDescriptor(blobs, config.id, context), (descriptor) => {
          if (descriptor === undefined) throw notFound(place(config))
          return frame(blobs, config, context)
        }),
      )
    })
  }

  function exists(config: Config, context: OpenContext): PromiseOrValue<boolean> {
    return chain(spec.container(config, context), (state) => {
      if (state !== 'store') return false
      return withBlobs(spec, config, context, (blobs) =>
        chain(readDescriptor(blobs, config.id, context), (descriptor) =>
          chain(blobs.close(context), () => descriptor !== undefined),
        ),
      )
    })
  }

  function destroy(config: Config, context: OpenContext): PromiseOrValue<void> {
    return chain(spec.container(config, context), (state) => {
      if (state !== 'store') return
      const emptied = withBlobs(spec, config, context, (blobs) =>
        chain(readDescriptor(blobs, config.id, context), () =>
          chain(spec.ownsContainer ? undefined : empty(blobs, context), () => blobs.close(context)),
        ),
      )
      return chain(emptied, () => spec.remove(config, context))
    })
  }

  return { schema, secrets, capabilities, locate: place, create, open, exists, destroy }
}

/** Open the blobs for `use`, and close them again if it fails. */
function withBlobs<Config extends BaseConfig, T>(
  spec: BlobDefinition<Config>,
  config: Config,
  context: OpenContext,
  use: (blobs: BlobBackend) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  return chain(spec.open(config, context), (blobs) =>
    rescue(
      () => use(blobs),
      (error) =>
        chain(rescue(() => blobs.close(context), context.onError), () => {
          throw error
        }),
    ),
  )
}

/** Every entry goes, the descriptor last: a removal that is cut short can be done again. */
function empty(blobs: BlobBackend, context: OpenContext): PromiseOrValue<void> {
  let after: Name | undefined
  const pages = repeat(() =>
    chain(blobs.list({ after }, context), ({ names, next }) => {
      context.signal?.throwIfAborted()
      after = next
      const ours = names.filter((name) => name !== DESCRIPTOR_NAME)
      return chain(removeAll(blobs, ours, context), () => after !== undefined)
    }),
  )
  return chain(pages, () => chain(blobs.delete(DESCRIPTOR_NAME, {}, context), () => undefined))
}

function foreign(place: string): UnsupportedLayoutError {
  return new UnsupportedLayoutError(
    `There is something at ${place} that is not a konserve-ts store. Choose an empty place, or one that does not exist yet.`,
  )
}

function notFound(place: string): StoreNotFoundError {
  return new StoreNotFoundError(
    `There is no store at ${place}. Create it with createStore, or let connectStore do it by leaving out { create: false }.`,
  )
}
