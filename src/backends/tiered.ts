import {
  type AnyConfig,
  type BaseConfig,
  type Call,
  type Capabilities,
  type OpenContext,
  type StoreConfig,
  registerBackend,
} from '../base/backend.ts'
import type { Serializer } from '../base/entry.ts'
import { InvalidConfigError } from '../base/errors.ts'
import { type PromiseOrValue, chain, onFailure } from '../base/promise-or-value.ts'
import { anyObject, fields, oneOf, optional } from '../base/schema.ts'
import { type CheckedConfig, capabilitiesOf, checkConfig } from '../engine/config.ts'
import {
  type EngineUser,
  type Mode,
  acquireEngine,
  destroyEngine,
  locationOf,
  openBackend,
  releaseEngine,
} from '../engine/engines.ts'
import { type TieredBackend, tieredBackend } from '../engine/tier.ts'

/** A config inside a tier's: its id is the tier's. */
export type TierConfig = StoreConfig extends infer Each
  ? Each extends BaseConfig
    ? Omit<Each, 'id'> & { readonly id?: string }
    : never
  : never

export interface TieredConfig {
  /** The fast store in front. It is private to the tier; a memory store in front is not the public one of the same id. */
  readonly frontendConfig: TierConfig
  /** The store that holds the truth. */
  readonly backendConfig: TierConfig
  /** Whether a write fills the front (`write-through`, the default) or only empties it (`write-around`). */
  readonly writePolicy?: 'write-through' | 'write-around' | undefined
  /** Reads ask the front first, and fill it. */
  readonly readPolicy?: 'frontend-first' | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    tiered: TieredConfig
  }
}

type Config = BaseConfig & { frontendConfig: AnyConfig; backendConfig: AnyConfig; writePolicy?: string }

registerBackend<Config>('tiered', {
  schema: fields({
    frontendConfig: anyObject,
    backendConfig: anyObject,
    writePolicy: optional(oneOf('write-through', 'write-around')),
    readPolicy: optional(oneOf('frontend-first')),
  }),
  refine(config) {
    const back = checkTier('backendConfig', config)
    const kept = serializerOf(back)
    const { frontendConfig } = config
    const serializer = frontendConfig['serializer'] ?? (kept !== 'cbor' && kept)
    const front = checkTier('frontendConfig', {
      ...config,
      frontendConfig: { ...frontendConfig, ...(serializer && { serializer }) },
    })
    if (serializerOf(front) !== kept) {
      throw new InvalidConfigError([{ path: 'frontendConfig.serializer', message: `must be ${kept} or left out` }])
    }
    if (capabilitiesOf(front).persistent && locationOf(front) === locationOf(back)) {
      throw new InvalidConfigError([{ path: 'frontendConfig', message: 'is the same place as backendConfig' }])
    }
    return { ...config, frontendConfig: front.config, backendConfig: back.config }
  },
  capabilities,
  locate: ({ backendConfig }) => locationOf(checkConfig(backendConfig)),
  exists({ backendConfig }, context) {
    const { definition, config } = checkConfig(backendConfig)
    return definition.exists(config, context)
  },
  create: (config, context) => open(config, 'create', context),
  open: (config, context) => open(config, 'open', context),
  destroy({ frontendConfig, backendConfig }, context) {
    return chain(destroyFront(frontendConfig, context), () => destroyEngine(checkConfig(backendConfig), context))
  },
})

/** A tier's config must be sound in itself, and of the tiered store's id. */
function checkTier(field: 'frontendConfig' | 'backendConfig', { id, [field]: config }: Config): CheckedConfig {
  try {
    const checked = checkConfig({ ...config, id: config.id ?? id })
    if (checked.config.id === id) return checked
    throw new InvalidConfigError([{ path: 'id', message: `must be ${id} or left out` }])
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error
    throw new InvalidConfigError(error.issues.map(({ path, message }) => ({ path: `${field}.${path}`, message })))
  }
}

function serializerOf(tier: CheckedConfig): Serializer {
  return capabilitiesOf(tier).serializer ?? 'cbor'
}

function open(config: Config, mode: Mode, context: OpenContext): PromiseOrValue<TieredBackend> {
  const user: EngineUser = { stop: (call) => tier?.stop(call) }
  let tier: TieredBackend | undefined
  return chain(acquireEngine(checkConfig(config.backendConfig), mode, user, context), (engine) => {
    const release = (call: Call): PromiseOrValue<void> => releaseEngine(engine, user, call)
    return onFailure(
      () =>
        chain(mode === 'create' ? destroyFront(config.frontendConfig, context) : undefined, () =>
          chain(
            openBackend(checkConfig(config.frontendConfig), 'connect', { ...context, private: true }),
            (backend) =>
              (tier = tieredBackend(backend, engine.backend, {
                capabilities: capabilities(config),
                writeAround: config.writePolicy === 'write-around',
                onError: context.onError,
                close: release,
              })),
          ),
        ),
      () => release(context),
    )
  })
}

/** What a front that outlives the process holds of an earlier store is thrown away. */
function destroyFront(frontendConfig: AnyConfig, context: OpenContext): PromiseOrValue<void> {
  const { definition, config } = checkConfig(frontendConfig)
  return definition.destroy(config, { ...context, private: true })
}

function capabilities({ frontendConfig, backendConfig }: Config): Capabilities {
  const front = capabilitiesOf(checkConfig(frontendConfig))
  const back = capabilitiesOf(checkConfig(backendConfig))
  return {
    ...back,
    sync: front.sync === true && (back.sync === true || 'resident'),
    atomicBatch: Math.min(front.atomicBatch, back.atomicBatch),
  }
}
