import type { AnyConfig, Backend, Call, OpenContext } from '../base/backend.ts'
import { InvalidConfigError, StoreExistsError, StoreNotFoundError, otherStore, storeExists } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, rescue } from '../base/promise-or-value.ts'
import type { Name } from '../base/entry.ts'
import { type CheckedConfig, differingFields } from './config.ts'
import { KeyQueue } from './queue.ts'

/** Somebody who uses an engine: a store handle, or a tier above it. */
export interface EngineUser {
  /** The engine is about to be closed under it: refuse new calls, and answer once the running ones have ended. */
  stop(call: Call): PromiseOrValue<void>
}

/** An open backend, shared by everyone in the process who uses the same place. */
export interface Engine {
  readonly backend: Backend
  readonly config: AnyConfig
  readonly location: string
  readonly users: Set<EngineUser>
  /** The engine behind a cache of one handle. */
  readonly base?: Engine | undefined
  /** The names whose update functions are running. */
  readonly updating: Set<Name>
}

/** `connect` opens or creates, `open` refuses to create, `create` refuses to open. */
export type Mode = 'connect' | 'open' | 'create'

const engines = new Map<string, Engine>()
/** Opening, closing and removing one place happen one after the other. */
const places = new KeyQueue()

export function acquireEngine(
  checked: CheckedConfig,
  mode: Mode,
  user: EngineUser,
  context: OpenContext,
): PromiseOrValue<Engine> {
  const { config } = checked
  const location = locationOf(checked)
  return places.exclusive([location], context, () => {
    const open = engineAt(location, config)
    if (open === undefined) {
      return chain(openBackend(checked, mode, context), (backend) => {
        const engine = { backend, config, location, users: new Set([user]), updating: new Set<Name>() }
        engines.set(location, engine)
        return engine
      })
    }
    if (mode === 'create') {
      throw storeExists(config.id)
    }
    const differing = differingFields(open.config, config)
    if (differing.length > 0) {
      const message = 'differs in the open store: release it first'
      throw new InvalidConfigError(differing.map((path) => ({ path, message })))
    }
    open.users.add(user)
    return open
  })
}

/** One user less; the last one closes the engine. */
export function releaseEngine(engine: Engine, user: EngineUser, call: Call): PromiseOrValue<void> {
  return places.exclusive([engine.location], call, () => {
    // A handle may see its engine through a cache.
    if (engine.users.delete(user) && engine.users.size === 0) return close(engines.get(engine.location) ?? engine, call)
  })
}

/** Close the engine under all who use it, and remove the store. */
export function destroyEngine(checked: CheckedConfig, context: OpenContext): PromiseOrValue<void> {
  const { definition, config } = checked
  const location = locationOf(checked)
  return places.exclusive([location], context, () => {
    const open = engineAt(location, config)
    const stopped = each(open?.users ?? [], (user) => user.stop(context))
    const closed = chain(stopped, () => {
      open?.users.clear()
      return open && close(open, { ...context, discards: true })
    })
    return chain(closed, () => definition.destroy(config, context))
  })
}

/** Open the backend itself, shared with nobody. */
export function openBackend(
  { definition, config }: CheckedConfig,
  mode: Mode,
  context: OpenContext,
): PromiseOrValue<Backend> {
  const create = (): PromiseOrValue<Backend> => definition.create(config, context)
  const open = (): PromiseOrValue<Backend> => definition.open(config, context)
  if (mode === 'create') return create()
  if (mode === 'open') return open()
  // Another process may create it at the same time: then it is there now.
  return orElse(open, StoreNotFoundError, () => orElse(create, StoreExistsError, open))
}

export function locationOf({ definition, config }: CheckedConfig): string {
  return `${config.backend}:${definition.locate(config)}`
}

function engineAt(location: string, { id }: AnyConfig): Engine | undefined {
  const open = engines.get(location)
  if (open === undefined || open.config.id === id) return open
  throw otherStore(open.config.id, id)
}

function close({ location, backend }: Engine, call: Call): PromiseOrValue<void> {
  engines.delete(location)
  return backend.close(call)
}

function orElse<T>(
  fn: () => PromiseOrValue<T>,
  expected: typeof StoreNotFoundError | typeof StoreExistsError,
  other: () => PromiseOrValue<T>,
): PromiseOrValue<T> {
  return rescue(fn, (error) => {
    if (error instanceof expected) return other()
    throw error
  })
}
