import type { DBSchema, IDBPDatabase, IDBPTransaction } from 'idb'
import type {
  Blob,
  BlobBackend,
  BlobCapabilities,
  BlobOp,
  ByteRange,
  Call,
  Condition,
  Durability,
  ListOptions,
  NamesPage,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { ConflictError, CorruptEntryError } from '../base/errors.ts'
import { frameVersion } from '../codec/frame.ts'
import { indexedDbError } from './indexeddb-errors.ts'

export interface EntriesDatabase extends DBSchema {
  entries: { key: string; value: Uint8Array }
}

export const indexedDbCapabilities: BlobCapabilities = {
  sync: false,
  atomicUpdate: 'origin',
  atomicBatch: Infinity,
  persistent: true,
  lock: typeof navigator !== 'undefined' && 'locks' in navigator ? 'origin' : 'process',
  compareAndSet: false,
}

/**
 * Blobs in the object store `entries` of an open database. A write is done when its transaction is complete.
 * QUOTA_EXCEEDED, STORAGE_UNAVAILABLE.
 */
export function indexedDbBlobs(
  database: IDBPDatabase<EntriesDatabase>,
  durability: Durability = 'relaxed',
): BlobBackend {
  return new IndexedDbBlobs(database, durability)
}

type Mode = 'readonly' | 'readwrite'
type Transaction<M extends Mode> = IDBPTransaction<EntriesDatabase, ['entries'], M>

const NAMES_PAGE = 1000
/** Fewer than names: a blob may have a mebibyte. */
const BLOBS_PAGE = 100

class IndexedDbBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = indexedDbCapabilities
  readonly #database: IDBPDatabase<EntriesDatabase>
  readonly #durability: Durability

  constructor(database: IDBPDatabase<EntriesDatabase>, durability: Durability) {
    this.#database = database
    this.#durability = durability
  }

  async get(name: Name, { range }: { readonly range?: ByteRange | undefined }): Promise<Blob | undefined> {
    const [blob] = await this.getMany([name])
    return blob && range ? { ...blob, bytes: blob.bytes.slice(range.start, range.end) } : blob
  }

  getMany(names: readonly Name[]): Promise<(Blob | undefined)[]> {
    return this.#read(({ store }) => readAll(store, names))
  }

  async put(name: Name, bytes: Uint8Array, { ifVersion }: Condition, call: Call): Promise<Version> {
    await this.batch([{ put: [name, bytes], ifVersion }], call)
    return frameVersion(bytes)
  }

  async delete(name: Name, { ifVersion }: Condition, call: Call): Promise<boolean> {
    let found = false
    const fn = ([blob]: (Blob | undefined)[]): BlobOp[] => {
      found = blob !== undefined
      return [{ delete: name, ifVersion }]
    }
    await this.transact([name], fn, call)
    return found
  }

  async list(options: ListOptions): Promise<NamesPage> {
    const { found, next } = await this.#page(options, NAMES_PAGE, false)
    return { names: found.map(([name]) => name), next }
  }

  async scan(options: ListOptions): Promise<{ entries: [Name, Blob][]; next?: Name | undefined }> {
    const { found, next } = await this.#page(options, BLOBS_PAGE, true)
    return { entries: found.map(([name, value]) => [name, toBlob(name, value)!]), next }
  }

  batch(ops: readonly BlobOp[], call: Call): Promise<void> {
    const conditional = ops.filter((op) => op.ifVersion !== undefined).map(nameOf)
    return this.transact(conditional, () => ops, call)
  }

  /** One readwrite transaction: `fn` runs in the callback of the last read, while the transaction is active. */
  async transact(
    names: readonly Name[],
    fn: (blobs: (Blob | undefined)[]) => readonly BlobOp[],
    call: Call,
  ): Promise<void> {
    // The first error says most: `done` says no more than that the transaction was aborted.
    let failed: { readonly error: unknown } | undefined
    let ours = false
    const fail = (error: unknown): void => void (failed ??= { error })
    try {
      const transaction = this.#begin('readwrite', call.durability ?? this.#durability)
      try {
        const { store } = transaction
        const blobs = await readAll(store, names)
        ours = true
        const ops = fn(blobs)
        checkVersions(ops, new Map(names.map((name, i) => [name, blobs[i]?.version ?? null])))
        ours = false
        for (const op of ops)
          ('put' in op ? store.put(exact(op.put[1]), op.put[0]) : store.delete(op.delete)).catch(fail)
        transaction.commit()
      } catch (error) {
        fail(error)
        transaction.abort()
      }
      await transaction.done
    } catch (error) {
      fail(error)
    }
    if (failed) throw ours ? failed.error : indexedDbError(failed.error, this.#database.name)
  }

  /** A strict transaction brings the ones before it to the device. It has to change something, even if it is nothing. */
  flush(): Promise<void> {
    return this.transact([], () => [{ delete: '' }], { sync: false, durability: 'strict' })
  }

  close(): void {
    this.#database.close()
  }

  #page(
    options: ListOptions,
    pageSize: number,
    values: boolean,
  ): Promise<{ found: [Name, unknown?][]; next: Name | undefined }> {
    const { limit = pageSize, reverse } = options
    const range = rangeOf(options)
    if (range === undefined || limit === 0) return Promise.resolve({ found: [], next: undefined })
    return this.#read(async ({ store }) => {
      const found: [Name, unknown?][] = []
      if (reverse) {
        for (
          let cursor = await store.openCursor(range, 'prev');
          cursor && found.length < limit;
          cursor = await cursor.continue()
        ) {
          found.push([cursor.key, cursor.value])
        }
      } else {
        const [names, read] = await Promise.all([
          store.getAllKeys(range, limit),
          values ? store.getAll(range, limit) : [],
        ])
        names.forEach((name, i) => found.push([name, read[i]]))
      }
      return { found, next: found.length === limit ? found.at(-1)![0] : undefined }
    })
  }

  async #read<T>(fn: (transaction: Transaction<'readonly'>) => Promise<T>): Promise<T> {
    try {
      return await fn(this.#begin('readonly'))
    } catch (error) {
      throw indexedDbError(error, this.#database.name)
    }
  }

  #begin<M extends Mode>(mode: M, durability: Durability = 'relaxed'): Transaction<M> {
    const transaction = this.#database.transaction('entries', mode, { durability })
    // What fails is reported by whoever awaits it; idb makes this promise in any case.
    transaction.done.catch(ignore)
    return transaction
  }
}

