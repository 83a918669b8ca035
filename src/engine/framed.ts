import type {
  Backend,
  BinaryReader,
  Blob,
  BlobBackend,
  BlobOp,
  Call,
  Capabilities,
  Condition,
  EntriesPage,
  EntryOp,
  ListOptions,
  NamesPage,
} from '../base/backend.ts'
import { type Entry, type Meta, type Name, type Version, isLive } from '../base/entry.ts'
import { AtomicUnsupportedError, CorruptEntryError } from '../base/errors.ts'
import { type PromiseOrValue, all, chain, each, mapInOrder, onFailure, rescue } from '../base/promise-or-value.ts'
import { decodeEntry, decodeMeta, encodeEntry } from '../codec/codec.ts'
import { type Before, type Change, type Codec, type Folded, type Pair, foldChanges } from './changes.ts'
import { Chunks, type ChunksOptions, type Pieces } from './chunks.ts'
import { droppedParts, hasParts } from './parts.ts'
import { type Outcome, KeyQueue } from './queue.ts'
import { retryConflicts } from './retry.ts'
import { listAndRead } from './scan.ts'

/** Entries over bytes: order per name, entry ↔ frame, large binaries in chunks, updates by what the engine can do. */
export function framed(blobs: BlobBackend, options: ChunksOptions): Backend {
  return new Framed(blobs, options)
}

/** Bytes of a blob that usually hold the whole metadata. */
const HEAD_BYTES = 4096
/** Parts written at a time where the engine takes them one by one. */
const PARTS_AT_ONCE = 16

class Framed implements Backend {
  readonly capabilities: Capabilities
  readonly #blobs: BlobBackend
  readonly #codec: Codec
  readonly #options: ChunksOptions
  readonly #chunks: Chunks
  readonly #queue = new KeyQueue()
  /** Whether an overwritten entry may have parts to remove; asked once, before the first write. */
  #mayHaveParts: boolean | undefined

