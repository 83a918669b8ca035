import type { Backend, BinaryReader, BlobBackend, Call } from '../base/backend.ts'
import type { ChunksInfo, Entry, Meta, Name } from '../base/entry.ts'
import { ConflictError, CorruptEntryError, LimitExceededError } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, onFailure, repeat, rescue } from '../base/promise-or-value.ts'
import { decodeEntry, encodeEntry } from '../codec/codec.ts'
import { DEFAULT_LIMITS, type Limits } from '../codec/limits.ts'
import { chunkName, chunkPrefix, randomId, removeParts } from './parts.ts'

/** Binaries up to so many bytes are one frame, larger ones chunks of this size. */
export const CHUNK_SIZE: number = 1024 * 1024

/** The next piece of a binary, `undefined` after the last. */
export type Pieces = () => PromiseOrValue<Uint8Array | undefined>

export interface ChunksOptions {
  readonly limits?: Partial<Limits> | undefined
  readonly chunkSize?: number | undefined
  readonly onError: (error: unknown) => void
}

/** Large binaries: a head entry without value bytes, and the bytes in chunk entries under the head's write id. */
export class Chunks {
  readonly size: number
  readonly #blobs: BlobBackend
  readonly #limits: Limits
  readonly #onError: (error: unknown) => void
  /** How many readers hold the chunks whose names start so, and whether they are to go after the last of them. */
  readonly #held = new Map<Name, { readers: number; dropped: boolean }>()

  constructor(blobs: BlobBackend, { limits, chunkSize = CHUNK_SIZE, onError }: ChunksOptions) {
    this.#blobs = blobs
    this.#limits = { ...DEFAULT_LIMITS, ...limits }
    this.size = chunkSize
    this.#onError = onError
  }

