import type { BinaryReader, BlobBackend, ByteRange, Call } from '../base/backend.ts'
import type { ChunksInfo, Entry, Meta, Name } from '../base/entry.ts'
import { ConflictError, CorruptEntryError, LimitExceededError } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, repeat, rescue } from '../base/promise-or-value.ts'
import { decodeEntry, encodeEntry } from '../codec/codec.ts'
import { DEFAULT_LIMITS, type Limits } from '../codec/limits.ts'
import { chunkName, chunkPrefix, randomId, removeParts } from './parts.ts'

const DEFAULT_CHUNK_SIZE = 1024 * 1024

export type Pieces = () => PromiseOrValue<Uint8Array | undefined>

/** A large binary on its way in: `head` is what to write once `write` is done, or to give up by `undo`. */
export interface ChunkedWrite {
  readonly head: Entry
  write(call: Call): PromiseOrValue<void>
  undo(call: Call): PromiseOrValue<void>
}

/** Large binaries: a head entry without value bytes, and the bytes in chunk entries under the head's write id. */
export class Chunks {
  readonly #blobs: BlobBackend
  readonly #limits: Limits
  readonly #size: number
  readonly #onError: (error: unknown) => void
  /** How many readers hold the chunks of a write id, and whether they are to go after the last of them. */
  readonly #held = new Map<string, { readers: number; removed: boolean }>()

