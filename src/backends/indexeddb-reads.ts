import type { Blob } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import type { Connection } from './indexeddb-connection.ts'
import { isInactive, isRetriable } from './indexeddb-errors.ts'
import { BULK, getAll } from './indexeddb-ranges.ts'
import { toBlob } from './indexeddb-record.ts'
import { STORE, untilAborted } from './indexeddb-requests.ts'

/**
 * Something to be read of the object store. It makes its first request at once, before any promise: there an inactive
 * transaction throws, and the task is started again in another one.
 */
export type ReadTask<T> = (store: IDBObjectStore) => Promise<T>

/**
 * Reads share transactions. Those of one turn are issued together; what is read in answer to a read is issued in the
 * same transaction, which is still active then. One that has been lengthened so for long, or that stands in front of a
 * write of ours, gets no more of them: writers of other tabs, and ours, must not starve.
 */
export class Reads {
  readonly #connection: Connection
  #queue: Job[] = []
  #scheduled = false
  #live: Live | undefined
  /** What waits for its answer. */
  readonly #issued = new Set<Issued>()

  constructor(connection: Connection) {
    this.#connection = connection
    connection.onClose.add((database) => this.#lose(database))
  }

  get(name: Name, signal: AbortSignal | undefined): Promise<Blob | undefined> {
    const start: Job['start'] = (store, resolve, reject) => {
      const request: IDBRequest<unknown> = store.get(name)
      request.onsuccess = () => resolve(toBlob(request.result))
      request.onerror = () => reject(request.error)
    }
    return this.#add(start, signal, name)
  }

  getMany(names: readonly Name[], signal: AbortSignal | undefined): Promise<(Blob | undefined)[]> {
    return this.#add((store, resolve, reject) => getBlobs(store, names, resolve, reject), signal)
  }

  run<T>(task: ReadTask<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#add((store, resolve, reject) => void task(store).then(resolve, reject), signal)
  }

  /** Put what comes from now on into another transaction: behind a write that was begun. */
  retire(): void {
    this.#live = undefined
    this.#drain()
  }

  #add<T>(start: Job['start'], signal: AbortSignal | undefined, name?: Name): Promise<T> {
    return untilAborted(signal, (resolve, reject) => {
      this.#queue.push({ start, name, signal, tries: 0, resolve, reject })
      this.#schedule()
      return () => true
    })
  }

  /** Once the turn's other reads are here. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      this.#drain()
    })
  }

  #drain(): void {
    if (this.#queue.some(({ signal }) => signal?.aborted)) {
      this.#queue = this.#queue.filter(({ signal }) => !signal?.aborted)
    }
    if (this.#queue.length === 0) return
    try {
      const live = this.#live
      if (live === undefined || live.issued >= MOST_ISSUED || Date.now() - live.began > LONGEST_MS) this.#begin()
      else if (live.running <= this.#queue.length) this.#issue(live)
    } catch (error) {
      if (!isInactive(error)) this.#failAll(error)
      // With an answer to come it will be active once more, and soon.
      else if (this.#live?.running === 0) this.retire()
    }
  }

  #begin(): void {
    const transaction = this.#connection.begin(STORE, 'readonly')
    if (transaction === undefined) return this.#reopen()
    const live: Live = { store: transaction.objectStore(STORE), began: Date.now(), issued: 0, running: 0 }
    this.#live = live
    transaction.oncomplete = transaction.onabort = () => {
      if (this.#live === live) this.retire()
    }
    this.#issue(live)
  }

  #issue(live: Live): void {
    const jobs = merged(this.#queue)
    this.#queue = jobs
    for (const job of jobs) {
      const issued = { job, live }
      this.#issued.add(issued)
      live.running++
      const answer = (value: unknown): void => {
        if (!this.#end(issued)) return
        job.resolve(value)
        // Now the transaction is active.
        if (this.#live === live) this.#drain()
      }
      try {
        job.start(live.store, answer, (error) => this.#end(issued) && this.#retry(job, error))
      } catch (error) {
        this.#end(issued)
        throw error
      }
      this.#queue = []
      live.issued++
    }
  }

  /** Whether it was still waited for. */
  #end(issued: Issued): boolean {
    if (!this.#issued.delete(issued)) return false
    issued.live.running--
    return true
  }

  #retry(job: Job, error: unknown): void {
    if (job.tries++ >= MOST_TRIES || !isRetriable(error)) return this.#fail([job], error)
    this.#queue.push(job)
    this.#schedule()
  }

  #lose(database: IDBDatabase): void {
    if (this.#live?.store.transaction.db === database) this.#live = undefined
    for (const issued of this.#issued) {
      if (issued.live.store.transaction.db === database && this.#end(issued)) this.#queue.push(issued.job)
    }
    this.#schedule()
  }

  #reopen(): void {
    const [first] = this.#queue
    if (first!.tries++ > MOST_TRIES) throw new DOMException('It is closed again and again.', 'InvalidStateError')
    this.#connection.reopen().then(
      () => this.#drain(),
      (error) => this.#failAll(error),
    )
  }

  #failAll(error: unknown): void {
    this.#fail(this.#queue.splice(0), error)
  }

  #fail(jobs: readonly Job[], error: unknown): void {
    for (const job of jobs) void this.#connection.report(error).then(job.reject)
  }
}

/** A transaction is not lengthened beyond these: reads issued in it, and milliseconds since it was begun. */
const MOST_ISSUED = 1000
const LONGEST_MS = 25

const MOST_TRIES = 1

interface Live {
  readonly store: IDBObjectStore
  readonly began: number
  issued: number
  /** Jobs that are issued and not answered. */
  running: number
}

interface Issued {
  readonly job: Job
  readonly live: Live
}

interface Job {
  /** Throws only what its first request throws. */
  start(store: IDBObjectStore, resolve: (value: unknown) => void, reject: (error: unknown) => void): void
  /** Of a job that gets this and nothing else. */
  readonly name?: Name | undefined
  readonly signal: AbortSignal | undefined
  tries: number
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** Many gets as one, which can read them by ranges. */
function merged(jobs: Job[]): Job[] {
  if (jobs.length < BULK) return jobs
  const gets = jobs.filter((job) => job.name !== undefined)
  if (gets.length < BULK) return jobs
  const names = gets.map((job) => job.name!)
  const one: Job = {
    start: (store, resolve, reject) => getBlobs(store, names, resolve, reject),
    signal: undefined,
    tries: 0,
    resolve: (blobs) => gets.forEach((job, i) => job.resolve((blobs as unknown[])[i])),
    reject: (error) => gets.forEach((job) => job.reject(error)),
  }
  return [one, ...jobs.filter((job) => job.name === undefined)]
}

function getBlobs(
  store: IDBObjectStore,
  names: readonly Name[],
  resolve: (blobs: (Blob | undefined)[]) => void,
  reject: (error: unknown) => void,
): void {
  getAll(store, names, (stored) => resolve(stored.map(toBlob)), reject)
}
