import type { Channel } from './indexeddb-channel.ts'
import { Commit, ConnectionLost } from './indexeddb-commit.ts'
import type { Connection } from './indexeddb-connection.ts'
import { isRetriable } from './indexeddb-errors.ts'
import { Group } from './indexeddb-group.ts'
import { Job, type Work } from './indexeddb-job.ts'
import { Recent } from './indexeddb-recent.ts'
import { NUMBERS, STORE, untilAborted } from './indexeddb-requests.ts'

/**
 * Group commit: what is written in one turn, or while a transaction is running, shares the next one, and is done when
 * that is complete. Where a shared transaction fails, each of its jobs is done again alone, so that only the guilty fail.
 */
export class Writes {
  readonly #connection: Connection
  readonly #channel: Channel
  /** Called when a transaction was begun. */
  readonly #begun: () => void
  readonly #queue: Job[] = []
  readonly #recent = new Recent()
  /** The transaction that still takes jobs of this turn. */
  #open: { readonly group: Group; readonly commit: Commit } | undefined
  #running = false

  constructor(connection: Connection, channel: Channel, begun: () => void) {
    this.#connection = connection
    this.#channel = channel
    this.#begun = begun
  }

  /** Resolves with `result`; rejects with what the plan threw, or with what IndexedDB said. */
  add<T>(work: Work, signal: AbortSignal | undefined, result: T): Promise<T> {
    return untilAborted(signal, (resolve, reject) => {
      const job = new Job(work, () => resolve(result), reject)
      // What may be withdrawn waits until the turn is over.
      if (!signal && this.#queue.length === 0 && this.#open?.group.take(job)) {
        this.#open.commit.add(job)
        return () => false
      }
      this.#queue.push(job)
      if (!this.#running) void this.#run(signal !== undefined)
      return () => {
        const at = this.#queue.indexOf(job)
        if (at >= 0) this.#queue.splice(at, 1)
        return at >= 0
      }
    })
  }

  async #run(waits: boolean): Promise<void> {
    this.#running = true
    if (waits) await this.#quiet()
    while (this.#queue.length > 0) {
      const group = new Group(this.#queue)
      await this.#commit(group.takeFrom(this.#queue), group, true)
    }
    this.#running = false
  }

  /** Until all who write in this turn, or whom the last transaction has answered, have done so. */
  async #quiet(): Promise<void> {
    let known = 0
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      await undefined
      const now = this.#queue.length + (this.#open?.commit.jobs.length ?? 0)
      if (now > known) turns = 0
      known = now
    }
  }

  /** One transaction for these jobs, and, if it is shared, for what else of this turn goes into it. */
  async #commit(first: readonly Job[], group: Group = new Group(first), isShared = false): Promise<void> {
    const marks = this.#channel.marks()
    let transaction: IDBTransaction
    try {
      const { durability, flushes } = group
      const stores = marks.numbered || flushes ? [STORE, NUMBERS] : STORE
      const begin = (): IDBTransaction | undefined => this.#connection.begin(stores, 'readwrite', { durability })
      transaction = begin() ?? (await this.#reopen(begin))
    } catch (error) {
      this.#fail(first, error)
      return
    }
    this.#begun()
    const commit = new Commit(transaction, this.#recent, marks, this.#connection)
    for (const job of first) commit.add(job)
    if (isShared) {
      this.#open = { group, commit }
      await this.#quiet()
      this.#open = undefined
      for (const job of group.takeFrom(this.#queue)) commit.add(job)
    }
    const { jobs } = commit
    try {
      const sequence = await commit.finish()
      this.#channel.tell(() => jobs.flatMap((job) => job.notices()), sequence, marks)
      for (const job of jobs) {
        this.#recent.note(job.done(), job.work.names.length > 0)
        job.settle()
      }
    } catch (error) {
      const innocent = jobs.filter((job) => !job.settleFailure())
      if (error instanceof ConnectionLost) await this.#commit(innocent)
      else if (innocent.length > 1) for (const job of innocent) await this.#commit([job])
      else if (innocent[0]?.mayRetry() && isRetriable(error)) await this.#commit(innocent)
      else this.#fail(innocent, error)
    }
  }

  /** On a new connection, if the old one is gone. */
  async #reopen(begin: () => IDBTransaction | undefined): Promise<IDBTransaction> {
    await this.#connection.reopen()
    const transaction = begin()
    if (transaction) return transaction
    throw new DOMException('The database is closed again and again.', 'InvalidStateError')
  }

  #fail(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) void this.#connection.report(error).then(job.reject)
  }
}

/** Microtasks without a new job after which a group is complete. */
const QUIET_TURNS = 8
