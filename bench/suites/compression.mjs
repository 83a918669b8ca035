import { Encoder as CborX } from 'cbor-x'
import { deflateSync, inflateSync } from 'fflate'
import lz4js from 'lz4js'
import xxh32 from 'lz4js/xxh32.js'
import { decodeEntry, encodeEntry } from '../../dist/codec/codec.js'
import { decompress as decompressTwin } from '../../dist/codec/lz4.js'
import { measure } from '../harness.mjs'
import { record } from '../record.mjs'
import { compressInPlace, decompressInPlace, encode, take, transforms } from '../wasm.mjs'

/**
 * LZ4 frames: `compress.W` and `decompress.W` alone, of bytes that JavaScript holds, into memory that is there already, as
 * it is for us when a store does it; `compress.new.W` and `decompress.new.W` into new memory, most of whose time goes into
 * asking for that. `store.W` and `load.W` are the whole way from a value to a compressed frame with its sums, and back,
 * beside the same put together from cbor-x, lz4js and its XXH32 in JavaScript. fflate makes less of more work: it is
 * another trade.
 */

/** It runs in a page, too. */
export const inPage = true

const OPERATIONS = 4
const NAME = 'suser'

const records = Array.from({ length: 1000 }, (_, i) => record(i))

/** Words of three to nine letters, some of them often: what LZ4 finds in prose. */
function prose() {
  let state = 1
  const random = () => (state = (state * 48_271) % 0x7fff_ffff) / 0x7fff_ffff
  const letters = 'etaoinshrdlucmfw'
  const words = Array.from({ length: 2000 }, () =>
    Array.from({ length: 3 + random() * 7 }, () => letters[Math.floor(random() ** 2 * 16)]).join(''),
  )
  return Array.from({ length: 32_000 }, () => words[Math.floor(random() ** 4 * 2000)])
    .join(' ')
    .slice(0, 200_000)
}

/** @type {Record<string, unknown>} */
const WORKLOADS = { records1k: records, text200k: prose(), floats1k: records.map(({ score }) => Math.sin(score)) }

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const results = []
  for (const [name, value] of Object.entries(WORKLOADS)) {
    const plain = encode(value)
    const frame = lz4js.compress(plain)
    const room = lz4js.makeBuffer(lz4js.compressBound(plain.length))
    results.push(
      ...(await row(`compress.${name}`, options, plain.length, {
        ours: () => (take(plain), compressInPlace(plain.length) > 0 ? plain.length : 0),
        lz4js: () => (lz4js.compressFrame(plain, room) > 0 ? plain.length : 0),
      })),
      ...(await row(`decompress.${name}`, options, plain.length, {
        ours: () => (take(frame), decompressInPlace(frame.length, plain.length) * plain.length),
        lz4js: () => lz4js.decompressFrame(frame, room),
      })),
      ...(await row(`compress.new.${name}`, options, plain.length, {
        ours: () => unpackedSize(transforms.compress(plain), plain.length),
        lz4js: () => unpackedSize(lz4js.compress(plain), plain.length),
        fflate: () => (deflateSync(plain).length > 0 ? plain.length : 0),
      })),
      ...(await row(`decompress.new.${name}`, options, plain.length, {
        ours: decompressing((packed) => transforms.decompress(packed, plain.length), frame),
        lz4js: decompressing((packed) => lz4js.decompress(packed, plain.length), frame),
        twin: decompressing((packed) => decompressTwin(packed, plain.length), frame),
        fflate: decompressing(inflateSync, deflateSync(plain)),
      })),
      ...(await wholeWay(name, value, options)),
    )
  }
  return results
}

/**
 * @param {string} name
 * @param {unknown} value
 * @param {import('../harness.mjs').Options} options
 */
async function wholeWay(name, value, options) {
  const codec = { transforms, compressor: { threshold: 512 } }
  /** @type {import('../../src/base/entry.ts').Meta} */
  const meta = { key: 'user', type: 'value', lastWrite: new Date(1.7e12) }
  const cborX = new CborX({ useRecords: false, mapsAsObjects: true, tagUint8Array: false })
  const store = () => {
    const packed = lz4js.compress(cborX.encode(value))
    return { packed, sum: xxh32.hash(0, packed, 0, packed.length) }
  }
  const frame = encodeEntry(NAME, { meta, value }, codec)
  const other = store()
  const length = sizeOf(value)
  return [
    ...(await row(`store.${name}`, options, 1, {
      ours: () => Number(encodeEntry(NAME, { meta, value }, codec).length === frame.length),
      'cbor-x, lz4js and XXH32': () => Number(store().sum === other.sum),
    })),
    ...(await row(`load.${name}`, options, length, {
      ours: () => sizeOf(decodeEntry(NAME, frame, codec).value),
      'cbor-x, lz4js and XXH32': () =>
        xxh32.hash(0, other.packed, 0, other.packed.length) === other.sum
          ? sizeOf(cborX.decode(lz4js.decompress(other.packed)))
          : 0,
    })),
  ]
}

/**
 * @param {string} name
 * @param {import('../harness.mjs').Options} options
 * @param {number} expected what each piece of work answers
 * @param {Record<string, () => number>} contestants
 */
function row(name, options, expected, { ours, ...others }) {
  /** @param {(() => number) | undefined} work @returns {import('../harness.mjs').Contestant} */
  const contestant = (work) => ({
    run: () => {
      let right = 0
      for (let i = 0; i < OPERATIONS; i++) right += work?.() === expected ? 1 : 0
      return right
    },
  })
  const peers = Object.fromEntries(Object.entries(others).map(([peer, work]) => [peer, contestant(work)]))
  return measure({ name, operations: OPERATIONS, ours: contestant(ours), peers }, options)
}

/** @param {(packed: Uint8Array) => Uint8Array} work @param {Uint8Array} packed */
function decompressing(work, packed) {
  return () => work(packed).length
}

/** @param {Uint8Array | undefined} packed @param {number} length */
function unpackedSize(packed, length) {
  return packed && packed.length < 2 * length ? length : 0
}

/** @param {any} value @returns {number} */
function sizeOf(value) {
  return value.length
}
