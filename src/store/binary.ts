import type { BinaryReader, ByteRange, Call } from '../base/backend.ts'
import type { Entry, Key } from '../base/entry.ts'
import { isLive } from '../base/entry.ts'
import { NotBinaryError } from '../base/errors.ts'
import { type PromiseOrValue, chain, ensure, isPromise, repeat } from '../base/promise-or-value.ts'
import { wholeReader } from '../engine/chunks.ts'
import { type Context, about, nameIn, run } from './context.ts'
import { fire } from './hooks.ts'
import { newMeta, presentMeta } from './meta.ts'
import type { Scope } from './scope.ts'
import type { BinaryInput, CallOptions, SetOptions, StoredBinary } from './types.ts'

type Pieces = () => PromiseOrValue<Uint8Array | undefined>

export function getBinary<T>(
  context: Context,
  key: Key,
  read: (binary: StoredBinary) => PromiseOrValue<T>,
  options?: CallOptions,
): PromiseOrValue<T | undefined> {
  return run(context, options, (call, backend) =>
    about(key, () => {
      const name = nameIn(context, key)
      const opened = backend.readStream
        ? backend.readStream(name, call)
        : chain(backend.read(name, call), (entry) => entry && wholeReader(entry))
      return chain(opened, (reader) => {
        if (reader === undefined) return undefined
        return ensure(
          () => {
            if (!isLive(reader.meta)) return undefined
            if (reader.meta.type !== 'binary') throw notBinary(key)
            return read(storedBinary(reader, context.scope, call))
          },
          () => reader.close(),
        )
      })
    }),
  )
}

export function setBinary(context: Context, key: Key, input: BinaryInput, options?: SetOptions): PromiseOrValue<void> {
  return run(context, options, (call, backend) =>
    about(key, () => {
      const name = nameIn(context, key)
      const inner = context.scope.inner(key)
      let meta = newMeta(inner, 'binary', options)
      const bytes = toBytes(input)
      const write = (value: Uint8Array): PromiseOrValue<unknown> => backend.write(name, { meta, value } satisfies Entry, {}, call)
      const source = bytes ? undefined : toPieces(input, call)
      const written =
        source === undefined
          ? write(bytes!)
          : ensureClosed(source, () => {
              if (backend.writeStream === undefined) return chain(collect(source.pieces), write)
              const newest = (): typeof meta => (meta = newMeta(inner, 'binary', options))
              return backend.writeStream(name, newest, source.pieces, call)
            })
      return chain(written, () => fire(context, () => ({ op: 'setBinary', key: inner, meta })))
    }),
  )
}

function storedBinary(reader: BinaryReader, scope: Scope, call: Call): StoredBinary {
  const { size } = reader
  const open = (range?: Partial<ByteRange>): Pieces => {
    const { start = 0, end = size } = range ?? {}
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start)) {
      throw new RangeError(`A range of bytes is { start, end } with 0 <= start <= end, got ${start} to ${end}.`)
    }
    const next = reader.read({ start, end: Math.min(end, size) })
    return () => chain(next(), (piece) => piece?.slice())
  }
  return {
    meta: presentMeta(reader.meta, scope),
    size,
    bytes: (range) => collect(open(range)),
    stream(range) {
      if (call.sync) throw new TypeError('A synchronous call cannot read a stream. Use bytes() or chunks().')
      const next = open(range)
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const piece = await next()
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        },
      })
    },
    chunks(range) {
      const next = open(range)
      return {
        *[Symbol.iterator]() {
          for (;;) {
            const piece = next()
            if (piece === undefined) return
            if (isPromise(piece)) throw new TypeError('This binary is read asynchronously: use for await over its chunks.')
            yield piece
          }
        },
        async *[Symbol.asyncIterator]() {
          for (let piece = await next(); piece !== undefined; piece = await next()) yield piece
        },
      }
    },
  }
}

function toBytes(input: unknown): Uint8Array | undefined {
  // A copy: the caller may change the bytes while the write waits for its turn.
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength).slice()
  if (input instanceof ArrayBuffer) return new Uint8Array(input.slice(0))
  return undefined
}

interface Source {
  readonly pieces: Pieces
  /** The rest is not wanted. */
  cancel(): void
}

function toPieces(input: unknown, { sync }: Call): Source {
  const source = typeof Blob === 'function' && input instanceof Blob ? input.stream() : input
  if (typeof source === 'object' && source !== null) {
    if (Symbol.iterator in source) return fromIterator((source as Iterable<unknown>)[Symbol.iterator]())
    const asynchronous = Symbol.asyncIterator in source || 'getReader' in source
    if (asynchronous && sync) {
      throw new TypeError('A synchronous call takes a binary as bytes or as an iterable of bytes, not as a Blob, stream or async iterable.')
    }
    if (Symbol.asyncIterator in source) return fromIterator((source as AsyncIterable<unknown>)[Symbol.asyncIterator]())
    // Safari's streams are not async iterables.
    if (asynchronous) return fromReader((source as ReadableStream<unknown>).getReader())
  }
  throw new TypeError('A binary is given as bytes, a Blob, a ReadableStream of bytes or an iterable of bytes.')
}

function fromIterator(iterator: Iterator<unknown> | AsyncIterator<unknown>): Source {
  return {
    pieces: () => chain(iterator.next() as PromiseOrValue<IteratorResult<unknown>>, ({ done, value }) => (done ? undefined : toPiece(value))),
    cancel: () => void iterator.return?.(),
  }
}

function fromReader(reader: ReadableStreamDefaultReader<unknown>): Source {
  return {
    pieces: () => chain(reader.read(), ({ done, value }) => (done ? undefined : toPiece(value))),
    cancel: () => void reader.cancel().catch(() => undefined),
  }
}

function toPiece(value: unknown): Uint8Array {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  if (value instanceof ArrayBuffer) return new Uint8Array(value)
  throw new TypeError(`The pieces of a binary are bytes, got ${value === null ? 'null' : typeof value}.`)
}

/** A failed write lets its source go. */
function ensureClosed<T>(source: Source, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
  let done = false
  return ensure(
    () => chain(fn(), (result) => ((done = true), result)),
    () => {
      if (!done) source.cancel()
    },
  )
}

function collect(next: Pieces): PromiseOrValue<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  const all = repeat(() =>
    chain(next(), (piece) => {
      if (piece === undefined) return false
      pieces.push(piece)
      size += piece.byteLength
      return true
    }),
  )
  return chain(all, () => {
    if (pieces.length === 1) return pieces[0]!
    const bytes = new Uint8Array(size)
    let at = 0
    for (const piece of pieces) {
      bytes.set(piece, at)
      at += piece.byteLength
    }
    return bytes
  })
}

function notBinary(key: Key): NotBinaryError {
  return new NotBinaryError('There is something else than a binary under this key. Read it with get, or with log.', { key })
}