  constructor(
    blobs: BlobBackend,
    options: { limits?: Partial<Limits> | undefined; chunkSize?: number | undefined; onError: (error: unknown) => void },
  ) {
    this.#blobs = blobs
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits }
    this.#size = options.chunkSize ?? DEFAULT_CHUNK_SIZE
    this.#onError = options.onError
  }

  /** How to write `entry` if it is a binary too large for one frame. The bytes are read when `write` runs. */
  plan(entry: Entry): ChunkedWrite | undefined {
    const bytes = entry.value
    if (entry.meta.type !== 'binary' || !(bytes instanceof Uint8Array) || bytes.byteLength <= this.#size) return undefined
    const chunks: ChunksInfo = { id: randomId(), size: bytes.byteLength, chunkSize: this.#size }
    return {
      head: headOf(entry.meta, chunks),
      write: (call) =>
        each(Array(Math.ceil(bytes.byteLength / this.#size)).keys(), (index) => {
          call.signal?.throwIfAborted()
          return this.#writeChunk(entry.meta, chunks.id, index, bytes.subarray(index * this.#size, (index + 1) * this.#size), call)
        }),
      undo: (call) => this.#undo(chunks.id, call),
    }
  }

  /** Write the pieces as they come. `finish` makes the head, or the whole entry where one frame holds it. */
  collect(
    meta: Meta,
    pieces: Pieces,
    call: Call,
  ): PromiseOrValue<{ finish(meta: Meta): Entry; undo(): PromiseOrValue<void> }> {
    const id = randomId()
    const block = new Uint8Array(this.#size)
    let filled = 0
    let count = 0
    let size = 0
    const flush = (): PromiseOrValue<void> => {
      const chunk = block.subarray(0, filled)
      filled = 0
      return this.#writeChunk(meta, id, count++, chunk, call)
    }
    const add = (piece: Uint8Array): PromiseOrValue<void> => {
      size += piece.byteLength
      let taken = 0
      return repeat(() => {
        if (taken === piece.byteLength) return false
        return chain(filled === this.#size ? flush() : undefined, () => {
          const part = piece.subarray(taken, taken + this.#size - filled)
          block.set(part, filled)
          filled += part.byteLength
          taken += part.byteLength
          return true
        })
      })
    }
    const undo = (): PromiseOrValue<void> => (count > 0 ? this.#undo(id, call) : undefined)
    const read = (): PromiseOrValue<boolean> => {
      call.signal?.throwIfAborted()
      return chain(pieces(), (piece) => (piece === undefined ? false : chain(add(piece), () => true)))
    }
    return rescue(
      () =>
        chain(repeat(read), () => {
          if (count === 0) return { finish: (last: Meta) => ({ meta: last, value: block.subarray(0, filled) }), undo }
          return chain(flush(), () => ({ finish: (last: Meta) => headOf(last, { id, size, chunkSize: this.#size }), undo }))
        }),
      (error) =>
        chain(undo(), () => {
          throw error
        }),
    )
  }

  /** The reader of a binary whose head or whole entry is `entry`. Its chunks stay until it is closed. */
  reader(name: Name, entry: Entry, call: Call): BinaryReader {
    const { chunks } = entry.meta.own ?? {}
    if (chunks === undefined) return wholeReader(entry)
    this.#check(name, chunks)
    this.#hold(chunks.id)
    let open = true
    return {
      meta: entry.meta,
      size: chunks.size,
      read: ({ start, end }) => this.#read(name, chunks, start, Math.min(end, chunks.size), call),
      close: () => {
        if (open) this.#letGo(chunks.id, call)
        open = false
      },
    }
  }

  /** All bytes of a binary whose head is `entry`; the entry itself if it is not chunked. */
  whole(name: Name, entry: Entry, call: Call): PromiseOrValue<Entry> {
    const { chunks } = entry.meta.own ?? {}
    if (chunks === undefined) return entry
    this.#check(name, chunks)
    if (chunks.size > this.#limits.bytes) {
      throw new LimitExceededError(
        `The binary ${name} has ${chunks.size} bytes, more than the limit of ${this.#limits.bytes}. Read it in pieces with getBinary(key, reader), or raise limits.bytes.`,
      )
    }
    const bytes = new Uint8Array(chunks.size)
    const next = this.#read(name, chunks, 0, chunks.size, call)
    let filled = 0
    const all = repeat(() =>
      chain(next(), (piece) => {
        if (piece === undefined) return false
        bytes.set(piece, filled)
        filled += piece.byteLength
        return true
      }),
    )
    return chain(all, () => ({ ...entry, value: bytes }))
  }

  /** Remove the parts whose names start with one of `prefixes`, those that are being read once that has ended. */
  drop(prefixes: readonly Name[], call: Call): PromiseOrValue<void> {
    return each(prefixes, (prefix) => {
      const held = this.#held.get(idOf(prefix))
      if (held === undefined) return removeParts(this.#blobs, prefix, call)
      held.removed = true
    })
  }

  #read(name: Name, { id, size, chunkSize }: ChunksInfo, start: number, end: number, call: Call): Pieces {
    let position = start
    return () => {
      if (position >= end) return undefined
      call.signal?.throwIfAborted()
      const index = Math.floor(position / chunkSize)
      const chunk = chunkName(id, index)
      const from = index * chunkSize
      return chain(this.#blobs.get(chunk, {}, call), (blob) => {
        if (blob === undefined) return this.#missing(name, id, index, call)
        const bytes = decodeEntry(chunk, blob.bytes, { limits: this.#limits }).value
        if (!(bytes instanceof Uint8Array) || bytes.byteLength !== Math.min(chunkSize, size - from)) {
          throw new CorruptEntryError(`Chunk ${index} of the binary ${name} does not have the size that its head says.`)
        }
        const piece = bytes.subarray(position - from, end - from)
        position += piece.byteLength
        return piece
      })
    }
  }

  /** A chunk is gone: with its head, because another process has replaced the binary meanwhile, or for no good reason. */
  #missing(name: Name, id: string, index: number, call: Call): PromiseOrValue<never> {
    return chain(this.#blobs.get(name, {}, call), (blob) => {
      if (blob && decodeEntry(name, blob.bytes, { limits: this.#limits }).meta.own?.chunks?.id === id) {
        throw new CorruptEntryError(`Chunk ${index} of the binary ${name} is missing.`)
      }
      throw new ConflictError(`The binary ${name} was replaced or deleted while it was being read. Read it again.`)
    })
  }

  /** Metadata comes from the store: do not trust its numbers. */
  #check(name: Name, { id, size, chunkSize }: ChunksInfo): void {
    const sound = typeof id === 'string' && Number.isSafeInteger(size) && size >= 0 && Number.isSafeInteger(chunkSize) && chunkSize > 0
    if (!sound) throw new CorruptEntryError(`The head of the binary ${name} does not say where its chunks are.`)
  }

  #writeChunk(head: Meta, id: string, index: number, bytes: Uint8Array, call: Call): PromiseOrValue<void> {
    const name = chunkName(id, index)
    const meta: Meta = { key: head.key, type: 'binary', lastWrite: head.lastWrite }
    const frame = encodeEntry(name, { meta, value: bytes }, { limits: this.#limits })
    return chain(this.#blobs.put(name, frame, {}, call), () => undefined)
  }

  /** The error that made us give up is the one to report; what is left behind can be collected. */
  #undo(id: string, call: Call): PromiseOrValue<void> {
    const quiet: Call = { sync: call.sync, durability: 'relaxed' }
    return rescue(() => removeParts(this.#blobs, chunkPrefix(id), quiet), this.#onError)
  }

  #hold(id: string): void {
    const held = this.#held.get(id)
    if (held) held.readers++
    else this.#held.set(id, { readers: 1, removed: false })
  }

  #letGo(id: string, call: Call): void {
    const held = this.#held.get(id)!
    if (--held.readers > 0) return
    this.#held.delete(id)
    if (held.removed) void rescue(() => removeParts(this.#blobs, chunkPrefix(id), call), this.#onError)
  }
}

function headOf(meta: Meta, chunks: ChunksInfo): Entry {
  return { meta: { ...meta, own: { ...meta.own, chunks } }, value: new Uint8Array(0) }
}

/** `~c<id>-` → id */
function idOf(prefix: Name): string {
  return prefix.slice(2, -1)
}

/** A binary that is in memory as a whole. */
export function wholeReader({ meta, value }: Entry): BinaryReader {
  const bytes = value as Uint8Array
  return {
    meta,
    size: bytes.byteLength,
    read: ({ start, end }: ByteRange) => {
      let rest: Uint8Array | undefined = bytes.subarray(start, end)
      return () => {
        const piece = rest?.byteLength ? rest : undefined
        rest = undefined
        return piece
      }
    },
    close: () => undefined,
  }
}
