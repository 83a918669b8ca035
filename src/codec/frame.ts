import type { Name, Version } from '../base/entry.ts'
import { CorruptEntryError } from '../base/errors.ts'
import { toHex, utf8Encoder } from './cbor-text.ts'
import { type Hash64, xxh3 } from './xxh3.ts'

/** Serializer ids: konserve's where it has one, ours from 16, users' from 128. */
export const SERIALIZERS = { cbor: 3, json: 16, raw: 17, beside: 18 } as const

/** The stored parts of an entry, each `encrypt(compress(serialize(x)))`, and the ids of what was done to them. */
export interface FrameParts {
  readonly serializer: number
  readonly compressor?: number
  readonly encryptor?: number
  readonly meta: Uint8Array
  readonly value: Uint8Array
}

export type Frame = Required<FrameParts>
export type FrameHead = Omit<Frame, 'value'>

/**
 * The frame of an entry in layout 2: a header of 20 bytes, the metadata, the value.
 *
 *     0      layout: 2
 *     1 2 3  serializer, compressor, encryptor
 *     4..7   bytes of metadata, big-endian
 *     8..11  low 32 bits of XXH3-64 over bytes 0..7, 12..19 and the metadata, big-endian
 *     12..19 XXH3-64 of the value, big-endian
 *
 * Both sums are seeded with XXH3-64 of the name, so that a frame under another name is found out.
 */
export function encodeFrame(
  name: Name,
  { serializer, compressor = 0, encryptor = 0, meta, value }: FrameParts,
): Uint8Array<ArrayBuffer> {
  const end = HEADER + meta.length
  const frame = new Uint8Array(end + value.length)
  const view = new DataView(frame.buffer)
  frame[0] = LAYOUT
  frame[1] = serializer
  frame[2] = compressor
  frame[3] = encryptor
  view.setInt32(4, meta.length)
  frame.set(meta, HEADER)
  frame.set(value, end)
  const { high, low } = xxh3(value, nameSeed(name))
  view.setInt32(12, high)
  view.setInt32(16, low)
  view.setInt32(8, headSum(name, frame, end))
  return frame
}

/** The parts of a whole frame, as views of `bytes`. CORRUPT_ENTRY if it is not what was stored under `name`. */
export function parseFrame(name: Name, bytes: Uint8Array): Frame {
  const head = parseFrameHead(name, bytes)
  if ('needed' in head) {
    throw corrupt(name, `it ends after ${bytes.length} bytes, its header and metadata take ${head.needed}`)
  }
  const start = HEADER + head.meta.length
  const { high, low } = xxh3(bytes, nameSeed(name), start)
  const view = viewOf(bytes)
  if (view.getInt32(12) !== high || view.getInt32(16) !== low) throw corrupt(name, 'the checksum of its value is wrong')
  // A spread would cost more than all the rest of a small frame.
  const { serializer, compressor, encryptor, meta } = head
  return { serializer, compressor, encryptor, meta, value: bytes.subarray(start) }
}

/**
 * The same without the value, from the first bytes of a frame. `needed` says how many bytes from its start it takes
 * where `bytes` are too few; where there are no more, the frame is corrupt, and `parseFrame` says so.
 */
export function parseFrameHead(name: Name, bytes: Uint8Array): FrameHead | { readonly needed: number } {
  if (bytes.length > 0 && bytes[0] !== LAYOUT) throw corrupt(name, `its layout is ${bytes[0]}, not ${LAYOUT}`)
  if (bytes.length < HEADER) return { needed: HEADER }
  const view = viewOf(bytes)
  const end = HEADER + view.getUint32(4)
  if (bytes.length < end) return { needed: end }
  if (view.getInt32(8) !== headSum(name, bytes, end)) {
    throw corrupt(name, 'the checksum of its header and metadata is wrong')
  }
  return { serializer: bytes[1]!, compressor: bytes[2]!, encryptor: bytes[3]!, meta: bytes.subarray(HEADER, end) }
}

/** The header in hex: it changes with every byte of the frame, and so tells one state of a blob from another. */
export function frameVersion(bytes: Uint8Array): Version {
  return toHex(bytes.subarray(0, HEADER))
}

export function corrupt(name: Name, reason: string): CorruptEntryError {
  return new CorruptEntryError(`The entry ${name} is corrupt: ${reason}.`)
}

const LAYOUT = 2
const HEADER = 20

// Both sums of a frame have one seed.
let seededName: Name | undefined
let seed: Hash64 | undefined

/** XXH3-64 of the name. */
function nameSeed(name: Name): Hash64 | undefined {
  if (name !== seededName) {
    seededName = name
    seed = xxh3(utf8Encoder.encode(name))
  }
  return seed
}

/** What bytes 8..11 hold: bytes 0..7, 12..19 and the metadata are covered. */
function headSum(name: Name, bytes: Uint8Array, end: number): number {
  // Buffer.prototype.slice makes a view.
  const covered = Uint8Array.prototype.slice.call(bytes, 4, end)
  for (let i = 0; i < 8; i++) covered[i] = bytes[i]!
  return xxh3(covered, nameSeed(name)).low
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
