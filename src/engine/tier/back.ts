import type { Backend, Call, OpenContext } from '../../base/backend.ts'
import { StorageUnavailableError } from '../../base/errors.ts'
import { type PromiseOrValue, chain, isPromise, onFailure } from '../../base/promise-or-value.ts'
import { inTime } from '../../base/timers.ts'
import { type CheckedConfig, capabilitiesOf } from '../config.ts'
import { type Engine, type EngineUser, type Mode, acquireEngine, releaseEngine } from '../engines.ts'
import { laterBackend } from './later.ts'

export interface OpenBack {
  readonly back: Backend
  release(call: Call): PromiseOrValue<void>
}

/**
 * The back. Where what is written waits in a `frontend` that outlives the process, nobody has to wait for a back that does
 * not answer: it is opened when it does.
 */
export function openBack(
  checked: CheckedConfig,
  mode: Mode,
  user: EngineUser,
  context: OpenContext,
  frontend: CheckedConfig | undefined,
): PromiseOrValue<OpenBack> {
  const acquire = (): PromiseOrValue<Engine> => acquireEngine(checked, mode, user, context)
  const direct = (engine: Engine): OpenBack => ({
    back: engine.backend,
    release: (call) => releaseEngine(engine, user, call),
  })
  const acquired = acquire()
  if (!isPromise(acquired) || frontend === undefined) return chain(acquired, direct)
  const { navigator } = globalThis as { navigator?: { onLine?: boolean } }
  const answer = inTime(acquired, navigator?.onLine === false ? 0 : PATIENCE_MS).catch(unlessUnreachable)
  return chain(answer, async (engine) => {
    if (engine) return direct(engine)
    // It must have been here before.
    const isKnown = await onFailure(
      () => frontend.definition.exists(frontend.config, { ...context, private: true }),
      () => void acquired.then((late) => releaseEngine(late, user, context)).catch(() => undefined),
    )
    if (!isKnown) return direct(await acquired)
    let attempt: Promise<Engine> | undefined = acquired
    acquired.catch(() => (attempt = undefined))
    let opened: Engine | undefined
    let isReleased = false
    const open = async (): Promise<Backend> => {
      // Not for good: whoever opens the store next sends what waits.
      if (isReleased) throw new StorageUnavailableError('This store is being released.')
      attempt ??= Promise.resolve(acquire())
      try {
        opened = await attempt
        return opened.backend
      } catch (error) {
        attempt = undefined
        throw error
      }
    }
    const back = laterBackend(capabilitiesOf(checked), open, context.onError)
    const release = (call: Call): PromiseOrValue<void> => {
      isReleased = true
      void back.close(call)
      if (opened) return releaseEngine(opened, user, call)
      // One that still waits is let go as soon as it is there.
      attempt?.then((late) => releaseEngine(late, user, call)).catch(() => undefined)
    }
    return { back, release }
  })
}

/** An error that is not about that it cannot be reached is thrown. */
function unlessUnreachable(error: unknown): undefined {
  if (!(error instanceof StorageUnavailableError)) throw error
}

/** Milliseconds that the opening of a store waits for a back that it can do without. */
const PATIENCE_MS = 1000
