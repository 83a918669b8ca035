import type { Backend, Call, DeadWrite, EntryOp, Notice, PendingWrites } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import { BusyError, StorageUnavailableError } from '../../base/errors.ts'
import { jitter } from '../../base/jitter.ts'
import { type PromiseOrValue, chain, repeat, rescue } from '../../base/promise-or-value.ts'
import { inTime } from '../../base/timers.ts'
import { scanEntries } from '../scan.ts'
import { Delivery, type DeliveryOptions } from './delivery.ts'
import type { Front } from './front.ts'
import { DEAD, type Mark, WAITING, markOf, nameOfRow, newRow, rowEntry, withMark } from './mark.ts'
import { type Row, Rows } from './rows.ts'
import { Settlements } from './settlements.ts'
import { sizeOf } from './size.ts'
import { type News, Tabs } from './tabs.ts'

export interface OutboxOptions extends DeliveryOptions {
  /** What tells a front that other tabs have as well from all others. */
  readonly place?: string | undefined
  /** Another tab says that readers see something else. */
  readonly onNotices: (notices: readonly Notice[]) => void
  /** How many writes may wait, and how many bytes of them: more writes wait until there is room. Default 10,000, 64 MiB. */
  readonly maxEntries?: number | undefined
  readonly maxBytes?: number | undefined
  /** Milliseconds before the next try, after so many. */
  readonly wait?: ((tries: number) => number) | undefined
}

/**
 * The writes of a tier on their way to its back, in the order in which their keys were first written; of one key only the
 * last. Each has a row in the front, which goes when the back has it.
 */
export class Outbox {
  readonly #front: Front
  readonly #back: Backend
  readonly #options: OutboxOptions
  readonly #delivery: Delivery
  readonly #tabs: Tabs
  /** It is this tab that sends. */
  #leads: boolean
  /** In the order in which they are sent. */
  readonly #rows: Rows
  /** Writes for which there is room, and that are not there yet. */
  #kept = 0
  #running: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #stopped = false
  readonly #ended = new AbortController()
  /** Ends what is being sent. */
  #sending = new AbortController()
  /** How often it was said that there may be more rows, and how often that was looked into. */
  #doubts = 0
  #lookedInto = 0
  readonly #settlements = new Settlements(() => this.unsent())