  constructor(blobs: BlobBackend, options: ChunksOptions) {
    this.#blobs = blobs
    this.#options = options
    this.#codec = {
      encode: (name, entry) => encodeEntry(name, entry, options),
      decode: (name, frame) => decodeEntry(name, frame, options),
    }
    this.#chunks = new Chunks(blobs, options)
    this.capabilities = blobs.capabilities
  }

  read(name: Name, call: Call): PromiseOrValue<Entry | undefined> {
    return chain(this.readMany([name], call), ([entry]) => entry)
  }

  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined> {
    return this.#queue.shared([name], call, () => this.#readMeta(name, call))
  }

  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    return this.#queue.shared(names, call, () =>
      chain(this.#get(names, call), (blobs) => mapInOrder(names.keys(), (i) => this.#open(names[i]!, blobs[i], call))),
    )
  }

  hold<T>(name: Name, call: Call, use: (entry: Entry | undefined) => PromiseOrValue<T>): PromiseOrValue<T> {
    return this.#queue.shared([name], call, () =>
      chain(this.#get([name], call), ([blob]) => chain(this.#open(name, blob, call), use)),
    )
  }

  write(name: Name, entry: Entry, condition: Condition, call: Call): PromiseOrValue<Version> {
    const { value } = entry
    if (entry.meta.type === 'binary' && value instanceof Uint8Array && value.length > this.#chunks.size) {
      const pieces = [value]
      const write = (): PromiseOrValue<Version> =>
        this.#chunks.write(
          () => entry.meta,
          () => pieces.pop(),
          call,
          (head) => this.#replace(name, head, condition, call),
        )
      return this.#queue.exclusive([name], call, write)
    }
    const frame = this.#codec.encode(name, entry)
    return this.#queue.exclusive([name], call, () => this.#replace(name, entry, condition, call, frame))
  }

  delete(name: Name, condition: Condition, call: Call): PromiseOrValue<boolean> {
    return chain(this.batch([{ delete: name, ...condition }], { atomic: false }, call), ([deleted]) => deleted!)
  }

  update(name: Name, change: Change, call: Call): PromiseOrValue<Pair> {
    return this.#queue.fold<Change, Pair>(name, call, change, (changes) =>
      retryConflicts(call, () => this.#update(name, changes, call)),
    )
  }

  batch(ops: readonly EntryOp[], { atomic }: { readonly atomic: boolean }, call: Call): PromiseOrValue<boolean[]> {
    const { atomicBatch } = this.capabilities
    if (atomic && ops.length > atomicBatch) throw atomicUnsupported(ops.length, atomicBatch)
    const encoded = ops.map((op): BlobOp =>
      'delete' in op ? op : { put: [op.write[0], this.#codec.encode(...op.write)], ifVersion: op.ifVersion },
    )
    const names = [...new Set(ops.map(nameOf))]
    return this.#queue.exclusive(names, call, () =>
      chain(this.#partsPossible(call), (parts) => {
        const read = parts ? names : ops.flatMap((op) => ('delete' in op ? [op.delete] : []))
        let replayed: Replayed
        const apply = (blobs: (Blob | undefined)[]): BlobOp[] => {
          const metas = read.map((name, i) => [name, blobs[i] && this.#metaOf(name, blobs[i])] as const)
          replayed = replay(ops, new Map(metas))
          return encoded
        }
        const done = this.#blobs.transact
          ? this.#blobs.transact(read, apply, call)
          : chain(this.#get(read, call), (blobs) => this.#apply(apply(blobs), call))
        return chain(done, () => chain(this.#chunks.drop(replayed.dropped, call), () => replayed.answers))
      }),
    )
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#listing(options, call, (range) =>
      chain(this.#blobs.list(range, call), ({ names, next }) => {
        const shown = names.filter(isShown, options)
        return { names: shown, next: shown.length === names.length ? next : undefined }
      }),
    )
  }

  scan(options: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
    if (this.#blobs.scan === undefined) return listAndRead(this, options, call)
    const open = (name: Name, blob: Blob): PromiseOrValue<[Name, Entry]> =>
      chain(this.#open(name, blob, call), (entry) => [name, entry!])
    return this.#listing(options, call, (range) =>
      chain(this.#blobs.scan!(range, call), ({ entries, next }) => {
        const shown = entries.filter(([name]) => isShown.call(options, name))
        return chain(
          mapInOrder(shown, ([name, blob]) => open(name, blob)),
          (opened) => ({
            entries: opened,
            next: shown.length === entries.length ? next : undefined,
          }),
        )
      }),
    )
  }

  readStream(name: Name, call: Call): PromiseOrValue<BinaryReader | undefined> {
    return this.#queue.shared([name], call, () =>
      chain(
        this.#blobs.get(name, {}, call),
        (blob) => blob && this.#chunks.reader(name, this.#codec.decode(name, blob.bytes), call),
      ),
    )
  }

  /** The pieces come from the caller, who may use the store meanwhile: only the head's write takes its place in order. */
  writeStream(name: Name, meta: () => Meta, pieces: Pieces, call: Call): PromiseOrValue<void> {
    const finish = (entry: Entry): PromiseOrValue<Version> =>
      this.#queue.exclusive([name], call, () => this.#replace(name, entry, {}, call))
    return chain(this.#chunks.write(meta, pieces, call, finish), () => undefined)
  }

  flush(call: Call): PromiseOrValue<void> {
    return chain(this.#queue.idle(call), () => this.#blobs.flush?.(call))
  }

  close(call: Call): PromiseOrValue<void> {
    return chain(this.#queue.close(call), () => this.#blobs.close(call))
  }
  #get(names: readonly Name[], call: Call): PromiseOrValue<(Blob | undefined)[]> {
    return this.#blobs.getMany && names.length > 1
      ? this.#blobs.getMany(names, call)
      : mapInOrder(names, (name) => this.#blobs.get(name, {}, call))
  }

  #readMeta(name: Name, call: Call, end = HEAD_BYTES): PromiseOrValue<Meta | undefined> {
    return chain(this.#blobs.get(name, { range: { start: 0, end } }, call), (blob) => {
      const meta = blob && decodeMeta(name, blob.bytes, this.#options)
      if (meta === undefined || !('needed' in meta)) return meta
      // The blob ends before its metadata does: decoding says so.
      return blob!.bytes.length < end
        ? this.#codec.decode(name, blob!.bytes).meta
        : this.#readMeta(name, call, meta.needed)
    })
  }

  /** The metadata of what is about to go. A damaged entry must not stand in the way of its own removal. */
  #metaOf(name: Name, blob: Blob): Meta | null {
    try {
      return this.#codec.decode(name, blob.bytes).meta
    } catch (error) {
      if (error instanceof CorruptEntryError) return null
      throw error
    }
  }

  #open(name: Name, blob: Blob | undefined, call: Call): PromiseOrValue<Entry | undefined> {
    return blob && this.#chunks.whole(name, { ...this.#codec.decode(name, blob.bytes), version: blob.version }, call)
  }

  #partsPossible(call: Call): PromiseOrValue<boolean> {
    return this.#mayHaveParts ?? chain(hasParts(this.#blobs, call), (found) => (this.#mayHaveParts ||= found))
  }

  /** Put an entry in the place of what is under `name`, and remove the parts that only the replaced one had. */
  #replace(name: Name, entry: Entry, condition: Condition, call: Call, frame?: Uint8Array): PromiseOrValue<Version> {
    const bytes = frame ?? this.#codec.encode(name, entry)
    return chain(this.#partsPossible(call), (possible) => {
      if (entry.meta.own?.chunks) this.#mayHaveParts = true
      return chain(possible ? this.#blobs.get(name, {}, call) : undefined, (blob) => {
        const old = blob && this.#metaOf(name, blob)
        return chain(this.#blobs.put(name, bytes, condition, call), (version) =>
          chain(this.#chunks.drop(droppedParts(old, entry.meta), call), () => version),
        )
      })
    })
  }

  #update(name: Name, changes: readonly Change[], call: Call, whole?: Entry): PromiseOrValue<Outcome<Pair>[]> {
    let folded: Folded | undefined
    const fold = ([blob]: (Blob | undefined)[]): BlobOp[] => {
      const before = this.#before(name, blob, whole)
      folded = before && foldChanges(name, before, changes, this.#codec)
      return folded?.ops ?? []
    }
    const done = this.#blobs.transact
      ? this.#blobs.transact([name], fold, call)
      : chain(this.#blobs.get(name, {}, call), (blob) => this.#applyFolded(fold([blob]), call))
    return chain(done, () => {
      if (folded === undefined) {
        const opened = chain(this.#blobs.get(name, {}, call), (blob) => this.#open(name, blob, call))
        return chain(opened, (entry) => this.#update(name, changes, call, entry))
      }
      const { ops, outcomes, dropped } = folded
      if (ops.length > 1) this.#mayHaveParts = true
      return chain(this.#chunks.drop(dropped, call), () => outcomes)
    })
  }

  /** What changes start from, or `undefined` for the head of a large binary, which has to be read as a whole first. */
  #before(name: Name, blob: Blob | undefined, whole: Entry | undefined): Before | undefined {
    const ifVersion = this.#blobs.capabilities.compareAndSet ? (blob?.version ?? null) : undefined
    if (blob === undefined) return { ifVersion, meta: undefined, open: () => undefined }
    const decode = (): Entry => this.#codec.decode(name, blob.bytes)
    const first = decode()
    const { meta } = first
    if (meta.own?.chunks) {
      if (whole?.version !== blob.version) return undefined
      return { ifVersion, meta, open: () => ({ ...decode(), value: (whole.value as Uint8Array).slice() }) }
    }
    let fresh: Entry | undefined = first
    const open = (): Entry => {
      const entry = fresh ?? decode()
      fresh = undefined
      return entry
    }
    return { ifVersion, meta, open }
  }

  /** Parts first, several at a time, then the head; parts without a head are taken back. */
  #applyFolded(ops: readonly BlobOp[], call: Call): PromiseOrValue<void> {
    const parts = ops.slice(0, -1)
    if (this.#blobs.batch || parts.length === 0) return this.#apply(ops, call)
    const slices = parts.flatMap((_, i) => (i % PARTS_AT_ONCE === 0 ? [parts.slice(i, i + PARTS_AT_ONCE)] : []))
    return onFailure(
      () =>
        chain(
          each(slices, (slice) => all(slice.map((op) => this.#apply([op], call)))),
          () => this.#apply(ops.slice(-1), call),
        ),
      () =>
        rescue(
          () => each(parts, (op) => this.#blobs.delete('put' in op ? op.put[0] : op.delete, {}, { sync: call.sync })),
          this.#options.onError,
        ),
    )
  }

  /** All as one where the engine can, else in order. */
  #apply(ops: readonly BlobOp[], call: Call): PromiseOrValue<void> {
    if (this.#blobs.batch && ops.length > 1 && ops.length <= this.capabilities.atomicBatch)
      return this.#blobs.batch(ops, call)
    return each(ops, (op): PromiseOrValue<unknown> =>
      'put' in op ? this.#blobs.put(...op.put, op, call) : this.#blobs.delete(op.delete, op, call),
    )
  }

  /** Our own names come after all others: a listing ends, or in reverse starts, before them. */
  #listing<T>(options: ListOptions, call: Call, page: (range: ListOptions) => PromiseOrValue<T>): PromiseOrValue<T> {
    const after = options.after ?? (options.reverse && !options.prefix ? '~' : undefined)
    // The parts of an entry are listed by who holds it.
    const idle = options.prefix?.startsWith('~') ? undefined : this.#queue.idle(call)
    return chain(idle, () => page({ ...options, after }))
  }
}

function nameOf(op: EntryOp): Name {
  return 'write' in op ? op.write[0] : op.delete
}

function isShown(this: ListOptions, name: Name): boolean {
  return !name.startsWith('~') || this.prefix?.startsWith('~') === true
}

interface Replayed {
  readonly answers: boolean[]
  readonly dropped: Name[]
}

/** What each op of a batch answers (`null` is a damaged entry), and which parts nothing points to after all of them. */
function replay(ops: readonly EntryOp[], metas: Map<Name, Meta | null | undefined>): Replayed {
  const dropped: Name[] = []
  const answers = ops.map((op) => {
    const name = nameOf(op)
    const before = metas.get(name)
    const after = 'write' in op ? op.write[1].meta : undefined
    metas.set(name, after)
    dropped.push(...droppedParts(before, after))
    return 'write' in op || before === null || (before !== undefined && isLive(before))
  })
  return { answers, dropped }
}

function atomicUnsupported(ops: number, limit: number): AtomicUnsupportedError {
  return new AtomicUnsupportedError(
    `The batch has ${ops} operations, this backend applies at most ${limit} as one. Leave out { atomic: true } to have them applied in order.`,
  )
}
