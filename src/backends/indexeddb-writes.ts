import type { Name } from '../base/entry.ts'
import type { Channel } from './indexeddb-channel.ts'
import { ConnectionLost, commit } from './indexeddb-commit.ts'
import type { Connection } from './indexeddb-connection.ts'
import { isRetriable } from './indexeddb-errors.ts'
import { Job, type Work, nameOf } from './indexeddb-job.ts'
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
      this.#queue.push(job)
      if (!this.#running) void this.#run()
      return () => {
        const at = this.#queue.indexOf(job)
        if (at >= 0) this.#queue.splice(at, 1)
        return at >= 0
      }
    })
  }

  async #run(): Promise<void> {
    this.#running = true
    for (;;) {
      await this.#quiet()
      if (this.#queue.length === 0) break
      await this.#commit(this.#take())
    }
    this.#running = false
  }

  /** Until all who write in this turn, or whom the last transaction has answered, have done so. */
  async #quiet(): Promise<void> {
    let known = 0
    for (let turns = 0; turns < QUIET_TURNS; turns++) {
      await undefined
      if (this.#queue.length > known) turns = 0
      known = this.#queue.length
    }
  }

  /**
   * The first, and those behind it that go into the same transaction without making it long. What reads is planned in
   * the transaction, after what does not: those on one name are for several transactions.
   */
  #take(): Job[] {
    if (this.#queue.length === 1) return this.#queue.splice(0)
    let ops = 0
    let bytes = 0
    const isPlain = this.#queue.every(({ work }) => work.names.length === 0)
    const touched = new Set<Name>()
    const planned = new Set<Name>()
    const rest = this.#queue.findIndex(({ work }, i) => {
      ops += work.ops
      bytes += work.bytes
      if (i > 0 && (ops > MOST_OPS || bytes > MOST_BYTES)) return true
      if (isPlain) return false
      const touches = [...work.names, ...(work.fixed ?? []).map(nameOf)]
      if (touches.some((name) => planned.has(name)) || work.names.some((name) => touched.has(name))) return true
      for (const name of touches) touched.add(name)
      if (work.names.length > 0) for (const name of touches) planned.add(name)
      return false
    })
    return this.#queue.splice(0, rest < 0 ? this.#queue.length : rest)
  }

  async #commit(jobs: readonly Job[]): Promise<void> {
    let transaction: IDBTransaction
    const marks = this.#channel.marks()
    try {
      const stores = marks.numbered || jobs.some(({ work }) => work.flushes) ? [STORE, NUMBERS] : STORE
      const durability = jobs.some(({ work }) => work.durability === 'strict') ? 'strict' : 'relaxed'
      const begin = (): IDBTransaction | undefined => this.#connection.begin(stores, 'readwrite', { durability })
      transaction = begin() ?? (await this.#reopen(begin))
    } catch (error) {
      this.#fail(jobs, error)
      return
    }
    this.#begun()
    try {
      const sequence = await commit(transaction, jobs, this.#recent, marks, this.#connection)
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
/** A shared transaction has no more: other tabs wait for it. */
const MOST_OPS = 1000
const MOST_BYTES = 4 * 1024 * 1024
