import type { Backend, BinaryReader, BlobBackend, Call } from '../base/backend.ts'
import type { ChunksInfo, Entry, Meta, Name } from '../base/entry.ts'
import { ConflictError } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, repeat, rescue } from '../base/promise-or-value.ts'
import { type CodecOptions, decodeEntry, encodeEntry } from '../codec/codec.ts'
import { joinBytes } from '../codec/cbor-text.ts'
import { corrupt } from '../codec/frame.ts'
import { DEFAULT_LIMITS, exceeded } from '../codec/limits.ts'
import { chunkName, chunkPrefix, mayBeDone, randomId, removeParts } from './parts.ts'

/** Binaries up to so many bytes are one frame, larger ones chunks of this size. */
export const CHUNK_SIZE: number = 1024 * 1024

/** The next piece of a binary, `undefined` after the last. */
export type Pieces = () => PromiseOrValue<Uint8Array | undefined>

export interface ChunksOptions extends CodecOptions {
  readonly chunkSize?: number | undefined
  readonly onError: (error: unknown) => void
}

/** Large binaries: a head entry without value bytes, and the bytes in chunk entries under the head's write id. */
export class Chunks {
  readonly size: number
  readonly #blobs: BlobBackend
  readonly #options: ChunksOptions
  /** How many readers hold the chunks whose names start so, and whether they are to go after the last of them. */
  readonly #held = new Map<Name, { readers: number; dropped: boolean }>()

  constructor(blobs: BlobBackend, options: ChunksOptions) {
    this.#blobs = blobs
    this.#options = options
    this.size = options.chunkSize ?? CHUNK_SIZE
  }

