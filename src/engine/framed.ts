import type {
  ApplyOptions,
  Backend,
  Blob,
  BlobOp,
  BlobWrite,
  Call,
  Change,
  Condition,
  EntryOp,
  ListOptions,
  Pair,
} from '../base/backend.ts'
import { type Entry, type Meta, type Name, type Serializer, type Version, isLive } from '../base/entry.ts'
import { UnserializableValueError, atomicUnsupported } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain, mapInOrder, rescue } from '../base/promise-or-value.ts'
import { decodeEntry, decodeMeta, encodeEntry } from '../codec/codec.ts'
import { platformClone } from '../codec/platform-clone.ts'
import { Chunks, type ChunksOptions } from './chunks.ts'
import { applyOps, droppedParts, isPart, mayBeDone, randomId } from './parts.ts'
import { type Outcome, KeyQueue } from './queue.ts'
import { retryConflicts } from './retry.ts'
import type { WatchedBlobs } from './watched-blobs.ts'

/** Bytes of a blob that usually hold the whole metadata. */
const HEAD_BYTES = 4096

/** What of a blob is written and read. */
type Content = Pick<Blob, 'bytes' | 'beside'>

/** A class, because a getter of a literal costs more than all the rest. */
class ReadEntry implements Entry {
  meta: Meta
  value: unknown
  readonly serializer: Serializer
  readonly #blob: Blob

  constructor({ meta, value, serializer = 'cbor' }: Entry, blob: Blob) {
    this.meta = meta
    this.value = value
    this.serializer = serializer
    this.#blob = blob
  }

  /** Few ask for it. */
  get version(): Version {
    return this.#blob.version
  }
}

