import { decodeMeta } from '../src/codec/codec.ts'
import { parseFrame } from '../src/codec/frame.ts'
import { formatCount, formatSize } from './dom.ts'

/** A part of a frame: its bytes from `start` up to `end`, and what they say. */
export interface FrameField {
  readonly id: string
  readonly label: string
  readonly start: number
  readonly end: number
  readonly content: string
}

/** The fields of a frame of layout 2, as far as its bytes reach. */
export function frameFields(bytes: Uint8Array): FrameField[] {
  const metaLength = bytes.length < HEADER ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(4)
  const metaEnd = Math.min(HEADER + metaLength, bytes.length)
  const fields: (readonly [id: string, label: string, start: number, end: number, content: string])[] = [
    ['layout', 'layout', 0, 1, String(bytes[0])],
    ['serializer', 'serializer', 1, 2, named(bytes[1], SERIALIZER_NAMES)],
    ['compressor', 'compressor', 2, 3, named(bytes[2], { 0: 'none' })],
    ['encryptor', 'encryptor', 3, 4, named(bytes[3], { 0: 'none' })],
    ['length', 'metadata length', 4, 8, formatCount(metaLength)],
    ['head-sum', 'head sum', 8, 12, `${hex(bytes, 8, 12)}, low half of XXH3-64`],
    ['value-sum', 'value sum', 12, HEADER, `${hex(bytes, 12, HEADER)}, XXH3-64`],
    ['meta', 'metadata', HEADER, metaEnd, `${formatBytes(metaEnd - HEADER)} of CBOR`],
    ['value', 'value', metaEnd, bytes.length, formatBytes(bytes.length - metaEnd)],
  ]
  return fields
    .filter(([, , start, end]) => start < bytes.length && start < end)
    .map(([id, label, start, end, content]) => ({ id, label, start, end: Math.min(end, bytes.length), content }))
}

/** Why the frame is not what was stored under `name`; `undefined` if all its sums are right. */
export function faultOf(name: string, bytes: Uint8Array): string | undefined {
  try {
    parseFrame(name, bytes)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** What a frame holds that is only the head of other entries; '' for a frame that holds all of its entry. */
export function partsOf(name: string, bytes: Uint8Array): string {
  try {
    const meta = decodeMeta(name, bytes, {})
    const { chunks, log } = ('own' in meta && meta.own) || {}
    if (chunks) return `The head of a binary of ${formatSize(chunks.size)}, which stands in chunks of its own.`
    if (log) return `The head of a log of ${formatCount(log.count)} elements, each in a cell of its own.`
  } catch {
    // The fault of such a frame is told by itself.
  }
  return ''
}

const HEADER = 20
const SERIALIZER_NAMES: Readonly<Record<number, string>> = {
  3: 'CBOR',
  16: 'JSON',
  17: 'raw bytes',
  18: 'value beside',
}

function named(byte: number | undefined, names: Readonly<Record<number, string>>): string {
  const name = byte === undefined ? undefined : names[byte]
  return name === undefined ? String(byte) : `${byte}, ${name}`
}

function formatBytes(count: number): string {
  return `${formatCount(count)} ${count === 1 ? 'byte' : 'bytes'}`
}

function hex(bytes: Uint8Array, start: number, end: number): string {
  return Array.from(bytes.subarray(start, end), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
