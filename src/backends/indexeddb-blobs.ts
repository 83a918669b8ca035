import type { Blob, BlobBackend, BlobCapabilities, BlobOp, Call, Durability } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { frameVersion } from '../codec/frame.ts'
import { Channel } from './indexeddb-channel.ts'
import { type Connection, lastNumber } from './indexeddb-connection.ts'
import { nameOf } from '../engine/condition.ts'
import type { Work } from './indexeddb-job.ts'
import { readPage } from './indexeddb-ranges.ts'
import { Reads } from './indexeddb-reads.ts'
import { toBlob } from './indexeddb-record.ts'
import { Writes } from './indexeddb-writes.ts'

export const indexedDbCapabilities: BlobCapabilities = {
  sync: false,
  atomicUpdate: 'origin',
  atomicBatch: Infinity,
  persistent: true,
  lock: globalThis.navigator?.locks ? 'origin' : 'process',
  compareAndSet: false,
  watch: typeof BroadcastChannel === 'undefined' ? 'process' : 'origin',
}

const NAMES_PAGE = 1000
/** Bytes that a page of blobs may have, about, and how many blobs that is taken for at first, and at the most. */
const PAGE_BYTES = 1024 * 1024
const FIRST_BLOBS_PAGE = 100
const MOST_BLOBS_PAGE = 250

/** Blobs in the object store of a database. A write is done when its transaction is complete. QUOTA_EXCEEDED, STORAGE_UNAVAILABLE. */
export function indexedDbBlobs(connection: Connection, durability: Durability = 'relaxed'): BlobBackend {
  const reads = new Reads(connection)
  const channel = new Channel(connection.name, () => lastNumber(connection))
  const writes = new Writes(connection, channel, () => reads.retire())
  let blobsPage = FIRST_BLOBS_PAGE

  const write = (work: Omit<Work, 'durability'>, call: Call): Promise<void> =>
    writes.add({ ...work, durability: call.durability ?? durability }, call.signal, undefined)

  const plain = (ops: readonly BlobOp[], call: Call): Work => ({
    names: ops.filter((op) => op.ifVersion !== undefined).map(nameOf),
    plan: () => ops,
    fixed: ops,
    ops: ops.length,
    bytes: ops.reduce((sum, op) => sum + ('put' in op ? op.put[1].length : 0), 0),
    durability: call.durability ?? durability,
  })

  const batch = (ops: readonly BlobOp[], call: Call): Promise<void> =>
    writes.add(plain(ops, call), call.signal, undefined)

  return {
    capabilities: indexedDbCapabilities,
    get(name, { range }, { signal }) {
      const blob = reads.get(name, signal)
      if (range === undefined) return blob
      return blob.then(
        (found) => found && { ...found, version: found.version, bytes: found.bytes.slice(range.start, range.end) },
      )
    },
    getMany: (names, { signal }) => reads.getMany(names, signal),
    put(name, bytes, options, call) {
      const ops: BlobOp[] = [{ ...options, put: [name, bytes] }]
      return writes.add(plain(ops, call), call.signal, frameVersion(bytes))
    },
    async delete(name, options, call) {
      let found = false
      const plan = ([blob]: readonly (Blob | undefined)[]): BlobOp[] => {
        found = blob !== undefined
        return [{ ...options, delete: name }]
      }
      await write({ names: [name], plan, ops: 1, bytes: 0 }, call)
      return found
    },
    async list(options, { signal }) {
      const { names, next } = await reads.run(
        (store) => readPage(store, options, options.limit ?? NAMES_PAGE, { values: false }),
        signal,
      )
      return { names, next }
    },
    async scan(options, { signal }) {
      const most = Math.min(options.limit ?? MOST_BLOBS_PAGE, blobsPage)
      const { names, stored, next } = await reads.run(
        (store) => readPage(store, options, most, { values: true }),
        signal,
      )
      const entries = names.map((name, i): [Name, Blob] => [name, toBlob(stored[i])!])
      const bytes = entries.reduce((sum, [, blob]) => sum + blob.bytes.length, 0)
      if (bytes > 0) blobsPage = Math.min(MOST_BLOBS_PAGE, Math.ceil((PAGE_BYTES / bytes) * entries.length))
      return { entries, next }
    },
    batch,
    transact: (names, plan, call) => write({ names, plan, ops: names.length, bytes: 0 }, call),
    watch: (watcher) => channel.watch(watcher),
    // A strict transaction brings the ones before it to the device.
    flush: ({ signal }) =>
      writes.add({ ...plain([], { sync: false, durability: 'strict' }), flushes: true }, signal, undefined),
    close() {
      channel.close()
      connection.close()
      reads.retire()
    },
  }
}