  constructor(front: Front, back: Backend, options: OutboxOptions) {
    this.#front = front
    this.#back = back
    this.#options = options
    this.#leads = options.place === undefined
    this.#rows = new Rows(options.onError)
    this.#tabs = new Tabs(options.place, {
      hear: (news) => this.#hear(news),
      lead: (leads) => this.#lead(leads),
      rejoined: () => {
        this.#options.onNotices([{ type: 'resync' }])
        this.#hear({ isUnsure: true })
      },
      onError: options.onError,
    })
    this.#delivery = new Delivery(front, back, options, {
      drop: (row) => {
        this.#rows.lastError = undefined
        this.#drop(row)
      },
      postpone: (row, error) => this.#postpone(row, error),
      begin: (row) => {
        const known = this.#rows.get(row)
        const { written = 0 } = known ?? {}
        return () => {
          if (known) known.landed = Math.max(known.landed, written)
          this.#settlements.settled()
        }
      },
      separate: (rows, error) => {
        this.#failed(error)
        for (const row of rows) this.#rows.get(row)!.goesAlone = true
      },
    })
  }

  /** Whether a notice of the back's may be of a write that is being sent. */
  heard(notice: Notice): boolean {
    return this.#delivery.heard(notice)
  }

  /** It is this tab that sends what waits. */
  get leads(): boolean {
    return this.#leads
  }

  /** Writes that wait, and their bytes, about. */
  get pending(): PendingWrites {
    return this.#rows.pending
  }

  /** Tell of what waits whenever that changes, until the answer is called. */
  watch(listener: (pending: PendingWrites) => void): () => void {
    return this.#rows.watch(listener)
  }

  /** Begin to send; in a front that outlives the process, first what is left of an earlier one. */
  open(call: Call): PromiseOrValue<void> {
    const { persistent } = this.#front.backend.capabilities
    const { signal } = this.#ended
    const hurry = (): void => this.#retryNow()
    globalThis.addEventListener?.('online', hurry, { signal })
    globalThis.addEventListener?.('pagehide', hurry, { signal })
    this.#tabs.open()
    return chain(persistent ? this.#look(call) : undefined, () => this.#wake())
  }

  #lead(leads: boolean): Promise<void> | undefined {
    this.#leads = leads
    clearTimeout(this.#timer)
    if (!leads) {
      this.#sending.abort(this.unsent())
      return this.#running
    }
    this.#sending = new AbortController()
    // Another one may have sent some of it, and have left more.
    if (this.#options.place !== undefined) this.#doubts++
    this.#wake()
    return undefined
  }

  #hear({ added = [], dropped = [], isUnsure, hurries, failure, notices }: News): void {
    for (const [row, name, bytes] of added) this.#rows.written(row, name, bytes)
    for (const [row, name] of dropped) {
      this.#options.onLanded(name)
      this.#rows.forget(row)
    }
    if (failure) this.#rows.lastError = Object.assign(new Error(failure.message), { code: failure.code })
    if (dropped.length > 0) {
      this.#rows.lastError = undefined
      this.#settlements.settled()
    }
    if (notices) this.#options.onNotices(notices)
    if (!this.#leads) {
      if (isUnsure) void rescue(() => this.#look({ sync: false }), this.#options.onError)
      return
    }
    if (isUnsure) this.#doubts++
    if (hurries) this.#retryNow()
    else this.#wake()
  }

  /** What was written here shows to others as well. */
  tell(notices: readonly Notice[]): void {
    this.#tabs.tell({ notices })
  }

  /** Bring the rows that are known up to date with those in the front. */
  #look(call: Call): PromiseOrValue<void> {
    const doubts = this.#doubts
    const gone = new Set(this.#rows.keys())
    const look = this.#rowsOf(WAITING, call, (row, entry) => {
      gone.delete(row)
      this.#rows.find(row, nameOfRow(entry))
    })
    return chain(look, () => {
      this.#lookedInto = doubts
      // Who sends them finds out by itself.
      if (!this.#leads) for (const row of gone) this.#rows.forget(row)
    })
  }

  /** Each row of the front whose name starts so. */
  #rowsOf(prefix: Name, call: Call, use: (row: Name, entry: Entry) => void): PromiseOrValue<void> {
    let after: Name | undefined
    return repeat(() =>
      chain(scanEntries(this.#front.backend, { prefix, after }, call), ({ entries, next }) => {
        for (const [row, entry] of entries) use(row, entry)
        after = next
        return next !== undefined
      }),
    )
  }

  /** Where conflicts are told, each has its own. */
  get #goAlone(): boolean {
    return this.#options.onConflict !== 'overwrite'
  }

  get #isUnsure(): boolean {
    return this.#lookedInto < this.#doubts
  }

  /** There may be rows in the front that are not known here. */
  refresh(): void {
    this.#doubts++
    this.#tabs.tell({ isUnsure: true })
    this.#wake()
  }

  /** There is a row in the front. */
  added(row: Name, name: Name, entry: Entry): void {
    const bytes = sizeOf(entry)
    this.#rows.written(row, name, bytes)
    this.#tabs.tell({ added: [[row, name, bytes]] })
    this.#wake()
  }

  /** Wait until there is room for more, and keep it until the answer is called. `BUSY` in a synchronous call. */
  room(call: Call): PromiseOrValue<() => void> {
    if (!this.#isFull()) {
      this.#kept++
      return () => {
        this.#kept--
        this.#settlements.look()
      }
    }
    if (call.sync) throw this.#busy()
    // Others have waited as well, and may be quicker.
    return chain(
      this.#settlements.until(() => !this.#isFull(), call, PATIENTLY),
      () => this.room(call),
    )
  }

  #isFull(): boolean {
    const { maxEntries = MOST_WAITING, maxBytes = MOST_BYTES } = this.#options
    return this.#rows.size + this.#kept >= maxEntries || this.#rows.pending.bytes >= maxBytes
  }

  /** Wait until the back has what waits under `name`. `BUSY` in a synchronous call. */
  drained(name: Name, mark: Mark | undefined, call: Call): PromiseOrValue<void> {
    const row = mark?.row
    if (mark?.state !== 'behind' || !row?.startsWith(WAITING)) return
    // The front has it, also if the answer to its write was lost.
    if (!this.#rows.has(row)) this.#tabs.tell({ isUnsure: true })
    this.#rows.find(row, name)
    if (call.sync) return this.#flushSync([row])
    this.#retryNow()
    return this.#settlements.until(() => !this.#rows.has(row), call, PATIENTLY)
  }

  /** Resolves when the back has all that waits now. */
  flush(call: Call): PromiseOrValue<void> {
    return chain(this.#isUnsure || !this.#leads ? this.#look(call) : undefined, () => {
      if (this.#rows.size === 0) return
      if (call.sync) return this.#flushSync([...this.#rows.keys()])
      this.#retryNow()
      // What is written over and over is there as soon as what it was then is.
      const rows = Array.from(this.#rows, ([row, { written }]) => ({ row, written }))
      const isThere = ({ row, written }: (typeof rows)[number]): boolean => {
        const left = this.#rows.get(row)
        return left === undefined || left.landed >= written
      }
      // What is there stays there: nothing is looked at twice.
      let count = 0
      return this.#settlements.until(() => {
        while (count < rows.length && isThere(rows[count]!)) count++
        return count === rows.length
      }, call)
    })
  }

  /** Send them now. `BUSY` if the back cannot, or is at it, or fails to take them. */
  #flushSync(rows: readonly Name[]): void {
    const left = (): (readonly [Name, Row])[] =>
      rows.flatMap((row): (readonly [Name, Row])[] => {
        const own = this.#rows.get(row)
        return own ? [[row, own]] : []
      })
    if (this.#back.capabilities.sync === true && !this.#delivery.isBusy) {
      // Each goes at most twice: with others, and alone.
      for (let more = left(), tries = 2 * more.length; more.length > 0 && tries > 0; more = left(), tries--) {
        void this.#delivery.send(
          this.#rows.group(more, this.#goAlone, () => true),
          { sync: true },
        )
      }
    }
    if (left().length > 0) throw this.#busy()
  }

  #busy(): BusyError {
    return new BusyError(
      `${this.#rows.size} writes wait for the back of this store: await flush() before a call with { sync: true }.`,
      { cause: this.#rows.lastError },
    )
  }

  /** Send nothing more. */
  halt(): void {
    this.#end()
    this.#tabs.close()
  }

  #end(): void {
    this.#stopped = true
    this.#ended.abort()
    clearTimeout(this.#timer)
    this.#settlements.end()
  }

  /** The same, and what is under way ends first; a back that does not answer is waited for `patience` milliseconds. */
  async stop(patience: number): Promise<void> {
    this.#end()
    await inTime(this.#running, patience)
    this.#sending.abort(this.unsent())
    // Now another one may send.
    this.#tabs.close()
  }

  /** What was given up, and why. */
  async dead(): Promise<(DeadWrite & { readonly row: Name })[]> {
    const found: (DeadWrite & { readonly row: Name })[] = []
    await this.#rowsOf(DEAD, { sync: false }, (row, { meta: { key, lastWrite: at }, value }) =>
      found.push({ row, key, at, ...(value as Pick<DeadWrite, 'name' | 'code' | 'message'>) }),
    )
    return found
  }

  /** Send a write that was given up once more, or forget it. Whether it was still there. */
  async revive({ row, name }: { readonly row: Name; readonly name: Name }, what: 'retry' | 'drop'): Promise<boolean> {
    const [entry] = await this.#front.backend.readMany([name], { sync: false })
    const mark = markOf(entry?.meta)
    const waiting = newRow()
    const isThere = entry !== undefined && mark?.row === row
    const ops: EntryOp[] = []
    if (isThere && what === 'retry') {
      ops.push({ write: [waiting, rowEntry(entry.meta, { name })] })
      ops.push({ write: [name, withMark(entry, { ...mark, row: waiting, base: undefined })], ifVersion: entry.version })
    } else if (isThere) ops.push({ delete: name, ifVersion: entry.version })
    ops.push({ delete: row })
    await this.#front.atOnce((call) => this.#front.backend.batch(ops, { atomic: false, ordered: true }, call))
    if (isThere && what === 'retry') this.added(waiting, name, entry)
    if (isThere && what === 'drop') this.#options.onChanged({ type: 'set', name, key: entry.meta.key })
    return isThere
  }

  /** What to say of what has not reached the back. */
  unsent(): StorageUnavailableError {
    return new StorageUnavailableError(
      `${this.#rows.size} writes of this store have not reached its back. They are sent when the store is opened again, if its front is persistent.`,
      { cause: this.#rows.lastError },
    )
  }

  #retryNow(): void {
    if (!this.#leads) this.#tabs.tell({ hurries: true })
    for (const row of this.#rows.values()) row.retryAt = 0
    this.#wake()
  }

  #wake(): void {
    if (!this.#leads || this.#stopped || this.#running || (this.#rows.size === 0 && !this.#isUnsure)) return
    clearTimeout(this.#timer)
    const run = this.#run().finally(() => {
      this.#running = undefined
      this.#sleep()
    })
    this.#running = run
  }

  /** Until the first of what failed is to be tried again. */
  #sleep(): void {
    if (!this.#leads || this.#stopped || (this.#rows.size === 0 && !this.#isUnsure)) return
    let next = this.#isUnsure ? performance.now() + FIRST_WAIT : Infinity
    for (const { retryAt } of this.#rows.values()) next = Math.min(next, retryAt)
    this.#timer = setTimeout(() => this.#wake(), Math.max(0, next - performance.now()))
  }

  async #run(): Promise<void> {
    // What is written in one turn goes together.
    await undefined
    if (this.#isUnsure) {
      await rescue(() => this.#front.atOnce((call) => this.#look(call)), this.#options.onError)
    }
    for (;;) {
      const now = performance.now()
      const group = this.#rows.group(this.#rows, this.#goAlone, ({ retryAt }) => retryAt <= now)
      if (group.length === 0 || this.#stopped || !this.#leads) return
      try {
        await this.#delivery.send(group, { sync: false, signal: this.#sending.signal })
      } catch (error) {
        // The front itself fails.
        if (this.#stopped) return
        this.#options.onError(error)
        for (const { row } of group) this.#postpone(row, error)
      }
      this.#settlements.settled()
    }
  }

  #postpone(row: Name, error: unknown): void {
    this.#failed(error)
    const known = this.#rows.get(row)
    const { wait = fullJitter } = this.#options
    if (known) known.retryAt = performance.now() + wait(known.attempts++)
  }

  #failed(error: unknown): void {
    this.#rows.lastError = error
    const { code, message } = error as { code?: unknown; message?: unknown }
    this.#tabs.tell({ failure: { code, message: String(message) } })
  }

  #drop(row: Name): void {
    const { name } = this.#rows.get(row) ?? {}
    this.#rows.forget(row)
    if (name !== undefined) this.#tabs.tell({ dropped: [[row, name]] })
    this.#settlements.settled()
  }
}

const MOST_WAITING = 10_000
const MOST_BYTES = 64 << 20
const FIRST_WAIT = 100
/** How long a write, or a close, waits for others that do not get away, in milliseconds. */
export const PATIENTLY = 10_000
const LONGEST_WAIT = 30_000

function fullJitter(tries: number): number {
  return jitter(tries, FIRST_WAIT, LONGEST_WAIT)
}
