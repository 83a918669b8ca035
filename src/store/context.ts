import type { AnyConfig, Backend, Call, Durability } from '../base/backend.ts'
import type { Key, Name } from '../base/entry.ts'
import { BusyError, KonserveError, ReentrantUpdateError, closedStore, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, isPromise } from '../base/promise-or-value.ts'
import type { Engine, EngineUser } from '../engine/engines.ts'
import type { Written } from './hooks.ts'
import { keyToName } from './names.ts'
import type { Scope } from './scope.ts'
import type { CallOptions } from './types.ts'

/** What every operation of a store needs: whose call it is, and which keys it sees. */
export interface Context {
  readonly handle: Handle
  readonly scope: Scope
  /** What disposing of the store does. */
  readonly release: () => Promise<void>
}

/** One connection to a store. Handles on the same place share its engine. */
export interface Handle extends EngineUser {
  readonly config: AnyConfig
  readonly onError: (error: unknown) => void
  /** Who is told of a write, by the id of the hook. */
  readonly hooks: Map<string, (written: Written) => void>
  /** What ends each watch. */
  readonly watches: Set<() => void>
  engine: Engine
  released: boolean
  /** How many calls are running. */
  running: number
  /** Called when none is left. */
  onIdle: (() => void) | undefined
}

/** A handle that is yet to get its engine. */
export function makeHandle(config: AnyConfig, onError: (error: unknown) => void): Handle {
  let idle: Promise<void> | undefined
  const handle: Omit<Handle, 'engine'> = {
    config,
    onError,
    hooks: new Map(),
    watches: new Set(),
    released: false,
    running: 0,
    onIdle: undefined,
    stop({ sync }) {
      if (sync && handle.running > 0)
        throw new BusyError('Asynchronous work on this store is under way: await it before a call with { sync: true }.')
      handle.released = true
      handle.hooks.clear()
      for (const end of handle.watches) end()
      if (handle.running > 0) return (idle ??= new Promise((resolve) => (handle.onIdle = resolve)))
    },
  }
  return handle as Handle
}

export function checkOpen({ released }: Handle): void {
  if (released) throw closedStore()
}

type Options = CallOptions & Pick<Call, 'durability' | 'readPolicy' | 'writePolicy'>

/** What the body of a call on one key gets; `inner` is the store's key. */
export type KeyCall = [backend: Backend, call: Call, name: Name, inner: Key]

/** `run` for a call on one key, with its name and the store's key for it: errors that say no key are about this one. */
export function onKey<T, R = T>(
  context: Context,
  key: Key,
  options: Options | undefined,
  body: (...keyCall: KeyCall) => PromiseOrValue<T>,
  map?: (answer: T, inner: Key) => R,
): PromiseOrValue<R> {
  return run(context, options, body, map, [key])
}

/** The value of a key that can be given out at once, as nothing has to be waited for, made or checked. */
export function peek({ handle, scope }: Context, key: Key, options: Options | undefined): unknown {
  if (typeof key !== 'string' || handle.released || options?.signal) return undefined
  const { backend, updating } = handle.engine
  const inner = scope.inner(key)
  return updating.size === 0 && typeof inner === 'string' ? backend.peek?.(inner) : undefined
}

/** Let `peek` answer for a key of which a value was read. */
export function learn({ handle }: Context, inner: Key): void {
  if (typeof inner === 'string') handle.engine.backend.learn?.(inner, keyToName(inner))
}

/**
 * Run the body of a public call: refused once the store is released, counted while it runs, sync or async as asked. The
 * caller gets what `map` makes of its answer. No closures on the way: where nothing has to wait, they would cost more than
 * all the rest.
 */
export function run<T, R = T>(
  context: Context,
  options: Options | undefined,
  body: (...keyCall: KeyCall) => PromiseOrValue<T>,
  map: (answer: T, inner: Key) => R = same,
  on?: readonly [key: Key],
): PromiseOrValue<R> {
  const { handle } = context
  const sync = options?.sync === true
  handle.running++
  try {
    checkOpen(handle)
    const call: Call = {
      sync,
      signal: options?.signal,
      durability: options?.durability ?? (handle.config['durability'] as Durability | undefined),
      readPolicy: options?.readPolicy,
      writePolicy: options?.writePolicy,
    }
    call.signal?.throwIfAborted()
    const { backend } = handle.engine
    if (sync && backend.capabilities.sync === false) throw syncUnsupported(handle.config.backend)
    const [name, inner] = on ? nameAndKey(context, on[0]) : NOWHERE
    const value = body(backend, call, name, inner)
    if (isPromise(value)) return finish(handle, value, map, inner, on)
    const answer = map(value, inner)
    end(handle)
    return sync ? answer : Promise.resolve(answer)
  } catch (error) {
    end(handle)
    if (sync) throw explained(error, on)
    return Promise.reject(explained(error, on))
  }
}

const NOWHERE: readonly [name: Name, inner: Key] = ['', '']
const same = (answer: unknown): never => answer as never

async function finish<T, R>(
  handle: Handle,
  value: Promise<T>,
  map: (answer: T, inner: Key) => R,
  inner: Key,
  on: readonly [key: Key] | undefined,
): Promise<R> {
  try {
    return map(await value, inner)
  } catch (error) {
    throw explained(error, on)
  } finally {
    end(handle)
  }
}

function end(handle: Handle): void {
  if (--handle.running === 0) handle.onIdle?.()
}

function explained(error: unknown, on: readonly [key: Key] | undefined): unknown {
  if (on && error instanceof KonserveError) error.key ??= on[0]
  return error
}

/** Of what a caller wants how many, or from which on. */
export function checkCount(option: string, value: number): void {
  if (!(value >= 0 && (value === Infinity || Number.isInteger(value)))) {
    throw new TypeError(`${option} must be an integer from 0 up, got ${String(value)}.`)
  }
}

/** The store's key for a key of the scope, and its name; `REENTRANT_UPDATE` while its update function is running. */
export function nameAndKey(context: Context, key: Key): [name: Name, inner: Key] {
  const inner = context.scope.inner(key)
  const name = keyToName(inner)
  const { updating } = context.handle.engine
  if (updating.size > 0 && updating.has(name)) {
    throw new ReentrantUpdateError(
      'An update function must not touch its own key: it gets the old value and returns the new one.',
      { key },
    )
  }
  return [name, inner]
}

/** A name, together with the place of its store: what is apart from the same name in all other stores. */
export function placeOf({ handle }: Context, name: Name): string {
  return `${handle.engine.location} ${name}`
}

/** Run an update function, during which its key is out of bounds. */
export function whileUpdating<T>({ handle: { engine } }: Context, name: Name, fn: () => T): T {
  engine.updating.add(name)
  try {
    return fn()
  } finally {
    engine.updating.delete(name)
  }
}
