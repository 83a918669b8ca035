import type { Name, Version } from '../base/entry.ts'
import { CorruptEntryError } from '../base/errors.ts'
import { utf8Encoder } from './cbor-text.ts'
import { fast } from './fast.ts'
import { xxh3 as xxh3Twin } from './xxh3.ts'

/** Serializer ids: konserve's where it has one, ours from 16, users' from 128. */
export const CBOR = 3
export const RAW = 17
/** The value is not in the frame but beside it, as the platform's clone. */
export const CLONE = 18
export const SERIALIZERS: readonly unknown[] = [CBOR, RAW, CLONE]
/** Compressor ids. */
export const LZ4 = 1
/** Encryptor ids. */
export const XCHACHA20_POLY1305 = 16

export const LAYOUT = 2
/** Bytes of a frame before its metadata. */
export const HEADER = 20

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
  const view = viewOf(frame)
  frame.set([LAYOUT, serializer, compressor, encryptor])
  view.setUint32(4, meta.length)
  frame.set(meta, HEADER)
  frame.set(value, end)
  view.setBigUint64(12, xxh3(value, nameSeed(name)))
  view.setUint32(8, headSum(name, frame, end))
  return frame
}

/** The parts of a whole frame, as views of `bytes`. CORRUPT_ENTRY if it is not what was stored under `name`. */
export function parseFrame(name: Name, bytes: Uint8Array): Frame {
  const head = parseFrameHead(name, bytes)
  const value = bytes.subarray(HEADER + head.meta.length)
  if (viewOf(bytes).getBigUint64(12) !== xxh3(value, nameSeed(name))) {
    throw corrupt(name, 'the checksum of its value is wrong')
  }
  return { ...head, value }
}

/** The same without the value, from the first bytes of a frame: as many as `headEnd` says, or more. */
export function parseFrameHead(name: Name, bytes: Uint8Array): FrameHead {
  const end = headEnd(name, bytes)
  if (bytes.length < end) throw corrupt(name, `it ends after ${bytes.length} of at least ${end} bytes`)
  if (viewOf(bytes).getUint32(8) !== headSum(name, bytes, end)) {
    throw corrupt(name, 'the checksum of its metadata is wrong')
  }
  return { serializer: bytes[1]!, compressor: bytes[2]!, encryptor: bytes[3]!, meta: bytes.subarray(HEADER, end) }
}

/** How many bytes of a frame hold its metadata, as far as the first of them tell. CORRUPT_ENTRY for another layout. */
export function headEnd(name: Name, bytes: Uint8Array): number {
  if ((bytes[0] ?? LAYOUT) !== LAYOUT) throw corrupt(name, `its layout is ${bytes[0]}, not ${LAYOUT}`)
  return HEADER + (bytes.length < HEADER ? 0 : viewOf(bytes).getUint32(4))
}

/** The header, a character for each byte: it changes with every byte of the frame, and so tells one state of a blob from another. */
export function frameVersion(bytes: Uint8Array): Version {
  return String.fromCharCode.apply(undefined, bytes.subarray(0, HEADER) as unknown as number[])
}

/** Whether two frames have the same version. */
export function isSameFrame(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < HEADER; i++) if (a[i] !== b[i]) return false
  return true
}

export function corrupt(name: Name, reason: string): CorruptEntryError {
  return new CorruptEntryError(`The entry ${name} is corrupt: ${reason}.`)
}

// Both sums of a frame have one seed.
let seededName: Name | undefined
let seed: bigint | undefined

/** XXH3-64 of the name. */
function nameSeed(name: Name): bigint | undefined {
  if (name !== seededName) {
    seededName = name
    seed = xxh3(utf8Encoder.encode(name))
  }
  return seed
}

/** What bytes 8..11 hold: bytes 0..7, 12..19 and the metadata are covered. */
function headSum(name: Name, bytes: Uint8Array, end: number): number {
  // Not slice: a Buffer's makes a view.
  const covered = new Uint8Array(bytes.subarray(4, end))
  covered.set(bytes.subarray(0, 8))
  return Number(BigInt.asUintN(32, xxh3(covered, nameSeed(name))))
}

function xxh3(bytes: Uint8Array, seed = 0n): bigint {
  return fast?.xxh3(bytes, seed) ?? xxh3Twin(bytes, seed)
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength)
}
