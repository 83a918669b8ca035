import type { BinaryInput } from '../../store/types.ts'
import { collect, equal, fails, ok, pattern } from '../assert.ts'
import type { Rule } from '../rule.ts'

const MEBIBYTE = 1024 * 1024

export const binaryRules: readonly Rule[] = [
  {
    name: 'binary-round-trip',
    title: 'Binaries of up to 1 MiB come back exactly, of no bytes too',
    fault: 'a binary of no bytes is missing',
    async run({ store }) {
      for (const size of [0, 1, 1000, MEBIBYTE]) {
        const bytes = pattern(size)
        await store.setBinary(`size-${size}`, bytes)
        equal(await store.getBinary(`size-${size}`), bytes, `a binary of ${size} bytes`)
      }
      ok((await store.getBinary('missing')) === undefined, 'a missing binary is undefined')
    },
  },
  {
    name: 'large-binary-round-trip',
    title: 'A binary of 3.5 MiB comes back exactly, and can be replaced by another one and by a value',
    fault: 'getBinary answers with the first MiB only',
    async run({ store }) {
      for (const seed of [1, 2]) {
        const bytes = pattern(3.5 * MEBIBYTE, seed)
        await store.setBinary('k', bytes)
        equal(await store.getBinary('k'), bytes, 'the bytes')
      }
      await store.set('k', 1)
      equal(await store.get('k'), 1, 'the value in its place')
    },
  },
  {
    name: 'binary-sources',
    title: 'A binary is given as bytes, a view of them, a Blob, a stream or an iterable',
    fault: 'of a view the whole buffer is stored',
    async run({ store, sync }) {
      const bytes = pattern(5000, 3)
      const pieces = [bytes.slice(0, 2000), bytes.slice(2000, 2000), bytes.slice(2000)]
      const around = new Uint8Array(6000)
      around.set(bytes, 500)
      const sources: BinaryInput[] = [bytes, around.subarray(500, 5500), bytes.slice().buffer, pieces]
      if (!sync) {
        const blob = new Blob([bytes.slice()])
        sources.push(blob, blob.stream(), asynchronous(pieces))
      }
      for (const [i, source] of sources.entries()) {
        await store.setBinary(`source-${i}`, source)
        equal(await store.getBinary(`source-${i}`), bytes, `the bytes of source ${i}`)
      }
    },
  },
  {
    name: 'binary-in-pieces',
    title: 'A large binary can be written from pieces of any size',
    fault: 'pieces that cross the border of a MiB are cut off there',
    async run({ store }) {
      const bytes = pattern(2.3 * MEBIBYTE, 4)
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length; at += 300_001) pieces.push(bytes.subarray(at, at + 300_001))
      await store.setBinary('k', pieces)
      equal(await store.getBinary('k', ({ size }) => size), bytes.length, 'the size')
      equal(await store.getBinary('k', (binary) => binary.bytes()), bytes, 'the bytes')
    },
  },
  {
    name: 'binary-failed-source',
    title: 'A binary whose source fails leaves what was there',
    fault: 'what a source gave before it failed is stored',
    async run({ store }) {
      const bytes = pattern(100)
      await store.setBinary('k', bytes)
      const failing = function* (): Generator<Uint8Array> {
        yield new Uint8Array(2_000_000)
        throw new RangeError('source')
      }
      for (const key of ['k', 'new'])
        await fails(async () => store.setBinary(key, failing()), undefined, 'a failing source')
      equal(await store.getBinary('k'), bytes, 'the bytes')
      equal(await store.has('new'), false, 'has of the new key')
    },
  },
  {
    name: 'binary-reader-ranges',
    title: 'A reader gives any range of a binary, its end exclusive',
    fault: 'the end of a range is inclusive',
    async run({ store }) {
      for (const size of [1000, 2.5 * MEBIBYTE]) {
        const bytes = pattern(size, 5)
        await store.setBinary('k', bytes)
        await store.getBinary('k', async ({ size: told, bytes: read, meta }) => {
          equal([told, meta.key], [size, 'k'], 'the size and the key')
          for (const [start, end] of [
            [0, 10],
            [990, 1000],
            [size - 5, size],
            [0, 0],
            [500, size - 500],
          ] as const) {
            equal(await read({ start, end }), bytes.slice(start, end), `the bytes from ${start} to ${end}`)
          }
          equal(await read({ start: size - 3 }), bytes.slice(-3), 'the bytes up to the end')
        })
      }
    },
  },
  {
    name: 'binary-reader-pieces',
    title: 'A reader gives the pieces of a binary in order, as an iterable and as a stream',
    fault: 'the pieces of a binary end after the first',
    async run({ store, sync }) {
      const bytes = pattern(2.5 * MEBIBYTE, 6)
      await store.setBinary(
        'k',
        [0, 1, 2].map((i) => bytes.subarray(i * MEBIBYTE, (i + 1) * MEBIBYTE)),
      )
      await store.getBinary('k', async (binary) => {
        equal(concat(await collect(sync ? [...binary.chunks()] : binary.chunks())), bytes, 'the pieces')
        const range = { start: 1_000_000, end: 1_100_000 }
        equal(
          concat(await collect(sync ? [...binary.chunks(range)] : binary.chunks(range))),
          bytes.slice(1_000_000, 1_100_000),
          'the pieces of a range',
        )
        if (sync) return
        equal(new Uint8Array(await new Response(binary.stream()).arrayBuffer()), bytes, 'the stream')
      })
    },
  },
  {
    name: 'binary-replaced-while-read',
    title: 'A reader goes on with its binary while that is replaced',
    fault: 'a reader goes on with whatever binary is there',
    mode: 'async',
    async run({ store }) {
      const bytes = pattern(2.5 * MEBIBYTE, 7)
      await store.setBinary('k', bytes)
      await store.getBinary('k', async (binary) => {
        equal(await binary.bytes(), bytes, 'the bytes before')
        await store.setBinary('k', pattern(2.5 * MEBIBYTE, 8))
        equal(await binary.bytes(), bytes, 'the bytes')
      })
      equal(await store.getBinary('k', (binary) => binary.bytes()), pattern(2.5 * MEBIBYTE, 8), 'the new bytes')
    },
  },
  {
    name: 'get-gives-bytes-of-binary',
    title: 'get on a binary gives its bytes',
    fault: 'get on a binary gives an array of numbers',
    async run({ store }) {
      await store.setBinary('k', new Uint8Array([1, 2]))
      equal(await store.get('k'), new Uint8Array([1, 2]), 'the value')
    },
  },
  {
    name: 'get-binary-of-value',
    title: 'getBinary on a value or a log is refused',
    fault: 'getBinary on a value answers undefined',
    async run({ store }) {
      await store.set('value', new Uint8Array(1))
      await store.append('log', 1)
      for (const key of ['value', 'log'])
        await fails(async () => store.getBinary(key), 'NOT_BINARY', `getBinary of a ${key}`)
    },
  },
  {
    name: 'binary-metadata',
    title: 'setBinary takes metadata and a time to live',
    fault: 'setBinary ignores metadata',
    async run({ store }) {
      for (const input of [new Uint8Array(1), [new Uint8Array(1)], new Uint8Array(1.5 * MEBIBYTE)]) {
        await store.setBinary('k', input, { meta: { tag: 1 }, ttl: 60_000 })
        const meta = await store.getMeta('k')
        equal(meta?.['tag'], 1, 'the metadata')
        ok(meta?.expires instanceof Date, 'there is a deadline')
      }
    },
  },
]

function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    bytes.set(piece, at)
    at += piece.length
  }
  return bytes
}

async function* asynchronous<T>(items: readonly T[]): AsyncGenerator<T> {
  for (const item of items) {
    await Promise.resolve()
    yield item
  }
}
