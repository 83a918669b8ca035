import type { Call } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { BusyError, closedStore } from '../base/errors.ts'
import { type PromiseOrValue, chain, isPromise } from '../base/promise-or-value.ts'

/** What one folded item came to. */
export type Outcome<T> = { readonly value: T } | { readonly error: unknown }

/**
 * Order per name. Tasks on one name run in the order of their calls: exclusive ones alone, shared ones beside each
 * other. A task on several names takes its place in each line at once, so that lines never wait for one another in a
 * circle. A name at rest costs nothing: its task runs within the call.
 */
export class KeyQueue {
  readonly #lines = new Map<Name, Line>()
  #closed = false

  /** Run `task` beside other shared tasks of these names, and after every exclusive one that came before. */
  shared<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return this.#enter(names, false, call, task)
  }

  /** Run `task` alone among the tasks of these names. */
  exclusive<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return this.#enter(names, true, call, task)
  }

  /**
   * An exclusive task that takes those waiting right behind it along: `run` gets the items of all of them in order and
   * answers with an outcome for each. All items of one name come with the same `run`.
   */
  fold<Item, T>(
    name: Name,
    call: Call,
    item: Item,
    run: (items: readonly Item[]) => PromiseOrValue<readonly Outcome<T>[]>,
  ): PromiseOrValue<T> {
    const { sync, signal } = call
    signal?.throwIfAborted()
    const last = this.#lines.get(name)?.batch
    const joins =
      last && !last.outcomes && isAlike(last.call, call) && last.items.length < MAX_FOLD && !sync && !this.#closed
    const batch: Batch = joins ? last : { call, items: [] }
    const own = { item, signal }
    batch.items.push(own)
    const task = (): PromiseOrValue<T> => {
      if (!batch.outcomes) {
        batch.items = batch.items.filter((each) => !each.signal?.aborted)
        // From now on nothing joins, and nothing is dropped.
        batch.outcomes = []
        try {
          batch.outcomes = run(batch.items.map((each) => each.item as Item))
        } catch (error) {
          batch.outcomes = batch.items.map(() => ({ error }))
        }
      }
      return chain(batch.outcomes, (outcomes) => {
        const outcome = outcomes[batch.items.indexOf(own)]!
        if ('error' in outcome) throw outcome.error
        return outcome.value as T
      })
    }
    return this.#enter([name], true, call, task, batch)
  }

  /** Whether a shared task of `name` would run at once. */
  isFree(name: Name): boolean {
    if (this.#closed) return false
    return this.#lines.size === 0 || this.#lines.get(name)?.exclusiveEnd === undefined
  }

  /** Resolves once every task that is running or waiting now has ended. A synchronous call does not wait. */
  idle({ sync }: Call): PromiseOrValue<void> {
    return this.exclusive(sync ? [] : [...this.#lines.keys()], { sync }, () => undefined)
  }

  /** Take no more tasks (`STORE_RELEASED`), and resolve once those of before have ended. */
  close(call: Call): PromiseOrValue<void> {
    if (this.#closed) return
    const idle = this.idle(call)
    this.#closed = true
    return idle
  }

  /** Run `task` after all that stand in the lines of `names`, or, unless it is `exclusive`, after the exclusive ones there. */
  #enter<T>(
    names: readonly Name[],
    exclusive: boolean,
    call: Call,
    task: () => PromiseOrValue<T>,
    batch?: Batch,
  ): PromiseOrValue<T> {
    if (this.#closed) throw closedStore()
    const before = (name: Name): Promise<void> | undefined => {
      const line = this.#lines.get(name)
      return exclusive ? line?.end : line?.exclusiveEnd
    }
    const busy = this.#lines.size > 0 ? names.find((name) => before(name) !== undefined) : undefined
    if (busy !== undefined && call.sync) {
      throw new BusyError(
        `Asynchronous work on this key (${busy}) is under way: await it before a call with { sync: true }.`,
      )
    }
    const result = busy === undefined ? task() : this.#wait(names.map(before), call, task, batch)
    if (isPromise(result)) this.#stand(names, exclusive, result, batch)
    return result
  }

  #wait<T>(
    before: readonly (Promise<void> | undefined)[],
    { signal }: Call,
    task: () => PromiseOrValue<T>,
    batch: Batch | undefined,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      // What was folded into a batch that runs already takes effect: then it is too late.
      const abort = (): void => {
        if (!batch?.outcomes) reject(signal!.reason as Error)
      }
      signal?.addEventListener('abort', abort)
      Promise.all(before)
        .then(() => {
          signal?.removeEventListener('abort', abort)
          if (!batch?.outcomes) signal?.throwIfAborted()
          return task()
        })
        .then(resolve, reject)
    })
  }

  /** Keep a place in the lines of all names until `result` is there. */
  #stand(names: readonly Name[], exclusive: boolean, result: Promise<unknown>, batch: Batch | undefined): void {
    const lines = this.#lines
    const leave = (): void => {
      for (const name of names) {
        const line = lines.get(name)!
        if (exclusive && --line.exclusive === 0) line.exclusiveEnd = undefined
        if (--line.count === 0) lines.delete(name)
      }
    }
    const left = result.then(leave, leave)
    for (const name of names) {
      const line = lines.get(name)
      const end = line ? left.then(() => line.end) : left
      lines.set(name, {
        count: (line?.count ?? 0) + 1,
        exclusive: (line?.exclusive ?? 0) + Number(exclusive),
        end,
        exclusiveEnd: exclusive ? end : line?.exclusiveEnd,
        batch,
      })
    }
  }
}

/** Whether one write may be both. */
function isAlike(a: Call, b: Call): boolean {
  return a.durability === b.durability && a.writePolicy === b.writePolicy && a.readPolicy === b.readPolicy
}

/** The cap keeps one folded write, and what a crash can lose of it, small. */
const MAX_FOLD = 1000

interface Line {
  /** Tasks that are running or waiting, and the exclusive ones among them. */
  count: number
  exclusive: number
  /** Resolves once the last of them, and all before it, have ended: exclusive tasks wait for that. */
  readonly end: Promise<void>
  /** The same of the last exclusive one, which all wait for. */
  exclusiveEnd: Promise<void> | undefined
  /** Of the last of them, if it is a folded one. */
  readonly batch: Batch | undefined
}

/** Items that are folded into one run, which gives them their outcomes. */
interface Batch {
  readonly call: Call
  items: { readonly item: unknown; readonly signal: AbortSignal | undefined }[]
  outcomes?: PromiseOrValue<readonly Outcome<unknown>[]>
}
