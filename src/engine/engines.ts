import type { AnyConfig, Backend, BackendDefinition, OpenContext } from '../base/backend.ts'
import { InvalidConfigError, KonserveError, StoreExistsError, StoreIdMismatchError } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, rescue } from '../base/promise-or-value.ts'
import { differingFields } from './config.ts'
import { KeyQueue } from './queue.ts'

/** Somebody who uses an engine: a store handle, or a tier above it. */
export interface EngineUser {
  /** The engine is about to be closed under it: refuse new calls, and answer once the running ones have ended. */
  stop(context: OpenContext): PromiseOrValue<void>
}

/** An open backend, shared by everyone in the process who uses the same place. */
export interface Engine {
  readonly backend: Backend
  readonly config: AnyConfig
  readonly location: string
  readonly users: Set<EngineUser>
}

/** `connect` opens or creates, `open` refuses to create, `create` refuses to open. */
export type Mode = 'connect' | 'open' | 'create'

const engines = new Map<string, Engine>()
/** Opening, closing and removing one place happen one after the other. */
const places = new KeyQueue()

export function acquireEngine(
  definition: BackendDefinition,
  config: AnyConfig,
  mode: Mode,
  user: EngineUser,
  context: OpenContext,
): PromiseOrValue<Engine> {
  const location = locationOf(definition, config)
  return places.exclusive([location], context, () => {
    const open = engines.get(location)
    if (open) {
      join(open, config, mode)
      open.users.add(user)
      return open
    }
    return chain(openBackend(definition, config, mode, context), (backend) => {
      const engine = { backend, config, location, users: new Set([user]) }
      engines.set(location, engine)
      return engine
    })
  })
}

/** One user less; the last one closes the engine. */
export function releaseEngine(engine: Engine, user: EngineUser, context: OpenContext): PromiseOrValue<void> {
  return places.exclusive([engine.location], context, () => {
    if (!engine.users.delete(user) || engine.users.size > 0) return
    return close(engine, context)
  })
}

/** Close the engine under all who use it, and remove the store. */
export function destroyEngine(
  definition: BackendDefinition,
  config: AnyConfig,
  context: OpenContext,
): PromiseOrValue<void> {
  const location = locationOf(definition, config)
  return places.exclusive([location], context, () => {
    const open = engines.get(location)
    if (open && open.config.id !== config.id) throw otherId(open, config)
    const closed =
      open &&
      chain(
        each([...open.users], (user) => user.stop(context)),
        () => {
          open.users.clear()
          return close(open, context)
        },
      )
    return chain(closed, () => definition.destroy(config, context))
  })
}

/** Open the backend itself, shared with nobody. */
export function openBackend(
  definition: BackendDefinition,
  config: AnyConfig,
  mode: Mode,
  context: OpenContext,
): PromiseOrValue<Backend> {
  if (mode === 'create') return definition.create(config, context)
  if (mode === 'open') return definition.open(config, context)
  return orElse(
    'STORE_NOT_FOUND',
    () => definition.open(config, context),
    () =>
      // Another process may create it at the same time: then it is there now.
      orElse(
        'STORE_EXISTS',
        () => definition.create(config, context),
        () => definition.open(config, context),
      ),
  )
}

export function locationOf(definition: BackendDefinition, config: AnyConfig): string {
  return `${config.backend}:${definition.locate(config)}`
}

function close(engine: Engine, context: OpenContext): PromiseOrValue<void> {
  engines.delete(engine.location)
  return engine.backend.close(context)
}

function join(open: Engine, config: AnyConfig, mode: Mode): void {
  if (open.config.id !== config.id) throw otherId(open, config)
  if (mode === 'create') {
    throw new StoreExistsError(`The store ${config.id} exists already. Open it with connectStore.`)
  }
  const differing = differingFields(open.config, config)
  if (differing.length > 0) {
    throw new InvalidConfigError(
      differing.map((path) => ({
        path,
        message: 'differs from the config under which this store is open; release it first, or use the same',
      })),
    )
  }
}

function otherId(open: Engine, config: AnyConfig): StoreIdMismatchError {
  return new StoreIdMismatchError(
    `The store here has the id ${open.config.id}, not ${config.id}. Use its own id, or another place.`,
  )
}

function orElse<T>(code: string, fn: () => PromiseOrValue<T>, other: () => PromiseOrValue<T>): PromiseOrValue<T> {
  return rescue(fn, (error) => {
    if (error instanceof KonserveError && error.code === code) return other()
    throw error
  })
}
