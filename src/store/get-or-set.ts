import type { Call } from '../base/backend.ts'
import type { Entry, Key, Meta, Name } from '../base/entry.ts'
import { type PromiseOrValue, chain, isPromise } from '../base/promise-or-value.ts'
import { cloneBy } from '../codec/platform-clone.ts'
import type { Engine } from '../engine/engines.ts'
import { type Context, type KeyCall, onKey, run } from './context.ts'
import { fire } from './hooks.ts'
import { live, newMeta } from './meta.ts'
import { NOTHING } from './paths.ts'
import type { GetOrSetOptions } from './types.ts'
import { valueOf } from './values.ts'

/** What is being loaded, once for all who ask for it meanwhile. */
const loads = new WeakMap<Engine, Map<Name, Promise<unknown>>>()

/** The value of a key; where there is none, what `load` answers, which is stored. */
export function getOrSet(
  context: Context,
  key: Key,
  load: () => unknown,
  options: GetOrSetOptions = {},
): PromiseOrValue<unknown> {
  const { ttl, staleWhileRevalidate: stale = 0, signal } = options
  const { handle } = context

  const answer = (...[backend, call, name, inner]: KeyCall): PromiseOrValue<unknown> => {
    const keep = (value: unknown, how: Call): PromiseOrValue<unknown> => {
      if (value === undefined) return undefined
      const meta: Meta = newMeta(inner, 'value', {
        meta: options.meta,
        ttl: ttl === undefined ? undefined : ttl + stale,
      })
      if (stale > 0) meta.own = { freshUntil: Date.now() + ttl! }
      // What somebody has written meanwhile is newer.
      const change = (old: Entry | undefined): Entry => (live(old) && !isStale(old) ? old! : { meta, value })
      return chain(backend.update(name, change, how), ([old, next]) => {
        if (next !== old) fire(context, { op: 'set', key: inner, value, meta })
        return valueOf(next, inner)
      })
    }
    const loadOnce = (): Promise<unknown> =>
      shared(handle.engine.base ?? handle.engine, name, async () =>
        keep(await load(), { ...call, sync: false, signal: undefined }),
      )
    const copied = cloneBy(backend.capabilities.serializer)

    return chain(backend.read(name, call), (entry) => {
      const found = valueOf(entry, inner)
      if (found !== NOTHING) {
        if (isStale(entry)) loadOnce().catch((error: unknown) => handle.released || handle.onError(error))
        return found
      }
      if (!call.sync) return chain(untilAborted(loadOnce(), signal), copied)
      const value = load()
      if (!isPromise(value)) return chain(keep(value, call), copied)
      value.then(undefined, () => undefined)
      throw new TypeError('load must answer at once in a synchronous call, not with a promise.')
    })
  }
  if (stale === 0 || ttl !== undefined) return onKey(context, key, options, answer)
  return run(context, options, () => {
    throw new TypeError('staleWhileRevalidate needs a ttl: without one nothing is ever stale.')
  })
}

function isStale(entry: Entry | undefined): boolean {
  const until = entry?.meta.own?.['freshUntil']
  return typeof until === 'number' && until <= Date.now()
}

function shared(engine: Engine, name: Name, load: () => Promise<unknown>): Promise<unknown> {
  const running = loads.get(engine) ?? new Map<Name, Promise<unknown>>()
  loads.set(engine, running)
  const known = running.get(name)
  if (known) return known
  const loading = load().finally(() => running.delete(name))
  running.set(name, loading)
  return loading
}

/** Whoever does not want to wait any more leaves it to the others. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
