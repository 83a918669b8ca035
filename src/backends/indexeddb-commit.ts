import type { BlobOp } from '../base/backend.ts'
import type { Connection } from './indexeddb-connection.ts'
import { type Job, nameOf } from './indexeddb-job.ts'
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
 * Do all jobs in one transaction, and commit it. The large ones are fed in slices, so that no task of the page is long.
 * Resolves with the number of the transaction once it is complete; rejects with why it was aborted.
 */
export function commit(
  transaction: IDBTransaction,
  jobs: readonly Job[],
  recent: Pick<Recent, 'get'>,
  { numbered, removeTo }: Marks,
  { onClose }: Pick<Connection, 'onClose'>,
): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const lose = (database: IDBDatabase): void => {
      if (database === transaction.db) end(new ConnectionLost())
    }
    const end = (error: Error | null): void => {
      onClose.delete(lose)
      if (error === null) resolve(mark?.result as number | undefined)
      else reject(error)
    }
    const store = transaction.objectStore(STORE)
    const ops: BlobOp[] = []
    let next = 0
    let reading = 0
    let started = false
    let waiting = false
    let thrown: { readonly error: unknown } | undefined
    let mark: IDBRequest<IDBValidKey> | undefined
    let failed: DOMException | null = null

    const plan = (job: Job, stored: readonly unknown[], guessed?: BlobOp): void => {
      let planned: readonly BlobOp[] = []
      try {
        planned = job.plan(stored.map(toBlob))
      } catch (error) {
        job.fail(error)
      }
      if (guessed && planned[0] === guessed) return
      // The guess is overwritten, or taken back.
      if (guessed && !planned.some((op) => nameOf(op) === nameOf(guessed))) {
        if (stored[0] === undefined) store.delete(nameOf(guessed))
        else store.put(stored[0], nameOf(guessed))
      }
      for (const op of planned) ops.push(op)
    }

    const issue = (op: BlobOp): IDBRequest =>
      'put' in op ? store.put(toStored(op), op.put[0]) : store.delete(op.delete)

    /** Write what comes of what is probably there, while that is being read. Answers the op. */
    const guess = (job: Job): BlobOp | undefined => {
      const { names } = job.work
      const blob = names.length === 1 ? toBlob(recent.get(names[0]!)) : undefined
      const planned = blob && job.guess(blob)
      if (planned?.length !== 1 || nameOf(planned[0]!) !== names[0]) return undefined
      try {
        issue(planned[0]!)
      } catch {
        // It is planned again, and then aborts the transaction.
        return undefined
      }
      return planned[0]
    }

    /** Issue the next slice of ops; the one after it when this one is being worked on. */
    const feed = (): void => {
      if (waiting || thrown || !started) return
      let first: IDBRequest | undefined
      let bytes = 0
      const most = next === 0 ? FIRST_SLICE_OPS : SLICE_OPS
      for (let count = 0; next < ops.length && count < most && bytes < SLICE_BYTES; count++) {
        const op = ops[next++]!
        try {
          const request = issue(op)
          first ??= request
        } catch (error) {
          thrown = { error }
          return transaction.abort()
        }
        if ('put' in op) bytes += op.put[1].length
      }
      if (next < ops.length) {
        waiting = true
        first!.onsuccess = () => {
          waiting = false
          feed()
        }
      } else if (reading === 0) {
        if (numbered && jobs.some((job) => job.notices().length > 0)) {
          const numbers = transaction.objectStore(NUMBERS)
          mark = numbers.put(0)
          if (removeTo !== undefined) numbers.delete(IDBKeyRange.upperBound(removeTo))
        }
        // A transaction that changes nothing is not synced.
        if (jobs.some(({ work }) => work.flushes)) transaction.objectStore(NUMBERS).put(0, NO_NUMBER)
        transaction.commit()
      }
    }

    for (const job of jobs) {
      const { names } = job.work
      if (names.length === 0) {
        plan(job, [])
        continue
      }
      reading++
      const read = (stored: readonly unknown[]): void => {
        reading--
        plan(job, stored, guessed)
        feed()
      }
      // Its failure is the transaction's.
      getAll(store, names, read)
      const guessed = guess(job)
    }
    // The engine reads meanwhile.
    onClose.add(lose)
    // WebKit completes a transaction after `commit` even if one of its requests fails then.
    transaction.onerror = ({ target }) => (failed ??= (target as IDBRequest).error)
    transaction.oncomplete = () => end(failed)
    transaction.onabort = () => end((thrown?.error as Error | undefined) ?? transaction.error ?? failed ?? aborted())

    started = true
    feed()
  })
}

/** A key beside the numbers, which are above 0. */
const NO_NUMBER = -1

/** How many ops, and bytes, are given to the engine in one task. The first is the caller's, which has encoded them all. */
const FIRST_SLICE_OPS = 50
const SLICE_OPS = 250
const SLICE_BYTES = 1024 * 1024

function aborted(): DOMException {
  return new DOMException('The transaction was aborted.', 'AbortError')
}
