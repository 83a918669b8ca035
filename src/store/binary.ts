import type { BinaryReader, ByteRange, Call } from '../base/backend.ts'
import { type Key, isLive } from '../base/entry.ts'
import { NotBinaryError } from '../base/errors.ts'
import { type PromiseOrValue, chain, ensure, isPromise, onFailure, repeat } from '../base/promise-or-value.ts'
import { type Pieces, readStream } from '../engine/chunks.ts'
import { type Context, onKey } from './context.ts'
import { fire } from './hooks.ts'
import { newMeta, presentMeta } from './meta.ts'
import type { Scope } from './scope.ts'
import type { BinaryInput, CallOptions, SetOptions, StoredBinary } from './types.ts'

type Read = (binary: StoredBinary) => unknown

export function getBinary(
  context: Context,
  key: Key,
  ...rest: [options?: CallOptions] | [read: Read, options?: CallOptions]
): PromiseOrValue<unknown> {
  const [read, options] = (typeof rest[0] === 'function' ? rest : [readWhole, ...rest]) as [Read, CallOptions?]
  return onKey(context, key, options, ({ name, call, backend }) => {
    return chain(readStream(backend, name, call), (reader) => {
      if (reader === undefined) return undefined
      const use = (): unknown => {
        if (!isLive(reader.meta)) return undefined
        if (reader.meta.type === 'binary') return read(storedBinary(reader, context.scope))
        throw new NotBinaryError('There is something else than a binary under this key. Read it with get or log.')
      }
      return ensure(use, () => reader.close())
    })
  })
}

export function setBinary(context: Context, key: Key, input: BinaryInput, options?: SetOptions): PromiseOrValue<void> {
  return onKey(context, key, options, ({ name, inner, call, backend }) => {
    let meta = newMeta(inner, 'binary', options)
    // A copy: the caller may change the bytes while the write waits for its turn.
    const bytes = asBytes(input)?.slice()
    const write = (value: Uint8Array): PromiseOrValue<unknown> => backend.write(name, { meta, value }, {}, call)
    const writePieces = (): PromiseOrValue<unknown> => {
      const source = iterate(input, call)
      const pieces: Pieces = () =>
        chain(source.next() as PromiseOrValue<IteratorResult<unknown>>, ({ done, value }) =>
          done ? undefined : toPiece(value),
        )
      const newest = (): typeof meta => (meta = newMeta(inner, 'binary', options))
      return onFailure(
        () => (backend.writeStream ? backend.writeStream(name, newest, pieces, call) : chain(collect(pieces), write)),
        () => void source.return?.(),
      )
    }
    return chain(bytes ? write(bytes) : writePieces(), () =>
      fire(context, () => ({ op: 'setBinary', key: inner, meta })),
    )
  })
}

function readWhole(binary: StoredBinary): PromiseOrValue<Uint8Array> {
  return binary.bytes()
}

function storedBinary(reader: BinaryReader, scope: Scope): StoredBinary {
  const { size } = reader
  const open = ({ start = 0, end = size }: Partial<ByteRange> = {}): Pieces => {
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
            if (isPromise(piece))
              throw new TypeError('This binary is read asynchronously: use for await over its chunks.')
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

/** The pieces of anything but bytes. A synchronous call takes what can be iterated at once. */
function iterate(input: unknown, { sync }: Call): Iterator<unknown> | AsyncIterator<unknown> {
  const source = (input instanceof Blob ? input.stream() : Object(input)) as Partial<
    Iterable<unknown> & AsyncIterable<unknown> & ReadableStream<unknown>
  >
  if (source[Symbol.iterator]) return source[Symbol.iterator]!()
  if (!sync && source[Symbol.asyncIterator]) return source[Symbol.asyncIterator]!()
  if (!sync && source.getReader) {
    // Safari's streams are not async iterables.
    const reader = source.getReader()
    return {
      next: () => reader.read() as Promise<IteratorResult<unknown>>,
      return: async () => ({ done: true, value: await reader.cancel() }),
    }
  }
  throw new TypeError(
    `A binary is given as bytes${sync ? '' : ', a Blob, a ReadableStream of bytes'} or an iterable of bytes.`,
  )
}

function toPiece(value: unknown): Uint8Array {
  const bytes = asBytes(value)
  if (bytes) return bytes
  throw new TypeError(`The pieces of a binary are bytes, got ${value === null ? 'null' : typeof value}.`)
}

function asBytes(value: unknown): Uint8Array | undefined {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  return value instanceof ArrayBuffer ? new Uint8Array(value) : undefined
}

function collect(next: Pieces): PromiseOrValue<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  const all = repeat(() =>
    chain(next(), (piece) => {
      if (piece === undefined) return false
      pieces.push(piece)
      size += piece.length
      return true
    }),
  )
  return chain(all, () => {
    const bytes = new Uint8Array(size)
    for (const piece of pieces.reverse()) bytes.set(piece, (size -= piece.length))
    return bytes
  })
}
