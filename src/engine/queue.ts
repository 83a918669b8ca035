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
    const line = this.#lines.get(name)
    if (line === undefined || this.#closed) return this.exclusive([name], call, () => chain(run([item]), only))
    if (call.sync) throw busy(name)
    return new Promise<T>((resolve, reject) => {
      const job: Job = {
        names: [name],
        exclusive: true,
        fold: { item, key: call.durability },
        start: () => {
          const jobs = [job, ...takeFolding(line, job)]
          const settle = (outcomes: readonly Outcome<T>[]): void =>
            jobs.forEach((each, i) => each.settle!(outcomes[i]!))
          const fail = (error: unknown): void => jobs.forEach((each) => each.settle!({ error }))
          this.#run([name], true, () => run(jobs.map((each) => each.fold!.item as Item)), settle, fail)
        },
        settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.value as T)),
        cancel: reject,
      }
      this.#wait(job, call.signal)
    })
  }

  /** Whether a task on `name` is running or waiting. */
  busy(name: Name): boolean {
    return this.#lines.has(name)
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

  #enter<T>(names: readonly Name[], exclusive: boolean, call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    if (this.#closed) throw closedStore()
    const distinct = names.length > 1 ? [...new Set(names)] : names
    const closed = distinct.find((name) => !this.#open(name, exclusive))
    if (closed === undefined) return this.#hold(distinct, exclusive, task)
    if (call.sync) throw busy(closed)
    return new Promise<T>((resolve, reject) => {
      const start = (): void => this.#run(distinct, exclusive, task, resolve, reject)
      this.#wait({ names: distinct, exclusive, start, cancel: reject }, call.signal)
    })
  }

  #open(name: Name, exclusive: boolean): boolean {
    const line = this.#lines.get(name)
    return line === undefined || (!exclusive && !line.writer && line.waiting.length === 0)
  }

  /** Run at once; hold the names only if the task has to wait for something. */
  #hold<T>(names: readonly Name[], exclusive: boolean, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    const result = task()
    if (!isPromise(result)) return result
    for (const name of names) this.#occupy(name, exclusive)
    const release = (): void => this.#release(names, exclusive)
    result.then(release, release)
    return result
  }

  #wait(job: Job, signal: AbortSignal | undefined): void {
    const waits = job.names.filter((name) => {
      const open = this.#open(name, job.exclusive)
      if (open) this.#occupy(name, job.exclusive)
      else this.#lines.get(name)!.waiting.push(job)
      return !open
    })
    job.blocked = waits.length
    if (signal === undefined) return
    const abort = (): void => this.#cancel(job, signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    job.detach = () => signal.removeEventListener('abort', abort)
  }

  /** A waiting job leaves its lines, and the names that it held already go to the next. */
  #cancel(job: Job, reason: unknown): void {
    const held: Name[] = []
    const left: Name[] = []
    for (const name of job.names) {
      const { waiting } = this.#lines.get(name)!
      const at = waiting.indexOf(job)
      if (at >= 0) waiting.splice(at, 1)
      ;(at >= 0 ? left : held).push(name)
    }
    job.cancel(reason)
    this.#release(held, job.exclusive)
    for (const name of left) this.#advance(name)
  }

  #run<T>(
    names: readonly Name[],
    exclusive: boolean,
    task: () => PromiseOrValue<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): void {
    const release = (): void => this.#release(names, exclusive)
    let result: PromiseOrValue<T>
    try {
      result = task()
    } catch (error) {
      reject(error)
      return release()
    }
    if (isPromise(result)) {
      result.then(resolve, reject)
      result.then(release, release)
    } else {
      resolve(result)
      release()
    }
  }

  #occupy(name: Name, exclusive: boolean): void {
    let line = this.#lines.get(name)
    if (line === undefined) this.#lines.set(name, (line = { readers: 0, writer: false, advancing: false, waiting: [] }))
    if (exclusive) line.writer = true
    else line.readers++
  }

  #release(names: readonly Name[], exclusive: boolean): void {
    for (const name of names) {
      const line = this.#lines.get(name)!
      if (exclusive) line.writer = false
      else line.readers--
      this.#advance(name)
    }
  }

  /** Let the next ones in, if nobody is inside who keeps them out. */
  #advance(name: Name): void {
    const line = this.#lines.get(name)
    if (line === undefined || line.advancing) return
    line.advancing = true
    for (;;) {
      const next = line.waiting[0]
      if (next === undefined || line.writer || (next.exclusive && line.readers > 0)) break
      line.waiting.shift()
      this.#occupy(name, next.exclusive)
      if (--next.blocked! === 0) {
        next.detach?.()
        next.start()
      }
    }
    line.advancing = false
    if (line.waiting.length === 0 && line.readers === 0 && !line.writer && this.#lines.get(name) === line) {
      this.#lines.delete(name)
    }
  }
}

interface Line {
  /** Shared tasks inside. */
  readers: number
  /** Whether an exclusive task is inside. */
  writer: boolean
  /** A loop is letting tasks in: those that end at once do not start a second one beneath it. */
  advancing: boolean
  waiting: Job[]
}

interface Job {
  readonly names: readonly Name[]
  readonly exclusive: boolean
  /** Lines in which it still waits. */
  blocked?: number
  readonly start: () => void
  readonly cancel: (reason: unknown) => void
  /** Stop listening for its abort: it is no longer waiting. */
  detach?: () => void
  fold?: { readonly item: unknown; readonly key: unknown }
  settle?: (outcome: Outcome<unknown>) => void
}

/** The cap keeps one folded write, and what a crash can lose of it, small. */
const MAX_FOLD = 1000

function takeFolding(line: Line, first: Job): Job[] {
  let count = 0
  while (
    count < MAX_FOLD - 1 &&
    line.waiting[count]?.fold !== undefined &&
    line.waiting[count]!.fold!.key === first.fold!.key
  ) {
    count++
  }
  const taken = line.waiting.splice(0, count)
  for (const job of taken) job.detach?.()
  return taken
}

function only<T>(outcomes: readonly Outcome<T>[]): T {
  const [outcome] = outcomes as [Outcome<T>]
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

function busy(name: Name): BusyError {
  return new BusyError(
    `Asynchronous work on this key (${name}) is under way: await it before a call with { sync: true }.`,
  )
}
