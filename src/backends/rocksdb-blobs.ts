import type { Buffer } from 'node:buffer'
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
import { frameVersion } from '../codec/frame.ts'
import { checkVersion, nameOf } from '../engine/condition.ts'
import { FrameBlob } from './frame-blob.ts'
import { inOneTurn } from './one-turn.ts'
import { type Database, type Operation, type Range, rocksdbError } from './rocksdb-database.ts'

export interface RocksdbBlobsOptions {
  /** Default `strict`. */
  readonly durability?: Durability | undefined
  /** Let go of the database. */
  readonly close: () => Promise<void>
}

export const rocksdbCapabilities: BlobCapabilities = {
  // The driver opens and closes a database only asynchronously.
  sync: false,
  // One process has the database open, and orders its own calls.
  atomicUpdate: 'process',
  atomicBatch: Infinity,
  persistent: true,
  lock: 'process',
  watch: 'process',
  compareAndSet: false,
}

const PAGE = 1000
const PAGE_BYTES = 4 << 20
/** Reads that are made in one call, because the call costs more than a read. */
const READ_TOGETHER = 1000
/** Names are ASCII: above all that start alike. */
const HIGHEST = '\x7f'
/** No name of an entry. */
const NOTHING: Operation = { type: 'del', key: '~' }

/**
 * Blobs as the entries of a RocksDB database. The driver writes on this thread: the writes of one turn of the event loop
 * are one batch, with one sync, and the reads of one turn are one call.
 */
export class RocksdbBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = rocksdbCapabilities
  readonly #db: Database
  readonly #path: string
  readonly #durability: Durability
  readonly #close: () => Promise<void>
  readonly #read: (name: Name) => Promise<Blob | undefined> = inOneTurn(READ_TOGETHER, (names) => this.getMany(names))
  #next: { readonly operations: Operation[]; sync: boolean; readonly written: Promise<void> } | undefined

  constructor(db: Database, path: string, { durability = 'strict', close }: RocksdbBlobsOptions) {
    this.#db = db
    this.#path = path
    this.#durability = durability
    this.#close = close
  }

  async get(name: Name, { range }: { readonly range?: ByteRange | undefined }): Promise<Blob | undefined> {
    const blob = await this.#read(name)
    return range && blob ? { bytes: blob.bytes.subarray(range.start, range.end), version: blob.version } : blob
  }

  getMany(names: readonly Name[]): Promise<(Blob | undefined)[]> {
    return this.#reported(async () => {
      const values = await this.#db.getMany([...names])
      return values.map((value) => value && toBlob(value))
    })
  }

  async put(name: Name, bytes: Uint8Array, write: BlobWrite, call: Call): Promise<Version> {
    await this.batch([{ ...write, put: [name, bytes] }], call)
    return frameVersion(bytes)
  }

  async delete(name: Name, write: BlobWrite, call: Call): Promise<boolean> {
    const [found] = await this.getMany([name])
    await this.batch([{ ...write, delete: name }], call)
    return found !== undefined
  }

  async list(options: ListOptions): Promise<NamesPage> {
    const { entries, next } = await this.#page(options, false)
    return { names: entries.map(([name]) => name), next }
  }

  async scan(options: ListOptions): Promise<{ entries: [Name, Blob][]; next?: Name | undefined }> {
    const { entries, next } = await this.#page(options, true)
    return { entries: entries.map(([name, value]) => [name, toBlob(value)]), next }
  }

  async batch(ops: readonly BlobOp[], call: Call): Promise<void> {
    await this.#checkVersions(ops)
    const operations = ops.map((op): Operation =>
      'put' in op ? { type: 'put', key: op.put[0], value: op.put[1] } : { type: 'del', key: op.delete },
    )
    await this.#write(operations, (call.durability ?? this.#durability) === 'strict')
  }

  /** The log is synced as far as it goes by whatever is written with a sync. */
  flush(): Promise<void> {
    return this.#write([NOTHING], true)
  }

  async close(): Promise<void> {
    // The removal of chunks that somebody has read to the end may be under way, which nobody waits for.
    await this.#next?.written.catch(() => undefined)
    await this.#reported(this.#close)
  }

  #write(operations: readonly Operation[], sync: boolean): Promise<void> {
    this.#next ??= {
      operations: [],
      sync: false,
      written: new Promise((resolve) => setImmediate(resolve)).then(() => {
        const { operations, sync } = this.#next!
        this.#next = undefined
        return this.#reported(() => this.#db.batch(operations, { sync }))
      }),
    }
    // A spread would run out of stack.
    for (const operation of operations) this.#next.operations.push(operation)
    this.#next.sync ||= sync
    return this.#next.written
  }

  /** Nobody else writes these names meanwhile: no other process has the database, and calls on a name have an order. */
  async #checkVersions(ops: readonly BlobOp[]): Promise<void> {
    for (const op of ops) {
      if (op.ifVersion === undefined) continue
      const name = nameOf(op)
      const [blob] = await this.getMany([name])
      checkVersion(name, blob?.version, op)
    }
  }

  /** A page of one snapshot. */
  #page(options: ListOptions, values: boolean): Promise<{ entries: [Name, Buffer][]; next: Name | undefined }> {
    const limit = Math.min(options.limit ?? PAGE, PAGE)
    return this.#reported(async () => {
      const iterator = this.#db.iterator({ ...rangeOf(options), values })
      try {
        const entries: [Name, Buffer][] = []
        let size = 0
        while (entries.length <= limit && size < PAGE_BYTES) {
          const more = await iterator.nextv(limit + 1 - entries.length)
          if (more.length === 0) return { entries, next: undefined }
          for (const entry of more) {
            size += entry[1]?.length ?? 0
            entries.push(entry)
          }
        }
        if (entries.length > limit) entries.pop()
        return { entries, next: entries.at(-1)?.[0] }
      } finally {
        await iterator.close()
      }
    })
  }

  async #reported<T>(fn: () => Promise<T>): Promise<T> {
    try {
      return await fn()
    } catch (error) {
      throw rocksdbError(error, this.#path)
    }
  }
}

/** The bytes are of this value alone, and a plain array: a Buffer's methods differ. */
function toBlob({ buffer, byteOffset, byteLength }: Buffer): Blob {
  return new FrameBlob(new Uint8Array(buffer, byteOffset, byteLength))
}

function rangeOf({ prefix = '', after, reverse = false }: ListOptions): Omit<Range, 'values'> {
  const highest = prefix + HIGHEST
  const common = { reverse, highWaterMarkBytes: PAGE_BYTES }
  if (reverse) return { ...common, gte: prefix, lt: after !== undefined && after < highest ? after : highest }
  return after !== undefined && after >= prefix
    ? { ...common, gt: after, lt: highest }
    : { ...common, gte: prefix, lt: highest }
}
