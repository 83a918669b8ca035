import type { BinaryReader, ByteRange, Call } from '../base/backend.ts'
import { type Key, isLive } from '../base/entry.ts'
import { NotBinaryError } from '../base/errors.ts'
import { type PromiseOrValue, chain, ensure, isPromise, onFailure } from '../base/promise-or-value.ts'
import { type Pieces, collect, readStream } from '../engine/chunks.ts'
import { type Context, onKey } from './context.ts'
import { fire } from './hooks.ts'
import { newMeta, presentMeta } from './meta.ts'
import type { Scope } from './scope.ts'
import type { BinaryInput, CallOptions, SetOptions, StoredBinary } from './types.ts'

type Read = (binary: StoredBinary) => unknown

export function getBinary(
  context: Context,
  key: Key,
  read: Read | CallOptions = {},
  options?: CallOptions,
): PromiseOrValue<unknown> {
  if (typeof read !== 'function') return getBinary(context, key, (binary) => binary.bytes(), read)
  return onKey(context, key, options, (backend, call, name) =>
    chain(readStream(backend, name, call), (reader) => {
      const use = ({ meta }: BinaryReader): unknown => {
        if (!isLive(meta)) return undefined
        if (meta.type === 'binary') return read(storedBinary(reader!, context.scope))
        throw new NotBinaryError('This is no binary. Read it with get or log.')
      }
      return (
        reader &&
        ensure(
          () => use(reader),
          () => reader.close(),
        )
      )
    }),
  )
}

export function setBinary(context: Context, key: Key, input: BinaryInput, options?: SetOptions): PromiseOrValue<void> {
  return onKey(context, key, options, (backend, call, name, inner) => {
    let meta = newMeta(inner, 'binary', options)
    // A copy: the caller may change the bytes while the write waits for its turn.
    const bytes = asBytes(input)?.slice()
    const write = (value: Uint8Array): PromiseOrValue<unknown> => backend.write(name, { meta, value }, {}, call)
    const writePieces = (): PromiseOrValue<unknown> => {
      const source = iterate(input, call)
      const pieces: Pieces = () =>
        chain(source.next(), ({ done, value }) => {
          if (done) return undefined
          const piece = asBytes(value)
          if (piece) return piece
          throw new TypeError(`The pieces of a binary are bytes, got ${typeof value}.`)
        })
      const newest = (): typeof meta => (meta = newMeta(inner, 'binary', options))
      return onFailure(
        () => (backend.writeStream ? backend.writeStream(name, newest, pieces, call) : chain(collect(pieces), write)),
        () => void source.return?.(),
      )
    }
    return chain(bytes ? write(bytes) : writePieces(), () => fire(context, { op: 'setBinary', key: inner, meta }))
  })
}

function storedBinary(reader: BinaryReader, scope: Scope): StoredBinary {
  const { size } = reader
  const open = ({ start = 0, end = size }: Partial<ByteRange> = {}): Pieces => {
    if (!(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end >= start)) {
      throw new RangeError(`A range is { start, end } with 0 <= start <= end, got ${start} to ${end}.`)
    }
    const next = reader.read({ start, end: Math.min(end, size) })
    return () => chain(next(), (piece) => piece?.slice())
  }
  return {
    meta: presentMeta(reader.meta, scope),
    size,
    bytes: (range) => collect(open(range)),
    stream(range) {
      const next = open(range)
      return new ReadableStream<Uint8Array>({
        async pull(controller) {
          const piece = await next()
          if (piece) controller.enqueue(piece)
          else controller.close()
        },
      })
    },
    chunks(range) {
      const next = open(range)
      return {
        *[Symbol.iterator]() {
          for (let piece = next(); piece; piece = next()) {
            if (isPromise(piece)) throw new TypeError('Await the pieces of this binary: for await.')
            yield piece
          }
        },
        async *[Symbol.asyncIterator]() {
          for (let piece = await next(); piece; piece = await next()) yield piece
        },
      }
    },
  }
}

/** What iterators and the readers of streams have in common. */
interface Source {
  next(): PromiseOrValue<IteratorResult<unknown>>
  return?(): unknown
}

/** The pieces of anything but bytes. A synchronous call takes what can be iterated at once. */
function iterate(input: unknown, { sync }: Call): Source {
  const source = (input instanceof Blob ? input.stream() : Object(input)) as Partial<
    Iterable<unknown> & AsyncIterable<unknown> & ReadableStream<unknown>
  >
  const iterator = source[Symbol.iterator]?.() ?? (sync ? undefined : source[Symbol.asyncIterator]?.())
  if (iterator) return iterator
  // Safari's streams are not async iterables.
  const reader = sync ? undefined : source.getReader?.()
  if (reader) return { next: () => reader.read() as Promise<IteratorResult<unknown>>, return: () => reader.cancel() }
  throw new TypeError('A binary is bytes or an iterable of bytes; without { sync: true } also a Blob or a stream.')
}

function asBytes(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}
