import { Encoder as CborX } from 'cbor-x'
import { Packr } from 'msgpackr'
import { decode as decodeTwin } from '../../dist/codec/cbor-decode.js'
import { encode as encodeTwin } from '../../dist/codec/cbor-encode.js'
import { decode, encode } from '../../dist/cbor.js'
import { decodeEntry, encodeEntry } from '../../dist/codec/codec.js'
import { measure } from '../harness.mjs'
import { record } from '../record.mjs'

/**
 * The codec alone: `encode.W` and `decode.W` for each workload W. cbor-x-records writes the keys of like objects once, and
 * can be read by the one encoder only that wrote it. structuredClone stands with decoding, though it makes no bytes.
 */

/** It runs in a page, too. */
export const inPage = true

/** @param {number} depth @returns {unknown} */
const tree = (depth) => (depth === 0 ? 1 : { left: tree(depth - 1), right: tree(depth - 1), depth })

/** @param {string} text */
const repeated = (text) => text.repeat(200_000 / text.length)

/** @type {Record<string, { value: any, operations: number }>} */
const WORKLOADS = {
  small: { value: record(7), operations: 2000 },
  records1k: { value: Array.from({ length: 1000 }, (_, i) => record(i)), operations: 4 },
  floats10k: { value: Array.from({ length: 10_000 }, (_, i) => Math.sin(i) * 1000), operations: 20 },
  ints10k: { value: Array.from({ length: 10_000 }, (_, i) => (i * 7919) % 100_000), operations: 20 },
  bytes1m: { value: { data: new Uint8Array(1024 * 1024).fill(7) }, operations: 4 },
  ascii200k: { value: repeated('The quick brown fox jumps over the lazy dog. '), operations: 10 },
  cyrillic200k: { value: repeated('Съешь ещё этих мягких французских булок. '), operations: 4 },
  japanese200k: { value: repeated('いろはにほへとちりぬるをわかよたれそつねならむ'), operations: 4 },
  tree: { value: tree(9), operations: 40 },
  rich: {
    value: Array.from({ length: 100 }, (_, i) => ({
      at: new Date(1.7e12 + i),
      size: BigInt(i) ** 5n,
      tags: new Set(['a', `b${i}`]),
      counts: new Map([
        ['x', i],
        ['y', -i],
      ]),
    })),
    operations: 20,
  },
  shortNonAscii: { value: Array.from({ length: 1000 }, (_, i) => `Привет мир ${i}`), operations: 10 },
}

const NAME = 'suser%3a000007'
/** @type {import('../../src/base/entry.ts').Meta} */
const meta = { key: 'user:000007', type: 'value', lastWrite: new Date(1.7e12) }

const toText = new TextEncoder()
const fromText = new TextDecoder()

/** What a peer cannot tell apart, or cannot store at all, it does not take part in. */
const NO_JSON = ['bytes1m', 'rich']
const NO_CBOR_X = ['rich']

/**
 * @param {string} name
 * @returns {Record<string, { encode?: (value: any) => Uint8Array, decode: (bytes: any) => any }>}
 */
function contestants(name) {
  const plain = new CborX({ useRecords: false, mapsAsObjects: true, tagUint8Array: false })
  const records = new CborX({ useRecords: true, structures: [], tagUint8Array: false })
  const packr = new Packr({ useRecords: false, moreTypes: true })
  /** @type {typeof import('node:v8') | undefined} */
  const v8 = globalThis.process?.getBuiltinModule?.('node:v8')
  return {
    ...(!NO_CBOR_X.includes(name) && {
      'cbor-x': { encode: (value) => plain.encode(value), decode: (bytes) => plain.decode(bytes) },
      'cbor-x-records': { encode: (value) => records.encode(value), decode: (bytes) => records.decode(bytes) },
    }),
    msgpackr: { encode: (value) => packr.pack(value), decode: (bytes) => packr.unpack(bytes) },
    ...(!NO_JSON.includes(name) && {
      JSON: {
        encode: (value) => toText.encode(JSON.stringify(value)),
        decode: (bytes) => JSON.parse(fromText.decode(bytes)),
      },
    }),
    structuredClone: { decode: () => structuredClone(WORKLOADS[name]?.value) },
    ...(v8 && { v8: { encode: (value) => v8.serialize(value), decode: (bytes) => v8.deserialize(bytes) } }),
    twin: { encode: encodeTwin, decode: decodeTwin },
  }
}

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const results = []
  for (const [name, { value, operations }] of Object.entries(WORKLOADS)) {
    const size = sizeOf(value)
    /** @param {(value: any) => Uint8Array} write @returns {import('../harness.mjs').Contestant} */
    const encoding = (write) => ({
      run: () => {
        let seen = 0
        for (let i = 0; i < operations; i++) seen += write(value).length > 0 ? 1 : 0
        return seen
      },
    })
    /** @param {(bytes: any) => any} read @param {Uint8Array | undefined} bytes @returns {import('../harness.mjs').Contestant} */
    const decoding = (read, bytes) => ({
      run: () => {
        let seen = 0
        for (let i = 0; i < operations; i++) seen += sizeOf(read(bytes)) === size ? 1 : 0
        return seen
      },
    })
    const others = Object.entries(contestants(name))
    const encoders = Object.fromEntries(
      others.flatMap(([peer, { encode: write }]) => (write ? [[peer, encoding(write)]] : [])),
    )
    // A copy: some hand out a view of a buffer that they go on using.
    const decoders = Object.fromEntries(
      others.map(([peer, { encode: write, decode: read }]) => [
        peer,
        decoding(read, write && Uint8Array.from(write(value))),
      ]),
    )
    /** @param {any} each */
    const toFrame = (each) => encodeEntry(NAME, { meta, value: each }, {})
    /** @param {Uint8Array} frame */
    const fromFrame = (frame) => decodeEntry(NAME, frame, {}).value
    /** @type {Record<string, { ours: import('../harness.mjs').Contestant, peers: Record<string, import('../harness.mjs').Contestant> }>} */
    const rows = {
      encode: { ours: encoding(encode), peers: encoders },
      decode: { ours: decoding(decode, encode(value)), peers: decoders },
      'frame.encode': { ours: encoding(toFrame), peers: encoders },
      'frame.decode': { ours: decoding(fromFrame, toFrame(value)), peers: decoders },
    }
    for (const [row, contest] of Object.entries(rows)) {
      results.push(...(await measure({ name: `${row}.${name}`, operations, ...contest }, options)))
    }
  }
  return results
}

/** How much there is at the top: enough to see that it was decoded. @param {any} value @returns {number} */
function sizeOf(value) {
  return value.length ?? value.data?.length ?? Object.keys(value).length
}
