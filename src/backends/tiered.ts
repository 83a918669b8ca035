import {
  type AnyConfig,
  type BaseConfig,
  type Capabilities,
  type OpenContext,
  type StoreConfig,
  registerBackend,
} from '../base/backend.ts'
import { InvalidConfigError, KonserveError } from '../base/errors.ts'
import { type PromiseOrValue, chain, rescue } from '../base/promise-or-value.ts'
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
import { TieredBackend } from '../engine/tier.ts'

const schema = fields({
  frontendConfig: anyObject,
  backendConfig: anyObject,
  writePolicy: optional(oneOf('write-through', 'write-around')),
  readPolicy: optional(oneOf('frontend-first')),
})

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
  schema,
  refine,
  capabilities: (config) =>
    tierCapabilities(
      capabilitiesOf(checkConfig(config.frontendConfig)),
      capabilitiesOf(checkConfig(config.backendConfig)),
    ),
  locate: (config) => placeOf(checkConfig(config.backendConfig)),
  exists(config, context) {
    const back = checkConfig(config.backendConfig)
    return back.definition.exists(back.config, context)
  },
  create: (config, context) => open(config, 'create', context),
  open: (config, context) => open(config, 'open', context),
  destroy(config, context) {
    const front = checkConfig(config.frontendConfig)
    const back = checkConfig(config.backendConfig)
    const emptied = isPersistent(front) ? destroyEngine(front.definition, front.config, context) : undefined
    return chain(emptied, () => destroyEngine(back.definition, back.config, context))
  },
})

/** Both tiers' configs must be sound in themselves, be of the tier's id, and not be one place. */
function refine(config: Config): Config {
  const frontendConfig = checkNested('frontendConfig', config)
  const backendConfig = checkNested('backendConfig', config)
  const front = checkConfig(frontendConfig)
  if (isPersistent(front) && placeOf(front) === placeOf(checkConfig(backendConfig))) {
    throw new InvalidConfigError([{ path: 'frontendConfig', message: 'is the same place as backendConfig' }])
  }
  return { ...config, frontendConfig, backendConfig }
}

function checkNested(field: 'frontendConfig' | 'backendConfig', config: Config): AnyConfig {
  const nested = config[field]
  const id = nested.id ?? config.id
  if (typeof id !== 'string' || id.toLowerCase() !== config.id) {
    throw new InvalidConfigError([
      { path: `${field}.id`, message: `must be the tier's own id ${config.id}, or be left out` },
    ])
  }
  try {
    return checkConfig({ ...nested, id }).config
  } catch (error) {
    if (error instanceof InvalidConfigError) {
      throw new InvalidConfigError(error.issues.map(({ path, message }) => ({ path: `${field}.${path}`, message })))
    }
    if (error instanceof KonserveError) error.message = `${field}: ${error.message}`
    throw error
  }
}

function open(config: Config, mode: Mode, context: OpenContext): PromiseOrValue<TieredBackend> {
  const front = checkConfig(config.frontendConfig)
  const back = checkConfig(config.backendConfig)
  const user: EngineUser = { stop: (call) => tier?.stop(call) }
  let tier: TieredBackend | undefined
  return chain(acquireEngine(back.definition, back.config, mode, user, context), (engine) =>
    rescue(
      () =>
        chain(openFront(front, mode, user, context), ({ backend, close }) => {
          tier = new TieredBackend(backend, engine.backend, {
            capabilities: tierCapabilities(backend.capabilities, engine.backend.capabilities),
            writeAround: config.writePolicy === 'write-around',
            onError: context.onError,
            close: (call) => {
              const later = { ...context, ...call }
              return chain(close(later), () => releaseEngine(engine, user, later))
            },
          })
          return tier
        }),
      (error) =>
        chain(releaseEngine(engine, user, context), () => {
          throw error
        }),
    ),
  )
}

interface Front {
  readonly backend: TieredBackend['front']
  close(context: OpenContext): PromiseOrValue<void>
}

/** A volatile front is opened apart from all others; what a persistent one holds of an earlier store is thrown away. */
function openFront(
  { definition, config }: CheckedConfig,
  mode: Mode,
  user: EngineUser,
  context: OpenContext,
): PromiseOrValue<Front> {
  if (!isPersistent({ definition, config })) {
    return chain(openBackend(definition, config, 'create', { ...context, private: true }), (backend) => ({
      backend,
      close: (later) => backend.close(later),
    }))
  }
  const stale = mode === 'create' ? destroyEngine(definition, config, context) : undefined
  return chain(stale, () =>
    chain(acquireEngine(definition, config, 'connect', user, context), (engine) => ({
      backend: engine.backend,
      close: (later) => releaseEngine(engine, user, later),
    })),
  )
}

function tierCapabilities(front: Capabilities, back: Capabilities): Capabilities {
  return {
    sync: front.sync === true && (back.sync === true || 'resident'),
    atomicUpdate: back.atomicUpdate,
    atomicBatch: Math.min(front.atomicBatch, back.atomicBatch),
    persistent: back.persistent,
    lock: back.lock,
  }
}

function isPersistent(checked: CheckedConfig): boolean {
  return capabilitiesOf(checked).persistent
}

function placeOf({ definition, config }: CheckedConfig): string {
  return locationOf(definition, config)
}
