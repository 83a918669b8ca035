import { type AnyConfig, type Backend, findBackend, registerBackend } from '../../src/base/backend.ts'
import type { PromiseOrValue } from '../../src/base/promise-or-value.ts'

/** What befalls the calls of the backend `tried`, and which of them there were. */
export interface Trial {
  /** Called in front of each call; what it throws, or rejects with, the call fails with. */
  before: (method: string, args: readonly unknown[]) => PromiseOrValue<unknown>
  readonly calls: (readonly [method: string, args: readonly unknown[]])[]
}

const trials = new Map<string, Trial>()

/** Stores in memory, whose calls are asynchronous, and may be watched and made to fail, by their id. */
export function trialOf(id: string): Trial {
  const trial = trials.get(id) ?? { before: () => undefined, calls: [] }
  trials.set(id, trial)
  return trial
}

const memory = findBackend('memory')!

registerBackend<AnyConfig>('tried', {
  ...memory,
  capabilities: {
    ...(memory.capabilities as (config: AnyConfig) => Backend['capabilities'])({} as AnyConfig),
    sync: false,
  },
  create: (config, context) => watched(memory.create(config, context) as Backend, trialOf(config.id)),
  async open(config, context) {
    const trial = trialOf(config.id)
    await trial.before('open', [config])
    return watched(memory.open(config, context) as Backend, trial)
  },
})

function watched(inner: Backend, trial: Trial): Backend {
  return new Proxy(inner, {
    get: (target, property: keyof Backend) => {
      if (property === 'capabilities') return { ...target.capabilities, sync: false }
      // Its calls are never answered at once.
      if (property === 'peek' || property === 'learn') return undefined
      const method = target[property]
      if (typeof method !== 'function' || property === 'watch') return method
      return async (...args: unknown[]) => {
        trial.calls.push([property, args])
        await trial.before(property, args)
        return (await Reflect.apply(method, target, args)) as unknown
      }
    },
  })
}

/** What stores of the backend `untold` are over, where others write to it: they are told of nothing. */
interface Untold {
  readonly raw: Backend
  /** Pages are answered after that. */
  pages: Promise<void> | undefined
}

const untold = new Map<string, Untold>()

export function untoldOf(id: string): Untold {
  return untold.get(id)!
}

registerBackend<AnyConfig>('untold', {
  ...memory,
  capabilities: {
    ...(memory.capabilities as (config: AnyConfig) => Backend['capabilities'])({} as AnyConfig),
    sync: false,
    atomicUpdate: 'everywhere',
  },
  async create(config, context) {
    const inner = await memory.create(config, context)
    const own: Untold = { raw: inner, pages: undefined }
    untold.set(config.id, own)
    return {
      ...inner,
      capabilities: { ...inner.capabilities, sync: false },
      watch: () => () => undefined,
      async scan(range, call) {
        const page = await inner.scan!(range, call)
        await own.pages
        return page
      },
    }
  },
})
