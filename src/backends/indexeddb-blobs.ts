import type { Blob, BlobBackend, BlobCapabilities, BlobOp, Call, Durability, ListOptions } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { frameVersion } from '../codec/frame.ts'
import { checkVersion } from '../engine/condition.ts'
import { guarded, indexedDbError } from './indexeddb-errors.ts'
import { answerOf, completed } from './indexeddb-requests.ts'

/** The object store in which the blobs are. */
export const STORE = 'entries'

export const indexedDbCapabilities: BlobCapabilities = {
  sync: false,
  atomicUpdate: 'origin',
  atomicBatch: Infinity,
  persistent: true,
  lock: globalThis.navigator?.locks ? 'origin' : 'process',
  watch: 'process',
  compareAndSet: false,
}

const NAMES_PAGE = 1000
/** Fewer than names: a blob may have a mebibyte. */
const BLOBS_PAGE = 100

/**
 * Blobs in the object store `entries` of an open database. A write is done when its transaction is complete.
 * QUOTA_EXCEEDED, STORAGE_UNAVAILABLE.
 */
export function indexedDbBlobs(database: IDBDatabase, durability: Durability = 'relaxed'): BlobBackend {
  const read = <T>(task: (store: IDBObjectStore) => Promise<T>): Promise<T> =>
    guarded(database.name, () => task(database.transaction(STORE).objectStore(STORE)))

  const getMany = (names: readonly Name[]): Promise<(Blob | undefined)[]> => read((store) => readAll(store, names))

  /** One readwrite transaction: `fn` runs in the callback of the last read, while the transaction is active. */
  const transact = async (names: readonly Name[], fn: Changes, call: Call): Promise<void> => {
    let ours = false
    try {
      const transaction = database.transaction(STORE, 'readwrite', { durability: call.durability ?? durability })
      const store = transaction.objectStore(STORE)
      const change = async (): Promise<void> => {
        const blobs = await readAll(store, names)
        ours = true
        const ops = fn(blobs)
        for (const op of ops) checkVersion(nameOf(op), blobs[names.indexOf(nameOf(op))]?.version, op)
        ours = false
        for (const op of ops) {
          // Structured clone would store the whole buffer under a view.
          if ('put' in op) store.put(op.put[1].slice(), op.put[0])
          else store.delete(op.delete)
        }
        transaction.commit()
      }
      const abort = (error: unknown): never => {
        transaction.abort()
        throw error
      }
      await Promise.all([change().catch(abort), completed(transaction)])
    } catch (error) {
      throw ours ? error : indexedDbError(error, database.name)
    }
  }

  const batch = (ops: readonly BlobOp[], call: Call): Promise<void> =>
    transact(ops.filter((op) => op.ifVersion !== undefined).map(nameOf), () => ops, call)

  /** A page of entries; of a listing without their blobs. */
  const page = (
    { prefix = '', after = '', limit, reverse }: ListOptions,
    most: number,
    scan: boolean,
  ): Promise<{ entries: [Name, Blob][]; next: Name | undefined }> =>
    read(async (store) => {
      const size = limit ?? most
      // Names are ASCII: nothing that starts with the prefix comes after this.
      const end = `${prefix}\x7f`
      const lower = !reverse && after > prefix ? after : prefix
      const upper = reverse && after && after < end ? after : end
      const entries: [Name, Blob][] = []
      if (size > 0 && lower < upper) {
        const range = IDBKeyRange.bound(lower, upper, lower === after, upper === after)
        if (reverse) {
          const request = store.openCursor(range, 'prev')
          let cursor: IDBCursorWithValue | null
          while (entries.length < size && (cursor = await answerOf(request))) {
            entries.push([cursor.key as Name, toBlob(cursor.value)!])
            cursor.continue()
          }
        } else {
          const [names, blobs] = await Promise.all([
            answerOf(store.getAllKeys(range, size)),
            scan ? answerOf(store.getAll(range, size)) : [],
          ])
          names.forEach((name, i) => entries.push([name as Name, toBlob(blobs[i])!]))
        }
      }
      return { entries, next: entries.length === size ? entries.at(-1)?.[0] : undefined }
    })

  return {
    capabilities: indexedDbCapabilities,
    async get(name, { range }) {
      const [blob] = await getMany([name])
      return blob && range ? { ...blob, bytes: blob.bytes.slice(range.start, range.end) } : blob
    },
    getMany,
    async put(name, bytes, { ifVersion }, call) {
      await batch([{ put: [name, bytes], ifVersion }], call)
      return frameVersion(bytes)
    },
    async delete(name, { ifVersion }, call) {
      let found = false
      const change: Changes = ([blob]) => {
        found = blob !== undefined
        return [{ delete: name, ifVersion }]
      }
      await transact([name], change, call)
      return found
    },
    async list(options) {
      const { entries, next } = await page(options, NAMES_PAGE, false)
      return { names: entries.map(([name]) => name), next }
    },
    scan: (options) => page(options, BLOBS_PAGE, true),
    batch,
    transact,
    // A strict transaction brings the ones before it to the device. It has to change something, even if it is nothing.
    flush: () => batch([{ delete: '' }], { sync: false, durability: 'strict' }),
    close: () => database.close(),
  }
}

type Changes = (blobs: (Blob | undefined)[]) => readonly BlobOp[]

function readAll(store: IDBObjectStore, names: readonly Name[]): Promise<(Blob | undefined)[]> {
  return Promise.all(names.map(async (name) => toBlob(await answerOf<unknown>(store.get(name)))))
}

function nameOf(op: BlobOp): Name {
  return 'put' in op ? op.put[0] : op.delete
}

/** What is stored in the place of bytes is read as none, of which the decoding says that they are damaged. */
function toBlob(stored: unknown): Blob | undefined {
  if (stored === undefined) return undefined
  const bytes = stored instanceof Uint8Array ? stored : new Uint8Array()
  return { bytes, version: frameVersion(bytes) }
}
