import type { PendingWrites } from '../../base/backend.ts'
import type { Name } from '../../base/entry.ts'
import { rescue } from '../../base/promise-or-value.ts'

/** A write that waits to be sent. */
export interface Row {
  readonly name: Name
  bytes: number
  attempts: number
  /** By `performance.now()`: not before. */
  retryAt: number
  /** A batch with it has failed. */
  goesAlone: boolean
  /** How often it was written here, and how many of these writes the back has by now. */
  written: number
  landed: number
}

/** The books of what waits: its rows, in the order in which they are sent, and who is told how many they are. */
export class Rows {
  readonly #rows = new Map<Name, Row>()
  readonly #onError: (error: unknown) => void
  #bytes = 0
  #lastError: unknown
  /** Who is told of what waits, and that they will be. */
  readonly #listeners = new Set<{ readonly tell: (pending: PendingWrites) => void }>()
  #isTelling = false

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError
  }

  get size(): number {
    return this.#rows.size
  }

  get pending(): PendingWrites {
    return { entries: this.#rows.size, bytes: this.#bytes, lastError: this.#lastError }
  }

  /** Tell of what waits whenever that changes, until the answer is called. */
  watch(listener: (pending: PendingWrites) => void): () => void {
    const own = { tell: listener }
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  get(row: Name): Row | undefined {
    return this.#rows.get(row)
  }

  has(row: Name): boolean {
    return this.#rows.has(row)
  }

  keys(): IterableIterator<Name> {
    return this.#rows.keys()
  }

  values(): IterableIterator<Row> {
    return this.#rows.values()
  }

  [Symbol.iterator](): IterableIterator<[Name, Row]> {
    return this.#rows.entries()
  }

  /** It was written here, or by somebody else. */
  written(row: Name, name: Name, bytes: number): void {
    const known = this.#rows.get(row) ?? {
      name,
      bytes: 0,
      attempts: 0,
      retryAt: 0,
      goesAlone: false,
      written: 0,
      landed: 0,
    }
    this.#bytes += bytes - known.bytes
    known.bytes = bytes
    known.written++
    this.#rows.set(row, known)
    this.#tell()
  }

  /** It is in the front, however it came there. */
  find(row: Name, name: Name): void {
    if (!this.#rows.has(row)) this.written(row, name, UNKNOWN_BYTES)
  }

  forget(row: Name): void {
    this.#bytes -= this.#rows.get(row)?.bytes ?? 0
    this.#rows.delete(row)
    this.#tell()
  }

  /** Why the last attempt failed; `undefined` after one that did not. */
  set lastError(error: unknown) {
    this.#lastError = error
    this.#tell()
  }

  get lastError(): unknown {
    return this.#lastError
  }

  /** What goes first of these rows, and goes together. No more of them are looked at than that takes: there may be many. */
  group(
    rows: Iterable<readonly [Name, Row]>,
    goAlone: boolean,
    isDue: (row: Row) => boolean,
  ): { row: Name; name: Name }[] {
    const group: { row: Name; name: Name }[] = []
    for (const [row, own] of rows) {
      if (!isDue(own)) continue
      const goesAlone = own.goesAlone || goAlone
      if (goesAlone && group.length > 0) continue
      group.push({ row, name: own.name })
      if (goesAlone || group.length === SENT_TOGETHER) break
    }
    return group
  }

  /** Once for all that changes in a turn. */
  #tell(): void {
    if (this.#listeners.size === 0 || this.#isTelling) return
    this.#isTelling = true
    queueMicrotask(() => {
      this.#isTelling = false
      for (const { tell } of this.#listeners) void rescue(() => tell(this.pending), this.#onError)
    })
  }
}

/** What is sent in one batch. */
const SENT_TOGETHER = 100
/** What a row is taken for whose write was not seen here. */
const UNKNOWN_BYTES = 256
