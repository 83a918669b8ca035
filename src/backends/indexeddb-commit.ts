import type { BlobOp } from '../base/backend.ts'
import type { Connection } from './indexeddb-connection.ts'
import { nameOf } from '../engine/condition.ts'
import type { Job } from './indexeddb-job.ts'
import { getAll } from './indexeddb-ranges.ts'
import type { Recent } from './indexeddb-recent.ts'
import { toBlob, toStored } from './indexeddb-record.ts'
import { NUMBERS, STORE } from './indexeddb-requests.ts'

/** What a transaction does for those who watch. */
export interface Marks {
  /** Number it, by a key from the generator of `NUMBERS`. */
  readonly numbered: boolean
  /** Remove the marks of transactions up to this number. */
  readonly removeTo: number | undefined
}

/** The browser has closed the database before it answered. */
export class ConnectionLost extends Error {}

/**
 * One transaction for several jobs. What is added is issued at once, so that the engine works on it while the next one is
 * being encoded; large ones are fed in slices, so that no task of the page is long.
 */
export class Commit {
  readonly jobs: Job[] = []
  readonly #transaction: IDBTransaction
  readonly #store: IDBObjectStore
  readonly #recent: Pick<Recent, 'get'>
  readonly #marks: Marks
  readonly #ops: BlobOp[] = []
  /** How many of them are issued. */
  #next = 0
  #reading = 0
  /** What is issued in this task. */
  #first: IDBRequest | undefined
  #most = FIRST_SLICE_OPS
  #count = 0
  #bytes = 0
  /** The rest is for a later one. */
  #waiting = false
  #finished = false
  #thrown: { readonly error: unknown } | undefined
  #mark: IDBRequest<IDBValidKey> | undefined
  #failed: DOMException | null = null
  readonly #ended: Promise<number | undefined>

  constructor(
    transaction: IDBTransaction,
    recent: Pick<Recent, 'get'>,
    marks: Marks,
    { onClose }: Pick<Connection, 'onClose'>,
  ) {
    this.#transaction = transaction
    this.#store = transaction.objectStore(STORE)
    this.#recent = recent
    this.#marks = marks
    this.#ended = new Promise((resolve, reject) => {
      const lose = (database: IDBDatabase): void => {
        if (database === transaction.db) end(new ConnectionLost())
      }
      const end = (error: Error | null): void => {
        onClose.delete(lose)
        if (error === null) resolve(this.#mark?.result as number | undefined)
        else reject(error)
      }
      onClose.add(lose)
      // WebKit completes a transaction after `commit` even if one of its requests fails then.
      transaction.onerror = ({ target }) => (this.#failed ??= (target as IDBRequest).error)
      transaction.oncomplete = () => end(this.#failed)
      transaction.onabort = () =>
        end((this.#thrown?.error as Error | undefined) ?? transaction.error ?? this.#failed ?? aborted())
    })
  }

  add(job: Job): void {
    this.jobs.push(job)
    const { names, ops } = job.work
    if (ops > MANY_OPS) this.#most = 1
    if (names.length === 0) {
      this.#plan(job, [])
      this.#feed()
      return
    }
    if (this.#thrown) return
    this.#reading++
    const read = (stored: readonly unknown[]): void => {
      this.#reading--
      this.#plan(job, stored, guessed)
      this.#inNewTask()
    }
    // Its failure is the transaction's.
    getAll(this.#store, names, read)
    const guessed = this.#guess(job)
  }

  /** There are no more. Resolves with the number of the transaction once it is complete; rejects with why it was aborted. */
  finish(): Promise<number | undefined> {
    this.#finished = true
    this.#feed()
    return this.#ended
  }

  #plan(job: Job, stored: readonly unknown[], guessed?: BlobOp): void {
    let planned: readonly BlobOp[] = []
    try {
      planned = job.plan(stored.map(toBlob))
    } catch (error) {
      job.fail(error)
    }
    if (guessed && planned[0] === guessed) return
    // The guess is overwritten, or taken back.
    if (guessed && !planned.some((op) => nameOf(op) === nameOf(guessed))) {
      if (stored[0] === undefined) this.#store.delete(nameOf(guessed))
      else this.#store.put(stored[0], nameOf(guessed))
    }
    for (const op of planned) this.#ops.push(op)
  }

  /** Write what comes of what is probably there, while that is being read. Answers the op. */
  #guess(job: Job): BlobOp | undefined {
    const { names } = job.work
    const blob = names.length === 1 ? toBlob(this.#recent.get(names[0]!)) : undefined
    const planned = blob && job.guess(blob)
    if (planned?.length !== 1 || nameOf(planned[0]!) !== names[0]) return undefined
    try {
      this.#issue(planned[0]!)
    } catch {
      // It is planned again, and then aborts the transaction.
      return undefined
    }
    return planned[0]
  }

  #issue(op: BlobOp): IDBRequest {
    return 'put' in op ? this.#store.put(toStored(op), op.put[0]) : this.#store.delete(op.delete)
  }

  /** Issue what fits into this task; the rest when the engine is working on that. */
  #feed(): void {
    if (this.#waiting || this.#thrown) return
    while (this.#next < this.#ops.length) {
      if (this.#count === this.#most || this.#bytes >= SLICE_BYTES) {
        this.#waiting = true
        this.#first!.onsuccess = () => {
          this.#waiting = false
          this.#inNewTask()
        }
        return
      }
      const op = this.#ops[this.#next++]!
      try {
        const request = this.#issue(op)
        this.#first ??= request
      } catch (error) {
        this.#thrown = { error }
        return this.#transaction.abort()
      }
      this.#count++
      if ('put' in op) this.#bytes += op.put[1].length
    }
    if (this.#finished && this.#reading === 0) this.#end()
  }

  #inNewTask(): void {
    if (!this.#waiting) {
      this.#first = undefined
      this.#most = SLICE_OPS
      this.#count = 0
      this.#bytes = 0
    }
    this.#feed()
  }

  #end(): void {
    const { numbered, removeTo } = this.#marks
    if (numbered && this.jobs.some((job) => job.notices().length > 0)) {
      const numbers = this.#transaction.objectStore(NUMBERS)
      this.#mark = numbers.put(0)
      if (removeTo !== undefined) numbers.delete(IDBKeyRange.upperBound(removeTo))
    }
    // A transaction that changes nothing is not synced.
    if (this.jobs.some(({ work }) => work.flushes)) this.#transaction.objectStore(NUMBERS).put(0, NO_NUMBER)
    this.#transaction.commit()
  }
}

/** A key beside the numbers, which are above 0. */
const NO_NUMBER = -1

/** How many ops, and bytes, are given to the engine in one task. The first is the caller's, which has encoded them all. */
const FIRST_SLICE_OPS = 50
/** To encode more than so many has been work enough for a task: one is issued, which keeps the transaction. */
const MANY_OPS = 2000
const SLICE_OPS = 250
const SLICE_BYTES = 1024 * 1024

function aborted(): DOMException {
  return new DOMException('The transaction was aborted.', 'AbortError')
}