  /** Write the pieces as they come, then `finish` with the head, or with the whole entry where one frame holds it. */
  write<T>(
    meta: () => Meta,
    pieces: Pieces,
    call: Call,
    finish: (entry: Entry) => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    const id = randomId()
    const block = new Uint8Array(this.size)
    let filled = 0
    let size = 0
    const flush = (): PromiseOrValue<unknown> => {
      const name = chunkName(id, Math.ceil(size / this.size) - 1)
      const { key, type, lastWrite } = meta()
      const chunk = { meta: { key, type, lastWrite }, value: block.subarray(0, filled) }
      filled = 0
      return this.#blobs.put(name, encodeEntry(name, chunk, { limits: this.#limits }), {}, call)
    }
    const add = (piece: Uint8Array): PromiseOrValue<void> =>
      repeat(() => {
        if (piece.length === 0) return false
        call.signal?.throwIfAborted()
        return chain(filled === this.size ? flush() : undefined, () => {
          const part = piece.subarray(0, this.size - filled)
          block.set(part, filled)
          filled += part.length
          size += part.length
          piece = piece.subarray(part.length)
          return true
        })
      })
    const addNext = (): PromiseOrValue<boolean> =>
      chain(pieces(), (piece) => piece !== undefined && chain(add(piece), () => true))
    return onFailure(
      () =>
        chain(repeat(addNext), () => {
          if (size <= this.size) return finish({ meta: meta(), value: block.subarray(0, filled) })
          return chain(flush(), () => {
            const last = meta()
            const chunks: ChunksInfo = { id, size, chunkSize: this.size }
            return finish({ meta: { ...last, own: { ...last.own, chunks } }, value: new Uint8Array(0) })
          })
        }),
      // What is left behind by this can be collected; the first error is the one to report.
      () =>
        size > this.size && rescue(() => removeParts(this.#blobs, chunkPrefix(id), { sync: call.sync }), this.#onError),
    )
  }

  /** The reader of a binary whose head or whole entry is `entry`. Its chunks stay until it is closed. */
  reader(name: Name, entry: Entry, call: Call): BinaryReader {
    const chunks = this.#chunksOf(name, entry)
    if (chunks === undefined) return wholeReader(entry)
    const prefix = chunkPrefix(chunks.id)
    const held = this.#held.get(prefix) ?? { readers: 0, dropped: false }
    this.#held.set(prefix, held)
    held.readers++
    return {
      meta: entry.meta,
      size: chunks.size,
      read: ({ start, end }) => this.#read(name, chunks, start, Math.min(end, chunks.size), call),
      close: () => {
        if (--held.readers > 0) return
        this.#held.delete(prefix)
        if (held.dropped) void rescue(() => removeParts(this.#blobs, prefix, { sync: call.sync }), this.#onError)
      },
    }
  }

  /** `entry` with all its bytes, if it is the head of a large binary. */
  whole(name: Name, entry: Entry, call: Call): PromiseOrValue<Entry> {
    const chunks = this.#chunksOf(name, entry)
    if (chunks === undefined) return entry
    if (chunks.size > this.#limits.bytes) {
      throw new LimitExceededError(
        `The binary ${name} has ${chunks.size} bytes, limits.bytes is ${this.#limits.bytes}. Read it in pieces: getBinary(key, reader).`,
      )
    }
    const next = this.#read(name, chunks, 0, chunks.size, call)
    const bytes = new Uint8Array(chunks.size)
    let filled = 0
    const all = repeat(() =>
      chain(next(), (piece) => {
        bytes.set(piece ?? [], filled)
        filled += piece?.length ?? 0
        return piece !== undefined
      }),
    )
    return chain(all, () => ({ ...entry, value: bytes }))
  }

  /**
   * Remove the parts whose names start with one of `prefixes`, those that are being read once that has ended. The write
   * that let go of them is done: nothing that goes wrong here makes it fail.
   */
  drop(prefixes: readonly Name[], { sync, durability }: Call): PromiseOrValue<void> {
    return each(prefixes, (prefix) => {
      const held = this.#held.get(prefix)
      if (held === undefined) return rescue(() => removeParts(this.#blobs, prefix, { sync, durability }), this.#onError)
      held.dropped = true
    })
  }

  #read(name: Name, { id, size, chunkSize }: ChunksInfo, position: number, end: number, call: Call): Pieces {
    return () => {
      if (position >= end) return undefined
      call.signal?.throwIfAborted()
      const index = Math.floor(position / chunkSize)
      const chunk = chunkName(id, index)
      return chain(this.#blobs.get(chunk, {}, call), (blob) => {
        if (blob === undefined) return this.#missing(name, id, index, call)
        const bytes = decodeEntry(chunk, blob.bytes, { limits: this.#limits }).value as Uint8Array
        const from = index * chunkSize
        if (bytes.length !== Math.min(chunkSize, size - from))
          throw new CorruptEntryError(`Chunk ${index} of the binary ${name} has a wrong size.`)
        const piece = bytes.subarray(position - from, end - from)
        position += piece.length
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

  /** Metadata comes from the store: its numbers are not to be trusted. */
  #chunksOf(name: Name, { meta }: Entry): ChunksInfo | undefined {
    const chunks = meta.own?.chunks
    if (chunks === undefined) return undefined
    const { id, size, chunkSize } = chunks
    if (typeof id === 'string' && Number.isSafeInteger(size) && Number.isSafeInteger(chunkSize) && chunkSize > 0)
      return chunks
    throw new CorruptEntryError(`The binary ${name} does not say where its chunks are.`)
  }
}

/** The binary under `name`, from a backend that streams or from one that keeps it whole. */
export function readStream(backend: Backend, name: Name, call: Call): PromiseOrValue<BinaryReader | undefined> {
  return backend.readStream
    ? backend.readStream(name, call)
    : chain(backend.read(name, call), (entry) => entry && wholeReader(entry))
}

/** A binary that is in memory as a whole. */
export function wholeReader({ meta, value }: Entry): BinaryReader {
  const bytes = value as Uint8Array
  return {
    meta,
    size: meta.type === 'binary' ? bytes.length : 0,
    read({ start, end }) {
      const pieces = start < Math.min(end, bytes.length) ? [bytes.subarray(start, end)] : []
      return () => pieces.pop()
    },
    close: () => undefined,
  }
}
