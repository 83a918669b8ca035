import type {
  Blob,
  BlobBackend,
  BlobCapabilities,
  BlobOp,
  BlobWrite,
  ByteRange,
  Call,
  Durability,
  ListOptions,
  NamesPage,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { QuotaExceededError } from '../base/errors.ts'
import { type PromiseOrValue, chain, rescue } from '../base/promise-or-value.ts'
import { HEADER, frameVersion } from '../codec/frame.ts'
import { copyInShared } from '../codec/shared-bytes.ts'
import { checkVersion, nameOf } from '../engine/condition.ts'
import { FrameBlob } from './frame-blob.ts'
import { type Environment, type Range, lmdbError } from './lmdb-environment.ts'
import { Room } from './lmdb-room.ts'

export interface LmdbBlobsOptions {
  /** Default `strict`. */
  readonly durability?: Durability | undefined
  /** Bytes that the entries may take. */
  readonly mapSize?: number | undefined
  /** Let go of the environment. */
  readonly close: () => PromiseOrValue<void>
}

export const lmdbCapabilities: BlobCapabilities = {
  sync: true,
  atomicUpdate: 'host',
  atomicBatch: Infinity,
  persistent: true,
  lock: 'process',
  watch: 'process',
  // Whatever reads and writes does both in one transaction.
  compareAndSet: false,
}

const PAGE = 1000
const PAGE_BYTES = 4 << 20
/** Names are ASCII: below all of them, and above all that start alike. */
const LOWEST = '\x01'
const HIGHEST = '\x7f'

/**
 * Blobs as the entries of an LMDB environment. Reads are done when they return; asynchronous writes of one turn of the
 * event loop share a transaction, which is committed on another thread.
 */
export class LmdbBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = lmdbCapabilities
  readonly #db: Environment
  readonly #path: string
  readonly #durability: Durability
  readonly #mapSize: number
  readonly #room: Room
  readonly #close: () => PromiseOrValue<void>
  #sync: Promise<void> = Promise.resolve()
  #nextSync: Promise<void> | undefined
  #inside = 0
  #writes = 0
  #onIdle: (() => void) | undefined
  #hasFailed = false

  constructor(db: Environment, path: string, { durability = 'strict', mapSize = Infinity, close }: LmdbBlobsOptions) {
    this.#close = close
    this.#db = db
    this.#path = path
    this.#durability = durability
    this.#mapSize = mapSize
    this.#room = new Room(path)
  }

  /** The bytes are the engine's own, and change with the next call. */
  get(name: Name, { range }: { readonly range?: ByteRange | undefined }): Blob | undefined {
    const db = this.#db
    try {
      db.resetReadTxn()
      const buffer = db.getBinaryFast(name)
      if (buffer === undefined) return undefined
      // Not the buffer's own length: it is longer than the value.
      const whole = new Uint8Array(buffer.buffer, buffer.byteOffset, db.lastSize)
      // At once, and twice as fast as `frameVersion`.
      const version = buffer.toString('latin1', 0, Math.min(HEADER, whole.length))
      return { bytes: range ? whole.subarray(range.start, range.end) : whole, version }
    } catch (error) {
      throw lmdbError(error, this.#path)
    }
  }

  /** All of one snapshot. */
  getMany(names: readonly Name[]): (Blob | undefined)[] {
    return this.#reading((db) => names.map((name) => copyOf(db, name)))
  }

  put(name: Name, bytes: Uint8Array, { ifVersion }: BlobWrite, call: Call): PromiseOrValue<Version> {
    const alone = !call.sync && ifVersion === undefined && this.#mapSize === Infinity
    const written = alone
      ? this.#acknowledged(call, () => {
          this.#room.take(bytes.length)
          return this.#db.put(name, bytes)
        })
      : this.#writing(call, () => this.#apply([{ put: [name, bytes], ifVersion }]))
    return chain(written, () => frameVersion(bytes))
  }

  delete(name: Name, { ifVersion }: BlobWrite, call: Call): PromiseOrValue<boolean> {
    return this.#writing(call, () => {
      const found = this.#db.doesExist(name)
      this.#apply([{ delete: name, ifVersion }])
      return found
    })
  }

  list(options: ListOptions): NamesPage {
    const range = rangeOf(options)
    const names = this.#reading((db) => [...db.getKeys({ ...range, limit: range.limit + 1 })])
    return names.length > range.limit ? { names: names.slice(0, -1), next: names.at(-2) } : { names }
  }

  /** A page is one snapshot; what is written after it may be in the next. */
  scan(options: ListOptions): { entries: [Name, Blob][]; next?: Name | undefined } {
    const range = rangeOf(options)
    const entries: [Name, Blob][] = []
    return this.#reading((db) => {
      let size = 0
      for (const { key, value } of db.getRange({ ...range, limit: range.limit + 1 })) {
        if (entries.length === range.limit || size > PAGE_BYTES) return { entries, next: entries.at(-1)![0] }
        size += value.length
        entries.push([key, new FrameBlob(value)])
      }
      return { entries }
    })
  }

  batch(ops: readonly BlobOp[], call: Call): PromiseOrValue<void> {
    return this.#writing(call, () => this.#apply(ops))
  }

  transact(
    names: readonly Name[],
    fn: (blobs: (Blob | undefined)[]) => readonly BlobOp[],
    call: Call,
  ): PromiseOrValue<void> {
    return this.#writing(call, () => this.#apply(fn(names.map((name) => copyOf(this.#db, name)))))
  }

  flush(call: Call): PromiseOrValue<void> {
    return call.sync
      ? this.#reported(() => this.#db.env.sync())
      : this.#acknowledged({ ...call, durability: 'strict' }, () => Promise.resolve())
  }

  close(call: Call): PromiseOrValue<void> {
    // The removal of chunks that somebody has read to the end may be under way, which nobody waits for.
    const idle = this.#writes === 0 ? undefined : new Promise<void>((resolve) => (this.#onIdle = resolve))
    const closing = chain(idle, () => chain(this.#settled(), () => this.#close()))
    if (!call.sync) return closing
    // Nothing is left to wait for, unless asynchronous writes came before: then it is closed once these are done.
    void closing
  }

  /** The driver would wait forever for the sync of a commit that failed; the next commit makes it forget that. */
  #settled(): PromiseOrValue<unknown> {
    return this.#hasFailed ? this.#db.childTransaction(() => undefined) : undefined
  }

  #reading<T>(fn: (db: Environment) => T): T {
    return this.#reported(() => {
      this.#db.resetReadTxn()
      return fn(this.#db)
    }) as T
  }

  #writing<T>(call: Call, fn: () => T): PromiseOrValue<T> {
    const inside = (): T => {
      this.#inside++
      try {
        return fn()
      } finally {
        this.#inside--
      }
    }
    return call.sync
      ? this.#reported(() => this.#db.transactionSync(inside))
      : this.#acknowledged(call, () => this.#db.childTransaction(inside))
  }

  /** The driver resolves once a write is committed, which is when other processes see it. */
  #acknowledged<T>({ durability = this.#durability }: Call, fn: () => Promise<T>): PromiseOrValue<T> {
    return this.#reported(async () => {
      this.#writes++
      try {
        // From inside of an update function: it would be undone with that transaction.
        if (this.#inside > 0) await undefined
        const answer = await fn()
        if (durability === 'strict') await this.#synced()
        return answer
      } catch (error) {
        this.#hasFailed = true
        throw error
      } finally {
        if (--this.#writes === 0) this.#onIdle?.()
      }
    })
  }

  /** Calls that wait share one sync, which starts after the last of them came. */
  #synced(): Promise<void> {
    this.#nextSync ??= this.#sync.then(() => {
      this.#nextSync = undefined
      const sync = new Promise<void>((resolve, reject) => {
        this.#db.sync((error) => (error ? reject(lmdbError(error, this.#path)) : resolve()))
      })
      this.#sync = sync.catch(() => undefined)
      return sync
    })
    return this.#nextSync
  }

  /** Inside of a write transaction. */
  #apply(ops: readonly BlobOp[]): void {
    const db = this.#db
    for (const op of ops) {
      if (op.ifVersion === undefined) continue
      const name = nameOf(op)
      checkVersion(name, copyOf(db, name)?.version, op)
    }
    const size = ops.reduce((sum, op) => ('put' in op ? sum + op.put[1].length : sum), 0)
    if (size > 0) this.#room.take(size)
    const before = this.#mapSize === Infinity ? 0 : bytesUsed(db)
    for (const op of ops) void ('put' in op ? db.put(...op.put) : db.remove(op.delete))
    if (this.#mapSize === Infinity) return
    const used = bytesUsed(db)
    if (used <= this.#mapSize || used <= before) return
    throw new QuotaExceededError(
      `The map of ${this.#path} is full: its mapSize is ${this.#mapSize} bytes. Delete entries, or connect with a larger mapSize.`,
      { usage: before, quota: this.#mapSize },
    )
  }

  #reported<T>(fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return rescue(fn, (error) =>
      chain(reasonOf(error), (reason) => {
        throw lmdbError(reason, this.#path)
      }),
    )
  }
}

