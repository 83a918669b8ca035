import {
  type AnyConfig,
  type BaseConfig,
  type Capabilities,
  type OpenContext,
  type ReadPolicy,
  type StoreConfig,
  type WritePolicy,
  registerBackend,
} from '../base/backend.ts'
import type { Serializer } from '../base/entry.ts'
import { InvalidConfigError } from '../base/errors.ts'
import { type PromiseOrValue, chain, onFailure } from '../base/promise-or-value.ts'
import { type Check, anyObject, count, fields, flag, object, oneOf, optional } from '../base/schema.ts'
import { type CheckedConfig, capabilitiesOf, checkConfig, isBounded, stalenessOf } from '../engine/config.ts'
import { type EngineUser, type Mode, destroyEngine, locationOf, openBackend } from '../engine/engines.ts'
import type { OnConflict } from '../engine/tier/delivery.ts'
import { loadTiers } from '../engine/tier/load.ts'
import type { TieredBackend } from '../engine/tier/tier.ts'

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
  /**
   * Where writes go. `write-through`, the default: to the back, and a copy to the front. `write-around`: to the back, and
   * the front forgets. `write-behind`: to the front, and from there to the back, in the background. `frontend-only`: to the
   * front, where they hide what the back has, which belongs to somebody else and is never written.
   */
  readonly writePolicy?: WritePolicy | undefined
  /** Reads ask the front first, and fill it (`frontend-first`, the default), or ask nobody else (`frontend-only`). */
  readonly readPolicy?: ReadPolicy | undefined
  /** Remember which keys are missing in the back, until they are written. Default false. */
  readonly negative?: boolean | undefined
  /** Entries that the front may hold. Copies leave it when there is no room; only what is there alone stays. */
  readonly maxEntries?: number | undefined
  /** Bytes that they may take: values and keys as CBOR, and 500 for each entry. */
  readonly maxBytes?: number | undefined
  /** Milliseconds that a copy in front answers for. Default: until it is known to have changed. */
  readonly ttl?: number | undefined
  /**
   * Milliseconds after which the back is asked whether copies in front are still what it has, for backs that do not tell of all
   * who write (S3, DynamoDB, LMDB): one request for the metadata of each. Default: never.
   */
  readonly poll?: number | undefined
  /**
   * What the front gets besides what is read: nothing (`lazy`, the default), what it does not have (`missing`), or all anew
   * (`full`), in the background after the store is opened; see `store.tier.populate`.
   */
  readonly populate?: 'lazy' | 'missing' | 'full' | undefined
  /** How writes wait for the back under `write-behind`. */
  readonly writeBehind?: WriteBehindOptions | undefined
}

export interface WriteBehindOptions {
  /** How many keys may wait; further writes wait until there is room. Default 10,000. */
  readonly maxEntries?: number | undefined
  /** How many bytes of them, about. Default 64 MiB. */
  readonly maxBytes?: number | undefined
  /**
   * What to do where somebody else has changed the entry in the back since it was read here: write over it (`overwrite`,
   * the default), give this write up (`fail`), or what to keep of both. Of an entry that was never read here nothing is
   * known: it is written over.
   */
  readonly onConflict?: OnConflict | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    tiered: TieredConfig
  }
}

type Config = BaseConfig &
  Omit<TieredConfig, 'frontendConfig' | 'backendConfig'> & { frontendConfig: AnyConfig; backendConfig: AnyConfig }

const conflict: Check = (value) =>
  value === 'overwrite' || value === 'fail' || typeof value === 'function'
    ? undefined
    : [{ message: "expected 'overwrite', 'fail' or a function" }]