  /** Write the pieces as they come, then `finish` with the head, or with the whole entry where one frame holds it. */
  write<T>(
    meta: () => Meta,
    pieces: Pieces,
    call: Call,
    finish: (entry: Entry) => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    const id = randomId()
    const { size: chunkSize } = this
    const block = new Uint8Array(chunkSize)
    let filled = 0
    let count = 0
    let piece: Uint8Array | undefined = block.subarray(0, 0)
    let finishing = false
    const flush = (): PromiseOrValue<unknown> => {
      const name = chunkName(id, count++)
      const { key, type, lastWrite } = meta()
      const chunk = { meta: { key, type, lastWrite }, value: block.subarray(0, filled) }
      filled = 0
      return this.#blobs.put(name, encodeEntry(name, chunk, this.#options), {}, call)
    }
    const step = (): PromiseOrValue<boolean> => {
      const rest = piece!
      if (rest.length === 0) return chain(pieces(), (next) => (piece = next) !== undefined)
      call.signal?.throwIfAborted()
      return chain(filled === chunkSize && flush(), () => {
        const part = rest.subarray(0, chunkSize - filled)
        block.set(part, filled)
        filled += part.length
        piece = rest.subarray(part.length)
        return true
      })
    }
    const last = (): PromiseOrValue<T> => {
      const chunks = count > 0 && { id, size: count * chunkSize + filled, chunkSize }
      return chain(chunks && flush(), () => {
        const head = meta()
        const entry = {
          meta: chunks ? { ...head, own: { ...head.own, chunks } } : head,
          value: block.subarray(0, filled),
        }
        finishing = true
        return finish(entry)
      })
    }
    return rescue(
      () => chain(repeat(step), last),
      (error) =>
        // A head that may be there needs its chunks.
        chain(
          finishing && mayBeDone(this.#blobs, error, call) ? undefined : this.#remove(chunkPrefix(id), call),
          () => {
            throw error
          },
        ),
    )
  }

  /** The reader of a binary whose head or whole entry is `entry`. Its chunks stay until it is closed. */
  open(name: Name, entry: Entry, call: Call): BinaryReader {
    const chunks = chunksOf(name, entry)
    if (chunks === undefined) return wholeReader(entry)
    const prefix = chunkPrefix(chunks.id)
    const held = this.#held.get(prefix) ?? { readers: 0, dropped: false }
    this.#held.set(prefix, held)
    held.readers++
    return {
      meta: entry.meta,
      size: chunks.size,
      read: ({ start, end }) => this.#pieces(name, chunks, start, Math.min(end, chunks.size), call),
      close: () => {
        if (--held.readers > 0) return
        this.#held.delete(prefix)
        if (held.dropped) void this.#remove(prefix, call)
      },
    }
  }

  /** `entry` with all its bytes, if it is the head of a large binary. */
  read(name: Name, entry: Entry, call: Call): PromiseOrValue<Entry> {
    const chunks = chunksOf(name, entry)
    if (chunks === undefined) return entry
    const limit = this.#options.limits?.bytes ?? DEFAULT_LIMITS.bytes
    const { size } = chunks
    if (size > limit) throw exceeded(`${limit} bytes. Read it in pieces: getBinary(key, reader).`)
    return chain(collect(this.#pieces(name, chunks, 0, size, call)), (value) => {
      entry.value = value
      return entry
    })
  }

  /**
   * Remove the parts whose names start with one of `prefixes`, those that are being read once that has ended. The write
   * that let go of them is done: nothing that goes wrong here makes it fail.
   */
  delete(prefixes: readonly Name[], call: Call): PromiseOrValue<void> {
    return each(prefixes, (prefix) => {
      const held = this.#held.get(prefix)
      if (held === undefined) return this.#remove(prefix, call)
      held.dropped = true
    })
  }

  /** What is left behind by a failure can be collected. */
  #remove(prefix: Name, { sync, durability }: Call): PromiseOrValue<void> {
    return rescue(() => removeParts(this.#blobs, prefix, { sync, durability }), this.#options.onError)
  }

  #pieces(name: Name, { id, size, chunkSize }: ChunksInfo, position: number, end: number, call: Call): Pieces {
    return () => {
      if (position >= end) return undefined
      call.signal?.throwIfAborted()
      const index = Math.floor(position / chunkSize)
      const chunk = chunkName(id, index)
      const from = index * chunkSize
      return chain(this.#blobs.get(chunk, {}, call), (blob) => {
        const bytes = blob && (decodeEntry(chunk, blob.bytes, this.#options).value as Uint8Array)
        if (bytes?.length === Math.min(chunkSize, size - from)) {
          const piece = bytes.subarray(position - from, end - from)
          position += piece.length
          return piece
        }
        // It is gone with its head, because another process has replaced the binary meanwhile, or for no good reason.
        return chain(this.#blobs.get(name, {}, call), (head) => {
          throw head && decodeEntry(name, head.bytes, this.#options, head.beside).meta.own?.chunks?.id === id
            ? corrupt(name, `chunk ${index} is missing or has a wrong size`)
            : new ConflictError(`The entry ${name} was replaced while it was read. Read it again.`)
        })
      })
    }
  }
}

/** Metadata comes from the store: its numbers are not to be trusted. */
function chunksOf(name: Name, { meta }: Entry): ChunksInfo | undefined {
  const chunks = meta.own?.chunks
  if (chunks === undefined) return undefined
  const { id, size, chunkSize } = chunks
  if (/^\w+$/.test(id) && size >= 0 && chunkSize > 0 && Number.isSafeInteger(size + chunkSize)) return chunks
  throw corrupt(name, 'it does not say where its chunks are')
}

/** All pieces as one. */
export function collect(next: Pieces): PromiseOrValue<Uint8Array> {
  const pieces: Uint8Array[] = []
  const all = repeat(() => chain(next(), (piece) => piece !== undefined && pieces.push(piece) > 0))
  return chain(all, () => joinBytes(pieces))
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
      const pieces = [bytes.subarray(start, end)].filter((piece) => piece.length > 0)
      return () => pieces.pop()
    },
    close: () => undefined,
  }
}