function copyOf(db: Environment, name: Name): Blob | undefined {
  const buffer = db.getBinaryFast(name)
  return buffer && new FrameBlob(copyInShared(new Uint8Array(buffer.buffer, buffer.byteOffset, db.lastSize)))
}

function rangeOf({ prefix = '', after, limit = PAGE, reverse = false }: ListOptions): Range {
  const lowest = prefix || LOWEST
  const highest = prefix + HIGHEST
  const fits = after !== undefined && (reverse ? after < highest : after >= lowest)
  return {
    start: fits ? after : reverse ? highest : lowest,
    end: reverse ? lowest : highest,
    reverse,
    exclusiveStart: fits,
    inclusiveEnd: true,
    limit: Math.min(limit, PAGE),
  }
}

/** Pages of the tree, as this transaction leaves it. */
function bytesUsed(db: Environment): number {
  const { pageSize, treeBranchPageCount, treeLeafPageCount, overflowPages } = db.getStats()
  return pageSize * (treeBranchPageCount + treeLeafPageCount + overflowPages)
}

/** A failed commit says only that it failed; why is what a promise beside it rejects with. */
function reasonOf(error: unknown): PromiseOrValue<unknown> {
  const { commitError } = { ...(error as { commitError?: Promise<unknown> }) }
  return rescue(
    () => chain(commitError, () => error),
    (reason) => reason,
  )
}
