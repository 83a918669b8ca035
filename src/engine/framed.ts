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
import { AtomicUnsupportedError, ConflictError, StoreReleasedError } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, mapInOrder, rescue } from '../base/promise-or-value.ts'
import { decodeEntry, decodeMeta, encodeEntry } from '../codec/codec.ts'
import type { Limits } from '../codec/limits.ts'
import { type Before, type Change, type Folded, type Pair, foldChanges } from './changes.ts'
import { Chunks, type Pieces } from './chunks.ts'
import { droppedParts, hasParts, removeAll } from './parts.ts'
import { type Outcome, KeyQueue } from './queue.ts'
import { retryConflicts } from './retry.ts'

export interface FramedOptions {
  readonly limits?: Partial<Limits> | undefined
  /** Binaries of more bytes than this are stored in chunks of this size. Default 1 MiB. */
  readonly chunkSize?: number | undefined
  /** Where errors go that come after the answer. */
  readonly onError: (error: unknown) => void
}

/** Entries over bytes: order per name, entry ↔ frame, large binaries in chunks, updates by what the engine can do. */
export function framed(blobs: BlobBackend, options: FramedOptions): Backend {
  return new Framed(blobs, options)
}

/** Bytes of a blob that usually hold the whole metadata. */
const HEAD_BYTES = 4096
/** Parts written at a time where the engine takes them one by one. */
const PARTS_AT_ONCE = 16

class Framed implements Backend {
  readonly capabilities: Capabilities
  readonly #blobs: BlobBackend
  readonly #codec: { readonly limits: Partial<Limits> | undefined }
  readonly #chunks: Chunks
  readonly #queue = new KeyQueue()
  readonly #onError: (error: unknown) => void
  /** Whether an overwritten entry may have parts to remove; asked once, before the first write. */
  #mayHaveParts: boolean | undefined
  #closed = false

  constructor(blobs: BlobBackend, options: FramedOptions) {
    this.#blobs = blobs
    this.#codec = { limits: options.limits }
    this.#chunks = new Chunks(blobs, options)
    this.#onError = options.onError
    const { compareAndSet: _, ...capabilities } = blobs.capabilities
    this.capabilities = capabilities
  }

