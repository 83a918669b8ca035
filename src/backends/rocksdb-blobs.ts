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
import { type PromiseOrValue, chain, each, ensure, repeat, rescue } from '../base/promise-or-value.ts'
import { frameVersion } from '../codec/frame.ts'
import { checkVersion, nameOf } from '../engine/condition.ts'
import { FrameBlob } from './frame-blob.ts'
import { inOneTurn } from './one-turn.ts'
import { type Database, type Operation, type Range, rocksdbError } from './rocksdb-database.ts'

export interface RocksdbBlobsOptions {
  /** Default `strict`. */
  readonly durability?: Durability | undefined
  /** Let go of the database, once what is `written` is. */
  readonly close: (call: Call, written: Promise<unknown> | undefined) => PromiseOrValue<void>
}

export const rocksdbCapabilities: BlobCapabilities = {
  sync: true,
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
const READ_TOGETHER = 100
/** Names are ASCII: above all that start alike. */
const HIGHEST = '\x7f'
/** No name of an entry. */
const NOTHING: Operation = { type: 'del', key: '~' }

/**
 * Blobs as the entries of a RocksDB database. The driver writes on this thread: the writes of one turn of the event loop
 * are one batch, with one sync, and the reads of one turn are one call. A synchronous call is one by itself.
 */
export class RocksdbBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = rocksdbCapabilities
  readonly #db: Database
  readonly #path: string
  readonly #durability: Durability
  readonly #close: RocksdbBlobsOptions['close']
  readonly #read: (name: Name) => Promise<Blob | undefined> = inOneTurn(
    READ_TOGETHER,
    (name) => this.#readAlone(name),
    // The driver fails for all where one cannot be read.
    async (names) =>
      rescue<readonly (Blob | undefined | Promise<Blob | undefined>)[]>(
        () => this.getMany(names, { sync: false }),
        () => names.map((name) => this.#readAlone(name)),
      ),
  )
  #next: { readonly operations: Operation[]; sync: boolean; readonly written: Promise<void> } | undefined

  constructor(db: Database, path: string, { durability = 'strict', close }: RocksdbBlobsOptions) {
    this.#db = db
    this.#path = path
    this.#durability = durability
    this.#close = close
  }

  get(name: Name, { range }: { readonly range?: ByteRange | undefined }, call: Call): PromiseOrValue<Blob | undefined> {
    const found = call.sync ? chain(this.getMany([name], call), ([blob]) => blob) : this.#read(name)
    return chain(found, (blob) =>
      range && blob ? { bytes: blob.bytes.subarray(range.start, range.end), version: blob.version } : blob,
    )
  }

  async #readAlone(name: Name): Promise<Blob | undefined> {
    const [blob] = await this.getMany([name], { sync: false })
    return blob
  }

  getMany(names: readonly Name[], call: Call): PromiseOrValue<(Blob | undefined)[]> {
    return this.#reported(() =>
      chain(this.#db.getMany(names, call), (values) => values.map((value) => value && toBlob(value))),
    )
  }

  put(name: Name, bytes: Uint8Array, write: BlobWrite, call: Call): PromiseOrValue<Version> {
    return chain(this.batch([{ ...write, put: [name, bytes] }], call), () => frameVersion(bytes))
  }

  delete(name: Name, write: BlobWrite, call: Call): PromiseOrValue<boolean> {
    return chain(this.getMany([name], call), ([found]) =>
      chain(this.batch([{ ...write, delete: name }], call), () => found !== undefined),
    )
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return chain(this.#page(options, false, call), ({ entries, next }) => ({
      names: entries.map(([name]) => name),
      next,
    }))
  }

  scan(options: ListOptions, call: Call): PromiseOrValue<{ entries: [Name, Blob][]; next?: Name | undefined }> {
    return chain(this.#page(options, true, call), ({ entries, next }) => ({
      entries: entries.map(([name, value]): [Name, Blob] => [name, toBlob(value)]),
      next,
    }))
  }

  batch(ops: readonly BlobOp[], call: Call): PromiseOrValue<void> {
    return chain(this.#checkVersions(ops, call), () => {
      const operations = ops.map((op): Operation =>
        'put' in op ? { type: 'put', key: op.put[0], value: op.put[1] } : { type: 'del', key: op.delete },
      )
      return this.#write(operations, (call.durability ?? this.#durability) === 'strict', call)
    })
  }

  /** The log is synced as far as it goes by whatever is written with a sync. */
  flush(call: Call): PromiseOrValue<void> {
    return this.#write([NOTHING], true, call)
  }

  close(call: Call): PromiseOrValue<void> {
    // The removal of chunks that somebody has read to the end may be under way, which nobody waits for.
    const written = this.#next?.written.catch(() => undefined)
    return this.#reported(() => this.#close(call, written))
  }

  #write(operations: readonly Operation[], sync: boolean, call: Call): PromiseOrValue<void> {
    if (call.sync) return this.#reported(() => this.#db.write(operations, { sync }))
    this.#next ??= {
      operations: [],
      sync: false,
      written: new Promise((resolve) => setImmediate(resolve)).then(() => {
        const { operations, sync } = this.#next!
        this.#next = undefined
        return this.#reported(() => this.#db.write(operations, { sync }))
      }),
    }
    // A spread would run out of stack.
    for (const operation of operations) this.#next.operations.push(operation)
    this.#next.sync ||= sync
    return this.#next.written
  }

  /** Nobody else writes these names meanwhile: no other process has the database, and calls on a name have an order. */
  #checkVersions(ops: readonly BlobOp[], call: Call): PromiseOrValue<void> {
    const conditional = ops.filter(({ ifVersion }) => ifVersion !== undefined)
    return each(conditional, (op) => {
      const name = nameOf(op)
      return chain(this.getMany([name], call), ([blob]) => checkVersion(name, blob?.version, op))
    })
  }

  /** A page of one snapshot. */
  #page(
    options: ListOptions,
    values: boolean,
    call: Call,
  ): PromiseOrValue<{ entries: [Name, Buffer][]; next: Name | undefined }> {
    const limit = Math.min(options.limit ?? PAGE, PAGE)
    return this.#reported(() => {
      const rows = this.#db.iterate({ ...rangeOf(options), values })
      const entries: [Name, Buffer][] = []
      let size = 0
      let ended = false
      const more = (found: readonly [Name, Buffer][]): boolean => {
        for (const entry of found) {
          size += entry[1]?.length ?? 0
          entries.push(entry)
        }
        ended = found.length === 0
        return !ended && entries.length <= limit && size < PAGE_BYTES
      }
      const read = ensure(
        () => repeat(() => chain(rows.next(limit + 1 - entries.length, call), more)),
        () => rows.close(),
      )
      return chain(read, () => {
        if (ended) return { entries, next: undefined }
        if (entries.length > limit) entries.pop()
        return { entries, next: entries.at(-1)?.[0] }
      })
    })
  }

  #reported<T>(fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return rescue(fn, (error) => {
      throw rocksdbError(error, this.#path)
    })
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