/** Entries over bytes: order per name, entry ↔ frame, large binaries in chunks, updates by what the engine can do. */
export function framed(blobs: WatchedBlobs, options: ChunksOptions): Backend {
  const { serializer } = options
  const capabilities = { ...blobs.capabilities, serializer }
  const many: ChunksOptions = { ...options, sharesBuffers: true }
  const queue = new KeyQueue()
  const chunks = new Chunks(blobs, options)
  /** Whether the store has any parts that an overwritten entry may leave; asked once, before the first write. */
  let mayHaveParts: boolean | undefined

  const partsPossible = (call: Call): PromiseOrValue<boolean> =>
    mayHaveParts ??
    chain(
      blobs.list({ prefix: '~', limit: 2 }, call),
      ({ names }) => (mayHaveParts ||= names.some((name) => name !== DESCRIPTOR_NAME)),
    )

  const get = (names: readonly Name[], call: Call): PromiseOrValue<(Blob | undefined)[]> =>
    blobs.getMany && names.length > 1
      ? blobs.getMany(names, call)
      : mapInOrder(names, (name) => blobs.get(name, {}, call))

  const encode = (name: Name, entry: Entry, encoding: ChunksOptions = options): Content => {
    const { meta, value } = entry
    if (meta.own) mayHaveParts = true
    if (serializer !== 'structured-clone' || meta.type === 'binary')
      return { bytes: encodeEntry(name, entry, encoding) }
    // The frame is what tells one write from the next, and it has nothing of the value.
    const own = { ...meta.own, writeId: randomId() }
    const beside = { value: platformClone(value) }
    return { bytes: encodeEntry(name, { ...entry, meta: { ...meta, own } }, encoding), beside }
  }

  const putOp = (
    name: Name,
    { bytes, beside }: Content,
    ifVersion?: Condition['ifVersion'],
    write?: BlobWrite,
  ): BlobOp => ({ put: [name, bytes], beside, ifVersion, notice: write?.notice, expires: write?.expires })

  const decode = (name: Name, { bytes, beside }: Content): Entry => {
    const { meta, value } = decodeEntry(name, bytes, options, beside)
    return { meta, value, serializer: beside ? 'structured-clone' : 'cbor' }
  }

  const open = (name: Name, blob: Blob | undefined, call: Call): PromiseOrValue<Entry | undefined> => {
    if (blob === undefined) return undefined
    const entry = new ReadEntry(decode(name, blob), blob)
    return entry.meta.own?.chunks ? chunks.read(name, entry, call) : entry
  }

  const load = (name: Name, call: Call): PromiseOrValue<Entry | undefined> =>
    chain(blobs.get(name, {}, call), (blob) => open(name, blob, call))

  const loadMany = (names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> =>
    chain(get(names, call), (found) => mapInOrder(found, (blob, i) => open(names[i]!, blob, call)))

  const readMeta = (name: Name, call: Call, end: number): PromiseOrValue<Meta | undefined> =>
    chain(blobs.get(name, { range: { start: 0, end } }, call), (blob) => {
      const meta = blob && decodeMeta(name, blob.bytes, options)
      if (meta === undefined || !('needed' in meta)) return meta
      // The blob ends before its metadata does: decoding says so.
      return blob!.bytes.length < end ? decode(name, blob!).meta : readMeta(name, call, meta.needed)
    })

  /** What is known of the metadata of what is about to go: a damaged entry must not stand in the way of its own removal. */
  const metaOf = (name: Name, blob: Blob | undefined): Partial<Meta> | undefined => {
    try {
      return blob && (decodeMeta(name, blob.bytes, options) as Partial<Meta>)
    } catch {
      return {}
    }
  }

  /** Read, and write what `fn` makes of it: in one transaction where the engine has them. */
  const transact = (
    names: readonly Name[],
    fn: (found: (Blob | undefined)[]) => readonly BlobOp[],
    call: Call,
    options?: ApplyOptions,
  ): PromiseOrValue<void> =>
    blobs.transact
      ? blobs.transact(names, fn, call)
      : chain(get(names, call), (found) => apply(fn(found), call, options))

  /** Where the engine does not take all as one, parts whose head could not follow are taken back. */
  const apply = (ops: readonly BlobOp[], call: Call, options?: ApplyOptions): PromiseOrValue<void> => {
    const isOne = blobs.batch && ops.length <= capabilities.atomicBatch
    const parts = isOne ? [] : ops.flatMap((op) => ('put' in op && isPart(op.put[0]) ? [op.put[0]] : []))
    return rescue(
      () => applyOps(blobs, ops, call, options),
      (error) =>
        chain(mayBeDone(blobs, error, call) ? undefined : chunks.delete(parts, call), () => {
          throw error
        }),
    )
  }

  /** Put an entry in the place of what is under `name`, and remove the parts that only the replaced one had. */
  const replace = (
    name: Name,
    entry: Entry,
    condition: Condition,
    call: Call,
    content: Content = encode(name, entry),
  ): PromiseOrValue<Version | undefined> => {
    const { notice, expires } = writeOf(entry.meta)
    const put = { ifVersion: condition.ifVersion, notice, expires, beside: content.beside }
    let dropped: readonly Name[] = []
    const swap = ([blob]: (Blob | undefined)[]): BlobOp[] => {
      dropped = droppedParts(metaOf(name, blob), entry.meta)
      return [{ ...put, put: [name, content.bytes] }]
    }
    return chain(partsPossible(call), (possible): PromiseOrValue<Version | undefined> =>
      possible
        ? chain(transact([name], swap, call), () => chain(chunks.delete(dropped, call), () => undefined))
        : blobs.put(name, content.bytes, put, call),
    )
  }

  const batch = (ops: readonly EntryOp[], options: ApplyOptions, call: Call): PromiseOrValue<boolean[]> => {
    if (options.atomic && ops.length > capabilities.atomicBatch) {
      throw atomicUnsupported(ops.length, capabilities)
    }
    const encoded = ops.map((op) => {
      if ('delete' in op) return op
      const [name, entry] = op.write
      return putOp(name, encode(name, entry, many), op.ifVersion, writeOf(entry.meta))
    })
    const results = ops.map((op): readonly [Name, Entry?] => ('write' in op ? op.write : [op.delete]))
    const dropped: Name[] = []
    let answers: boolean[] = []
    return queue.exclusive(
      results.map(([name]) => name),
      call,
      () =>
        chain(partsPossible(call), (possible) => {
          // What is to be at a version is looked at in the same transaction.
          const isRead = (i: number): boolean => possible || !results[i]![1] || ops[i]!.ifVersion !== undefined
          const names = results.filter((_, i) => isRead(i)).map(([name]) => name)
          if (names.length === 0)
            return chain(
              transact([], () => encoded, call, options),
              () => results.map(() => true),
            )
          const replay = (found: (Blob | undefined)[]): BlobOp[] => {
            const metas = new Map(names.map((name, i) => [name, metaOf(name, found[i])]))
            answers = []
            return encoded.map((op, i) => {
              const [name, entry] = results[i]!
              const before = metas.get(name)
              metas.set(name, entry?.meta)
              dropped.push(...droppedParts(before, entry?.meta))
              const removed = entry ? undefined : noticeOfRemoved(before)
              answers.push(entry !== undefined || removed !== undefined)
              return removed ? { ...op, notice: removed } : op
            })
          }
          return chain(transact(names, replay, call, options), () => chain(chunks.delete(dropped, call), () => answers))
        }),
    )
  }

  /**
   * Apply several changes of one entry in order, each to what the one before left, and each encoded at once: one that
   * throws, or whose result cannot be stored, fails alone. A change that answers with the very entry it got writes
   * nothing. `whole` is a large binary of which the blob is only the head.
   */
  const update = (
    name: Name,
    changes: readonly Change[],
    call: Call,
    whole?: Entry,
  ): PromiseOrValue<readonly Outcome<Pair>[]> => {
    let outcomes: Outcome<Pair>[] | undefined
    let dropped: Name[] = []
    const fold = ([blob]: (Blob | undefined)[]): BlobOp[] => {
      let decoded = rescue(
        () => blob && decode(name, blob),
        () => undefined,
      ) as Entry | undefined
      const before = decoded?.meta ?? metaOf(name, blob)
      let meta = before
      let content: Content | undefined = blob
      const ops: BlobOp[] = []
      const large = meta?.own?.chunks
      outcomes = undefined
      if (large && whole?.version !== blob?.version) return ops
      dropped = []
      outcomes = changes.map((change) => {
        try {
          // Decoded anew for each, so that no change sees another's objects.
          const old = decoded ?? (content && decode(name, content))
          decoded = undefined
          if (old && large && content === blob) old.value = (whole!.value as Uint8Array).slice()
          if (old && content?.beside) old.value = platformClone(old.value)
          const next = change(old)
          if (next !== old) {
            const encoded = next && encode(name, next)
            for (const [part, entry] of next?.parts ?? []) ops.push(putOp(part, encode(part, entry)))
            dropped.push(...droppedParts(meta, next?.meta))
            meta = next?.meta
            content = encoded
          }
          return { value: [old, next] }
        } catch (error) {
          return { error }
        }
      })
      const ifVersion = capabilities.compareAndSet ? (blob?.version ?? null) : undefined
      if (content !== blob) {
        ops.push(
          content
            ? putOp(name, content, ifVersion, writeOf(meta as Meta))
            : { delete: name, ifVersion, notice: noticeOfRemoved(before) },
        )
      }
      return ops
    }
    return chain(transact([name], fold, call), () =>
      outcomes
        ? chain(chunks.delete(dropped, call), () => outcomes!)
        : chain(load(name, call), (entry) => update(name, changes, call, entry)),
    )
  }

  /** Not all that the platform clones it stores, and it says so in the transaction: then each change goes by itself. */
  const updateAll = (name: Name, changes: readonly Change[], call: Call): PromiseOrValue<readonly Outcome<Pair>[]> => {
    const attempt = (): PromiseOrValue<readonly Outcome<Pair>[]> => update(name, changes, call)
    if (capabilities.compareAndSet) return retryConflicts(call, attempt)
    if (serializer !== 'structured-clone') return attempt()
    return rescue<readonly Outcome<Pair>[]>(attempt, (error) => {
      if (!(error instanceof UnserializableValueError)) throw error
      if (changes.length === 1) return [{ error }]
      return chain(
        mapInOrder(changes, (change) => updateAll(name, [change], call)),
        (outcomes) => outcomes.flat(),
      )
    })
  }

  /** Our own names come after all others: a listing ends, or in reverse starts, before them. */
  const listing = <Page extends { readonly next?: Name | undefined }>(
    options: ListOptions,
    call: Call,
    read: (range: ListOptions, isShown: (name: Name) => boolean) => PromiseOrValue<Page>,
  ): PromiseOrValue<Page> => {
    const { prefix, reverse } = options
    // The parts of an entry are listed by who holds it.
    const own = prefix?.startsWith('~')
    const isShown = (name: Name): boolean => own || !name.startsWith('~')
    const after = options.after ?? (reverse && !prefix ? '~' : undefined)
    return chain(own || queue.idle(call), () =>
      chain(read({ ...options, after, skipsOwn: !own }, isShown), (page) =>
        page.next && !isShown(page.next) ? { ...page, next: undefined } : page,
      ),
    )
  }

  const backend: Backend = {
    capabilities,
    read: (name, call) => queue.shared([name], call, () => load(name, call)),
    readMeta: (name, call) => queue.shared([name], call, () => readMeta(name, call, HEAD_BYTES)),
    readMany: (names, call) => queue.shared(names, call, () => loadMany(names, call)),
    hold: (name, call, use) => queue.shared([name], call, () => chain(load(name, call), use)),

    write(name, entry, condition, call) {
      const { meta, value } = entry
      if (meta.type === 'binary' && (value as Uint8Array).length > chunks.size) {
        const pieces = [value as Uint8Array]
        return queue.exclusive([name], call, () =>
          chunks.write(
            () => meta,
            () => pieces.pop(),
            call,
            (head) => replace(name, head, condition, call),
          ),
        )
      }
      const content = encode(name, entry)
      return queue.exclusive([name], call, () => replace(name, entry, condition, call, content))
    },

    delete: (name, condition, call) =>
      chain(batch([{ delete: name, ...condition }], { atomic: false }, call), ([deleted]) => deleted!),

    update: (name, change, call) =>
      queue.fold(name, call, change, (changes: readonly Change[]) => updateAll(name, changes, call)),

    batch,

    list: (options, call) =>
      listing(options, call, (range, isShown) =>
        chain(blobs.list(range, call), ({ names, next }) => ({ names: shown(names, isShown), next })),
      ),

    readStream: (name, call) =>
      queue.shared([name], call, () =>
        chain(blobs.get(name, {}, call), (blob) => blob && chunks.open(name, decode(name, blob), call)),
      ),

    /** The pieces come from the caller, who may use the store meanwhile: only the head's write takes its place in order. */
    writeStream: (name, meta, pieces, call) =>
      chain(
        chunks.write(meta, pieces, call, (entry) =>
          queue.exclusive([name], call, () => replace(name, entry, {}, call)),
        ),
        () => undefined,
      ),

    watch: (watcher) => blobs.watch(watcher),
    flush: (call) => chain(queue.idle(call), () => blobs.flush?.(call)),
    close: (call) => chain(queue.close(call), () => blobs.close(call)),
  }
  if (blobs.scan) {
    backend.scan = (options, call) =>
      listing(options, call, (range, isShown) =>
        chain(blobs.scan!(range, call), ({ entries, next }) => {
          const blobsShown = shown(entries, ([name]) => isShown(name))
          const opened = mapInOrder(blobsShown, ([name, blob]) =>
            chain(open(name, blob, call), (entry): [Name, Entry] => [name, entry!]),
          )
          return chain(opened, (decoded) => ({ entries: decoded, next }))
        }),
      )
  }
  return backend
}

/** The items of a page that are shown. Those that are not stand together at one of its ends. */
function shown<T>(items: T[], isShown: (item: T) => boolean): T[] {
  const all = items.length === 0 || (isShown(items[0]!) && isShown(items.at(-1)!))
  return all ? items : items.filter(isShown)
}

/** What goes with the write of an entry. One with parts is not left to the engine to remove: they would stay behind. */
function writeOf({ key, expires, own }: Meta): BlobWrite {
  return { notice: { key }, expires: own?.chunks || own?.log || own?.['tier'] ? undefined : expires?.getTime() }
}

function noticeOf({ key }: Partial<Meta>): BlobWrite['notice'] {
  return { key }
}

/** Nothing is told of what was missing, or has expired before. */
function noticeOfRemoved(meta: Partial<Meta> | undefined): BlobWrite['notice'] {
  return meta && isLive(meta as Meta) ? noticeOf(meta) : undefined
}