  read(name: Name, call: Call): PromiseOrValue<Entry | undefined> {
    return this.#shared([name], call, () => this.#read(name, call))
  }

  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined> {
    return this.#shared([name], call, () => this.#readMeta(name, call))
  }

  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    return this.#shared(names, call, () => this.#readMany(names, call))
  }

  write(name: Name, entry: Entry, condition: Condition, call: Call): PromiseOrValue<Version> {
    const chunked = this.#chunks.plan(entry)
    const { meta } = chunked?.head ?? entry
    const frame = this.#encode(name, chunked?.head ?? entry)
    const put = (): PromiseOrValue<Version> => this.#blobs.put(name, frame, condition, call)
    return this.#exclusive([name], call, () =>
      this.#replacing(name, meta, call, () => {
        if (chunked === undefined) return put()
        this.#mayHaveParts = true
        return rescue(
          () => chain(chunked.write(call), put),
          (error) => chain(chunked.undo(call), () => fail(error)),
        )
      }),
    )
  }

  delete(name: Name, condition: Condition, call: Call): PromiseOrValue<boolean> {
    return this.#exclusive([name], call, () =>
      chain(this.#readMeta(name, call), (old) => {
        if (old === undefined && condition.ifVersion === undefined) return false
        return chain(this.#blobs.delete(name, condition, call), (deleted) =>
          chain(this.#chunks.drop(droppedParts(old), call), () => deleted && old !== undefined && isLive(old)),
        )
      }),
    )
  }

  update(name: Name, change: Change, call: Call): PromiseOrValue<Pair> {
    this.#checkOpen()
    return this.#queue.fold<Change, Pair>(name, call, change, (changes) =>
      retryConflicts(call, () => this.#update(name, changes, call)),
    )
  }

  batch(ops: readonly EntryOp[], { atomic }: { readonly atomic: boolean }, call: Call): PromiseOrValue<boolean[]> {
    const { atomicBatch } = this.capabilities
    if (atomic && ops.length > atomicBatch) throw atomicUnsupported(ops.length, atomicBatch)
    const plans = ops.map((op) => ('write' in op ? this.#chunks.plan(op.write[1]) : undefined))
    const encoded = ops.map((op, i): BlobOp => {
      if ('delete' in op) return op
      const [name, entry] = op.write
      return { put: [name, this.#encode(name, plans[i]?.head ?? entry)], ifVersion: op.ifVersion }
    })
    const names = ops.map(nameOf)
    const written = plans.filter((plan) => plan !== undefined)
    const apply = (): PromiseOrValue<void> =>
      this.#blobs.batch && ops.length <= atomicBatch
        ? this.#blobs.batch(encoded, call)
        : each(encoded, (op) => this.#apply(op, call))
    return this.#exclusive(names, call, () =>
      chain(this.#partsPossible(call), (parts) => {
        if (written.length > 0) this.#mayHaveParts = true
        const read = parts ? names : names.filter((_, i) => 'delete' in ops[i]!)
        return chain(this.#readMetas(read, call), (old) => {
          const { answers, dropped } = replay(ops, old, plans.map((plan) => plan?.head.meta))
          const applied = rescue(
            () => chain(each(written, (plan) => plan.write(call)), apply),
            (error) => chain(each(written, (plan) => plan.undo(call)), () => fail(error)),
          )
          return chain(applied, () => chain(this.#chunks.drop(dropped, call), () => answers))
        })
      }),
    )
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#listing(options, call, (range) =>
      chain(this.#blobs.list(range, call), ({ names, next }) => {
        const shown = names.filter((name) => isShown(name, range))
        return { names: shown, next: shown.length === names.length ? next : undefined }
      }),
    )
  }

  scan(options: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
    return this.#listing(options, call, (range) => {
      if (this.#blobs.scan === undefined) {
        return chain(this.list(range, call), ({ names, next }) =>
          chain(this.#readMany(names, call), (entries) => ({ entries: present(names, entries), next })),
        )
      }
      return chain(this.#blobs.scan(range, call), (page) => {
        const shown = page.entries.filter(([name]) => isShown(name, range))
        const next = shown.length === page.entries.length ? page.next : undefined
        const opened = mapInOrder(shown, ([name, blob]) => this.#open(name, blob, call))
        return chain(opened, (entries) => ({ entries: present(shown.map(([name]) => name), entries), next }))
      })
    })
  }

  readStream(name: Name, call: Call): PromiseOrValue<BinaryReader | undefined> {
    return this.#shared([name], call, () =>
      chain(this.#blobs.get(name, {}, call), (blob) => blob && this.#chunks.reader(name, this.#decode(name, blob.bytes), call)),
    )
  }

  /** The pieces come from the caller, who may use the store meanwhile: only the head's write takes its place in order. */
  writeStream(name: Name, meta: () => Meta, pieces: Pieces, call: Call): PromiseOrValue<void> {
    this.#checkOpen()
    return chain(this.#chunks.collect(meta(), pieces, call), ({ finish, undo }) => {
      this.#mayHaveParts = true
      const put = (): PromiseOrValue<void> => {
        const entry = finish(meta())
        const frame = this.#encode(name, entry)
        const written = this.#replacing(name, entry.meta, call, () => this.#blobs.put(name, frame, {}, call))
        return chain(written, () => undefined)
      }
      return rescue(
        () => this.#exclusive([name], call, put),
        (error) => chain(undo(), () => fail(error)),
      )
    })
  }

  flush(call: Call): PromiseOrValue<void> {
    return chain(call.sync ? undefined : this.#queue.idle(), () => this.#blobs.flush?.(call))
  }

  close(call: Call): PromiseOrValue<void> {
    this.#closed = true
    return chain(call.sync ? undefined : this.#queue.idle(), () => this.#blobs.close(call))
  }

  #shared<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#checkOpen()
    return this.#queue.shared(names, call, task)
  }

  #exclusive<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#checkOpen()
    return this.#queue.exclusive(names, call, task)
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreReleasedError('The store was released or deleted. Connect to it again.')
  }

  #read(name: Name, call: Call): PromiseOrValue<Entry | undefined> {
    return chain(this.#blobs.get(name, {}, call), (blob) => this.#open(name, blob, call))
  }

  #readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    if (this.#blobs.getMany === undefined) return mapInOrder(names, (name) => this.#read(name, call))
    return chain(this.#blobs.getMany(names, call), (blobs) =>
      mapInOrder(names.keys(), (i) => this.#open(names[i]!, blobs[i], call)),
    )
  }

  #readMeta(name: Name, call: Call, end = HEAD_BYTES): PromiseOrValue<Meta | undefined> {
    return chain(this.#blobs.get(name, { range: { start: 0, end } }, call), (blob) => {
      const meta = blob && decodeMeta(name, blob.bytes, this.#codec)
      return meta && 'needed' in meta ? this.#readMeta(name, call, meta.needed) : meta
    })
  }

  #readMetas(names: readonly Name[], call: Call): PromiseOrValue<Map<Name, Meta | undefined>> {
    const distinct = [...new Set(names)]
    const metas = mapInOrder(distinct, (name) => this.#readMeta(name, call))
    return chain(metas, (found) => new Map(distinct.map((name, i) => [name, found[i]])))
  }

  #open(name: Name, blob: Blob | undefined, call: Call): PromiseOrValue<Entry | undefined> {
    return blob && this.#chunks.whole(name, { ...this.#decode(name, blob.bytes), version: blob.version }, call)
  }

  #encode(name: Name, entry: Entry): Uint8Array {
    return encodeEntry(name, entry, this.#codec)
  }

  #decode(name: Name, frame: Uint8Array): Entry {
    return decodeEntry(name, frame, this.#codec)
  }

  #partsPossible(call: Call): PromiseOrValue<boolean> {
    if (this.#mayHaveParts !== undefined) return this.#mayHaveParts
    return chain(hasParts(this.#blobs, call), (found) => (this.#mayHaveParts ||= found))
  }

  /** Run `put`, which replaces what is under `name`, and remove the parts that only the replaced entry had. */
  #replacing<T>(name: Name, meta: Meta, call: Call, put: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return chain(this.#partsPossible(call), (possible) => {
      if (!possible) return put()
      return chain(this.#readMeta(name, call), (old) =>
        chain(put(), (result) => chain(this.#chunks.drop(droppedParts(old, meta), call), () => result)),
      )
    })
  }

  #update(name: Name, changes: readonly Change[], call: Call): PromiseOrValue<Outcome<Pair>[]> {
    const codec = {
      encode: (each: Name, entry: Entry) => this.#encode(each, entry),
      decode: (each: Name, frame: Uint8Array) => this.#decode(each, frame),
    }
    const { compareAndSet } = this.#blobs.capabilities
    const transact = (whole: Before | undefined): PromiseOrValue<Folded | undefined> => {
      let folded: Folded | undefined
      const fold = ([blob]: (Blob | undefined)[]): BlobOp[] => {
        const known = whole !== undefined && whole.blob?.version === blob?.version
        const before = known ? whole : this.#before(name, blob)
        if (before === undefined) return []
        folded = foldChanges(name, before, changes, codec, false)
        return [...folded.parts.map((put) => ({ put })), ...(folded.head ? [folded.head] : [])]
      }
      return chain(this.#blobs.transact!([name], fold, call), () => folded)
    }
    const inSteps = (whole: Before): PromiseOrValue<Folded> => {
      const folded = foldChanges(name, whole, changes, codec, compareAndSet)
      return chain(this.#applyFolded(folded, call), () => folded)
    }
    const inside = this.#blobs.transact ? transact(undefined) : undefined
    const done = chain(inside, (folded) => {
      if (folded !== undefined) return folded
      return chain(this.#wholeBefore(name, call), (whole) =>
        this.#blobs.transact
          ? chain(transact(whole), (again) => again ?? fail(new ConflictError(`The entry ${name} changed while it was being updated.`)))
          : inSteps(whole),
      )
    })
    return chain(done, ({ outcomes, dropped, parts }) => {
      if (parts.length > 0) this.#mayHaveParts = true
      return chain(this.#chunks.drop(dropped, call), () => outcomes)
    })
  }

  /** What changes start from, or `undefined` where the bytes are in chunks, which have to be read first. */
  #before(name: Name, blob: Blob | undefined): Before | undefined {
    if (blob === undefined) return { blob, meta: undefined, open: () => undefined }
    const first = this.#decode(name, blob.bytes)
    if (first.meta.own?.chunks) return undefined
    let fresh: Entry | undefined = first
    const open = (): Entry => {
      const entry = fresh ?? this.#decode(name, blob.bytes)
      fresh = undefined
      return entry
    }
    return { blob, meta: first.meta, open }
  }

  #wholeBefore(name: Name, call: Call): PromiseOrValue<Before> {
    return chain(this.#blobs.get(name, {}, call), (blob) => {
      const before = this.#before(name, blob)
      if (before) return before
      const { meta } = this.#decode(name, blob!.bytes)
      return chain(this.#chunks.whole(name, { meta, value: undefined }, call), ({ value }) => ({
        blob,
        meta,
        open: () => ({ meta: this.#decode(name, blob!.bytes).meta, value: (value as Uint8Array).slice() }),
      }))
    })
  }

  #applyFolded({ parts, head }: Folded, call: Call): PromiseOrValue<void> {
    if (head === undefined) return
    const slices: (typeof parts)[] = []
    for (let i = 0; i < parts.length; i += PARTS_AT_ONCE) slices.push(parts.slice(i, i + PARTS_AT_ONCE))
    const put = ([name, bytes]: readonly [Name, Uint8Array]): PromiseOrValue<Version> => this.#blobs.put(name, bytes, {}, call)
    return rescue(
      () =>
        chain(
          each(slices, (slice) => (call.sync ? each(slice, put) : Promise.all(slice.map(put)))),
          () => this.#apply(head, call),
        ),
      (error) => {
        const undone = rescue(() => removeAll(this.#blobs, parts.map(([name]) => name), { sync: call.sync }), this.#onError)
        return chain(undone, () => fail(error))
      },
    )
  }

  #apply(op: BlobOp, call: Call): PromiseOrValue<void> {
    const done = 'put' in op ? this.#blobs.put(...op.put, op, call) : this.#blobs.delete(op.delete, op, call)
    return chain<unknown, void>(done, () => undefined)
  }

  /** Our own names come after all others: a listing ends, or in reverse starts, before them. */
  #listing<T>(options: ListOptions, call: Call, page: (range: ListOptions) => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#checkOpen()
    const after = options.after ?? (options.reverse && !options.prefix ? '~' : undefined)
    return chain(call.sync ? undefined : this.#queue.idle(), () => page({ ...options, after }))
  }
}

