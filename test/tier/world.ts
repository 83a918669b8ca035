import '../../src/backends/memory.ts'
import { type Backend, type Call, type EntryOp, type OpenContext, findBackend } from '../../src/base/backend.ts'
import type { Name } from '../../src/base/entry.ts'
import { BusyError, StorageUnavailableError } from '../../src/base/errors.ts'
import { ensure } from '../../src/base/promise-or-value.ts'

/*
 * A world in which everything that takes time takes it by lot: each call of a backend is answered when its turn comes, and
 * some of them fail, before they have done anything or after.
 */

/** What chance decides, and what it may decide. */
export interface Lots {
  /** A number from 0 up to below `most`. */
  draw(most: number): number
  /** How many calls may still fail. */
  faults: number
}

const context: OpenContext = { sync: false, createContainer: false, private: true, onError: () => undefined }

export class World {
  readonly #lots: Lots
  readonly #due: (() => void)[] = []
  /** Something is being done whose answer will be lost. */
  #isLosing = false
  /** Moments: each call and each answer has one of its own. */
  now = 0

  constructor(lots: Lots) {
    this.#lots = lots
  }

  tick(): number {
    return ++this.now
  }

  /** Answers when its turn comes. */
  later(): Promise<void> {
    return new Promise((resolve) => void this.#due.push(resolve))
  }

  /** Let things happen until `isDone`. */
  async until(isDone: () => boolean): Promise<void> {
    for (let turns = 0; !isDone(); turns++) {
      await new Promise((resolve) => setImmediate(resolve))
      if (turns > MOST_TURNS) throw new Error('This never ends.')
      const next = this.#due.length > 0 ? this.#due.splice(this.#lots.draw(this.#due.length), 1)[0] : undefined
      next?.()
    }
  }

  /** A memory backend of its own whose calls may be late, and may fail; and the same by its own door. */
  backend(options: BackendOptions): { readonly backend: Backend; readonly raw: Backend } {
    const inner = findBackend('memory')!.create({ backend: 'memory', id: 'x' }, context) as Backend
    const capabilities = { ...inner.capabilities, sync: !options.isLate, persistent: options.isPersistent === true }
    const lines = new Map<Name, unknown>()
    const backend = new Proxy(inner, {
      get: (target, property: keyof Backend) => {
        if (property === 'capabilities') return capabilities
        const method = target[property]
        if (property === 'watch') return this.#watch(target, options)
        if (property === 'peek' || property === 'learn') return options.isLate ? undefined : target[property]
        if (typeof method !== 'function' || property === 'close') return method
        return (...args: unknown[]): unknown =>
          this.#call(options, lines, property, args, () => Reflect.apply(method, target, args) as unknown)
      },
    })
    return { backend, raw: inner }
  }

  #watch(target: Backend, { tells = 'all' }: BackendOptions): Backend['watch'] {
    return (watcher) =>
      target.watch((notice) => {
        if (tells === 'all' || (tells === 'answered' && !this.#isLosing)) watcher(notice)
      })
  }

  #call(
    options: BackendOptions,
    lines: Map<Name, unknown>,
    property: string,
    args: readonly unknown[],
    run: () => unknown,
  ): unknown {
    const fault = this.#fault()
    const work = (): unknown => {
      if (fault === 'before') throw new StorageUnavailableError(`${property} fails`)
      options.onCall?.(property, args)
      this.#isLosing = fault === 'after'
      const answer = ensure(run, () => void (this.#isLosing = false))
      if (fault === 'after') throw new StorageUnavailableError(`the answer of ${property} is lost`)
      return answer
    }
    const { sync } = args.at(-1) as Call
    if (!options.isLate) return work()
    if (sync) throw new BusyError('late')
    // The work is done at one moment, after what came before it on the same names, and the answer comes at another.
    const names = namesOf(args[0])
    const before = names.map((name) => lines.get(name))
    const done = (async () => {
      await this.later()
      await Promise.all(before)
      return settle(work)
    })()
    for (const name of names) lines.set(name, done)
    return (async () => {
      const answer = await done
      await this.later()
      return answer()
    })()
  }

  #fault(): 'before' | 'after' | undefined {
    if (this.#lots.faults === 0 || this.#lots.draw(12) > 0) return undefined
    this.#lots.faults--
    return this.#lots.draw(2) === 0 ? 'before' : 'after'
  }
}

export interface BackendOptions {
  readonly isLate: boolean
  readonly isPersistent?: boolean
  /** What watchers are told of: everything, or not of writes whose answers are lost, or nothing. Default everything. */
  readonly tells?: 'all' | 'answered' | 'nothing'
  /** Told of each call in the moment in which it takes effect. */
  readonly onCall?: ((property: string, args: readonly unknown[]) => void) | undefined
}

const MOST_TURNS = 20_000
const ALL: readonly Name[] = ['sa', 'sb', 'sc']

/** What a call is about. A listing is about everything. */
function namesOf(first: unknown): readonly Name[] {
  if (typeof first === 'string') return [first]
  if (!Array.isArray(first)) return ALL
  return first.map((each: Name | EntryOp) =>
    typeof each === 'string' ? each : 'write' in each ? each.write[0] : each.delete,
  )
}

function settle(work: () => unknown): () => unknown {
  try {
    const answer = work()
    return () => answer
  } catch (error) {
    return () => {
      throw error
    }
  }
}
