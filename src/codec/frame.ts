import type { Name, Version } from '../base/entry.ts'
import { CorruptEntryError } from '../base/errors.ts'
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
export function encodeFrame(name: Name, parts: FrameParts): Uint8Array<ArrayBuffer> {
  const { meta, value } = parts
  const frame = new Uint8Array(HEADER + meta.length + value.length)
  frame.set(meta, HEADER)
  frame.set(value, HEADER + meta.length)
  const seed = nameSeed(name)
  const valueSum = xxh3(value, seed)
  putInt32(frame, 12, valueSum.high)
  putInt32(frame, 16, valueSum.low)
  // Bytes 0..7 stand at 4..11 for a moment, so that all that the first sum covers is in one piece.
  putStart(frame, 4, parts)
  const headSum = xxh3(frame, seed, 4, HEADER + meta.length)
  putStart(frame, 0, parts)
  putInt32(frame, 8, headSum.low)
  return frame
}

/** The parts of a whole frame, as views of `bytes`. CORRUPT_ENTRY if it is not what was stored under `name`. */
export function parseFrame(name: Name, bytes: Uint8Array): Frame {
  const head = parseFrameHead(name, bytes)
  if ('needed' in head) {
    throw corrupt(name, `it ends after ${bytes.length} bytes, its header and metadata take ${head.needed}`)
  }
  const start = HEADER + head.meta.length
  const sum = xxh3(bytes, nameSeed(name), start)
  if (int32(bytes, 12) !== sum.high || int32(bytes, 16) !== sum.low)
    throw corrupt(name, 'the checksum of its value is wrong')
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
  const end = HEADER + (int32(bytes, 4) >>> 0)
  if (bytes.length < end) return { needed: end }
  const covered = scratch.length < end - 4 ? new Uint8Array(end - 4) : scratch
  for (let i = 0; i < 8; i++) covered[i] = bytes[i]!
  for (let i = 12; i < end; i++) covered[i - 4] = bytes[i]!
  if (int32(bytes, 8) !== xxh3(covered, nameSeed(name), 0, end - 4).low) {
    throw corrupt(name, 'the checksum of its header and metadata is wrong')
  }
  return { serializer: bytes[1]!, compressor: bytes[2]!, encryptor: bytes[3]!, meta: bytes.subarray(HEADER, end) }
}

/** The header in hex: it changes with every byte of the frame, and so tells one state of a blob from another. */
export function frameVersion(bytes: Uint8Array): Version {
  let version = ''
  for (let i = 0; i < HEADER && i < bytes.length; i++) version += HEX[bytes[i]!]!
  return version
}

const LAYOUT = 2
const HEADER = 20
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const scratch = new Uint8Array(1024)
const nameBytes = new Uint8Array(256)

// Both sums of a frame have one seed.
let seededName: Name = ''
let seed: Hash64 = xxh3(new Uint8Array(0))

/** XXH3-64 of the name. Names are ASCII. */
function nameSeed(name: Name): Hash64 {
  if (name === seededName) return seed
  const bytes = name.length <= nameBytes.length ? nameBytes : new Uint8Array(name.length)
  for (let i = 0; i < name.length; i++) bytes[i] = name.charCodeAt(i)
  seededName = name
  return (seed = xxh3(bytes, undefined, 0, name.length))
}

function putStart(
  frame: Uint8Array,
  at: number,
  { serializer, compressor = 0, encryptor = 0, meta }: FrameParts,
): void {
  frame[at] = LAYOUT
  frame[at + 1] = serializer
  frame[at + 2] = compressor
  frame[at + 3] = encryptor
  putInt32(frame, at + 4, meta.length)
}

function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

function int32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
}

function corrupt(name: Name, reason: string): CorruptEntryError {
  return new CorruptEntryError(`The entry ${name} is corrupt: ${reason}.`)
}