registerBackend<Config>('tiered', {
  schema: fields({
    frontendConfig: anyObject,
    backendConfig: anyObject,
    writePolicy: optional(oneOf('write-through', 'write-behind', 'write-around', 'frontend-only')),
    readPolicy: optional(oneOf('frontend-first', 'frontend-only')),
    negative: optional(flag),
    maxEntries: optional(count),
    maxBytes: optional(count),
    ttl: optional(count),
    poll: optional(count),
    populate: optional(oneOf('lazy', 'missing', 'full')),
    writeBehind: optional(
      object({ maxEntries: optional(count), maxBytes: optional(count), onConflict: optional(conflict) }),
    ),
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
    if (isBounded(config) && (capabilitiesOf(front).persistent || capabilitiesOf(front).sync !== true)) {
      throw new InvalidConfigError([{ path: 'frontendConfig', message: 'must be a memory store to be bounded' }])
    }
    const { names: sealed } = (back.config['encryptor'] ?? {}) as { names?: unknown }
    if (sealed && (config.writePolicy === 'write-behind' || config.writePolicy === 'frontend-only')) {
      const message = `cannot be ${config.writePolicy} over a back whose names are encrypted: they have no order`
      throw new InvalidConfigError([{ path: 'writePolicy', message }])
    }
    if ((config.writeBehind?.onConflict ?? 'overwrite') !== 'overwrite' && back.config.backend === 'tiered') {
      throw new InvalidConfigError([
        { path: 'writeBehind.onConflict', message: "must be 'overwrite' before a tiered back" },
      ])
    }
    return { ...config, frontendConfig: front.config, backendConfig: back.config }
  },
  capabilities,
  // Over one place there may be a store and, beside it, what hides some of it.
  locate: (config) => (isOverlay(config) ? 'overlay ' : '') + locationOf(checkConfig(config.backendConfig)),
  exists({ backendConfig }, context) {
    const { definition, config } = checkConfig(backendConfig)
    return definition.exists(config, context)
  },
  create: (config, context) => open(config, 'create', context),
  open: (config, context) => open(config, 'open', context),
  destroy(config, context) {
    const { frontendConfig, backendConfig } = config
    return chain(destroyFront(frontendConfig, context), () =>
      isOverlay(config) ? undefined : destroyEngine(checkConfig(backendConfig), context),
    )
  },
})

/** The back is somebody else's. */
function isOverlay({ writePolicy }: Pick<Config, 'writePolicy'>): boolean {
  return writePolicy === 'frontend-only'
}

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
  const {
    writePolicy = 'write-through',
    readPolicy = 'frontend-first',
    negative = false,
    populate = 'lazy',
    writeBehind = {},
  } = config
  const { onConflict, ...waiting } = writeBehind
  const user: EngineUser = { stop: (call) => tier?.stop(call) }
  let tier: TieredBackend | undefined
  const frontend = checkConfig(config.frontendConfig)
  const { persistent } = capabilitiesOf(frontend)
  const backend = checkConfig(config.backendConfig)
  const backMode = isOverlay(config) ? 'open' : mode
  const isPatient = writePolicy === 'write-behind' && persistent && mode === 'open'
  return chain(loadTiers(context), ({ tieredBackend, openBack }) =>
    chain(openBack(backend, backMode, user, context, isPatient ? frontend : undefined), ({ back, release }) =>
      onFailure(
        () =>
          chain(mode === 'create' ? destroyFront(config.frontendConfig, context) : undefined, () =>
            chain(openBackend(frontend, 'connect', { ...context, private: true }), (front) => {
              const opened = tieredBackend(front, back, {
                capabilities: capabilities(config),
                writePolicy,
                readPolicy,
                negative,
                bounds: { maxEntries: config.maxEntries, maxBytes: config.maxBytes, ttl: config.ttl },
                poll: config.poll,
                onConflict,
                outbox: { ...waiting, place: persistent ? locationOf(frontend) : undefined },
                onError: context.onError,
                close: release,
              })
              tier = opened
              const started = onFailure(
                () => opened.start(context),
                () => opened.close({ sync: context.sync, discards: true }),
              )
              return chain(started, () => {
                if (populate !== 'lazy') opened.tier.populate(populate, {}).catch(context.onError)
                return opened
              })
            }),
          ),
        () => release(context),
      ),
    ),
  )
}

/** What a front that outlives the process holds of an earlier store is thrown away. */
function destroyFront(frontendConfig: AnyConfig, context: OpenContext): PromiseOrValue<void> {
  const { definition, config } = checkConfig(frontendConfig)
  return definition.destroy(config, { ...context, private: true })
}

function capabilities({
  frontendConfig,
  backendConfig,
  writePolicy,
  ttl = Infinity,
  poll = Infinity,
}: Config): Capabilities {
  const front = capabilitiesOf(checkConfig(frontendConfig))
  const back = capabilitiesOf(checkConfig(backendConfig))
  const isFrontal = writePolicy === 'write-behind' || writePolicy === 'frontend-only'
  return {
    ...back,
    ...(isFrontal && {
      atomicUpdate: front.atomicUpdate,
      persistent: front.persistent && back.persistent,
      // What is written behind in one tab is told to the others.
      watch: front.persistent && front.watch === 'origin' ? 'origin' : 'process',
    }),
    // What waits for the back may be under way when a synchronous call needs it there.
    sync: front.sync === true && ((back.sync === true && writePolicy !== 'write-behind') || 'resident'),
    atomicBatch: isFrontal ? front.atomicBatch : Math.min(front.atomicBatch, back.atomicBatch),
    // What an earlier process has left in front may have changed since.
    staleness: stalenessOf({ ...back, watch: front.persistent ? 'process' : back.watch }, Math.min(ttl, poll)),
  }
}