function fail(error: unknown): never {
  throw error
}

function nameOf(op: EntryOp): Name {
  return 'write' in op ? op.write[0] : op.delete
}

function isShown(name: Name, { prefix }: ListOptions): boolean {
  return !name.startsWith('~') || prefix?.startsWith('~') === true
}

function present(names: readonly Name[], entries: readonly (Entry | undefined)[]): [Name, Entry][] {
  return names.flatMap((name, i): [Name, Entry][] => (entries[i] ? [[name, entries[i]]] : []))
}

/** What each op of a batch answers, and which parts nothing points to after all of them. */
function replay(
  ops: readonly EntryOp[],
  old: ReadonlyMap<Name, Meta | undefined>,
  heads: readonly (Meta | undefined)[],
): { answers: boolean[]; dropped: Name[] } {
  const now = new Map(old)
  const dropped: Name[] = []
  const answers = ops.map((op, i) => {
    const name = nameOf(op)
    const before = now.get(name)
    const after = 'write' in op ? (heads[i] ?? op.write[1].meta) : undefined
    now.set(name, after)
    dropped.push(...droppedParts(before, after))
    return 'write' in op || (before !== undefined && isLive(before))
  })
  return { answers, dropped }
}

function atomicUnsupported(ops: number, limit: number): AtomicUnsupportedError {
  return new AtomicUnsupportedError(
    `This backend applies ${limit === 0 ? 'no batch' : `at most ${limit} operations`} as one; the batch has ${ops}. Leave out { atomic: true } to have them applied in order.`,
  )
}