function readAll(store: Transaction<Mode>['store'], names: readonly Name[]): Promise<(Blob | undefined)[]> {
  return Promise.all(names.map(async (name) => toBlob(name, await store.get(name))))
}

/** Structured clone stores the whole buffer under a view. */
function exact(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice()
}

function checkVersions(ops: readonly BlobOp[], versions: ReadonlyMap<Name, Version | null>): void {
  for (const op of ops) {
    const name = nameOf(op)
    if (op.ifVersion !== undefined && versions.get(name) !== op.ifVersion) {
      throw new ConflictError(`The entry ${name} is not at the expected version.`)
    }
  }
}

function nameOf(op: BlobOp): Name {
  return 'put' in op ? op.put[0] : op.delete
}

function toBlob(name: Name, value: unknown): Blob | undefined {
  if (value === undefined) return undefined
  if (value instanceof Uint8Array) return { bytes: value, version: frameVersion(value) }
  throw new CorruptEntryError(`The entry ${name} is corrupt: what is stored are no bytes.`)
}

/** `undefined` where no name can be in the range. */
function rangeOf({ prefix = '', after, reverse }: ListOptions): IDBKeyRange | undefined {
  // Names are ASCII: nothing that starts with the prefix comes after this.
  const end = `${prefix}\x7f`
  const lower = !reverse && after !== undefined && after >= prefix ? after : prefix
  const upper = reverse && after !== undefined && after < end ? after : end
  return lower < upper ? IDBKeyRange.bound(lower, upper, lower === after, upper === after) : undefined
}

function ignore(): void {}
