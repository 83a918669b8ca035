import { CorruptEntryError } from '../base/errors.ts'
import { xxh32 } from './xxh32.ts'

/**
 * What one LZ4 frame holds (LZ4 Frame Format 1.6.4, LZ4 Block Format), which must be exactly `length` bytes. The frame is
 * not trusted: CORRUPT_ENTRY if it breaks the format, if a checksum is wrong, if it holds more or less or has something
 * after it. Nothing is allocated before it is known that so many bytes can hold so much. Legacy frames, skippable frames
 * and dictionaries are not read.
 */
export function decompress(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const input = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const { linked, blockChecksums, contentChecksum, blockSize, end } = readHeader(bytes, input, length)
  // A byte of a block stands for 255 bytes at most.
  if (length > bytes.length * 255) corrupt(`too few bytes for ${length}`, bytes.length)
  const output = new Uint8Array(length)
  let at = end
  let written = 0
  for (let word = readWord(input, at); word !== END_MARK; word = readWord(input, at)) {
    const start = at + 4
    const size = word & ~STORED
    if (size > blockSize) corrupt('a block larger than its block size', at)
    if (start + size > bytes.length) corrupt('an early end', bytes.length)
    at = start + size
    if (blockChecksums) at = verify(input, at, bytes.subarray(start, at))
    const copyBlock = word & STORED ? copyStored : copyCompressed
    written = copyBlock(
      { bytes, start, end: start + size },
      { bytes: output, written, floor: linked ? 0 : written, limit: Math.min(written + blockSize, length) },
    )
  }
  at += 4
  if (written < length) corrupt(`${written} bytes instead of ${length}`, at)
  if (contentChecksum) at = verify(input, at, output)
  if (at < bytes.length) corrupt('trailing bytes', at)
  return output
}

interface Header {
  /** Whether a block may copy from the blocks before it. */
  readonly linked: boolean
  readonly blockChecksums: boolean
  readonly contentChecksum: boolean
  /** The most bytes that a block may have, and may stand for. */
  readonly blockSize: number
  readonly end: number
}

/** A block in the bytes of the frame. */
interface Source {
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
}

/** Where the content of a block goes: from `written` to `limit` at most, copying from nowhere before `floor`. */
interface Target {
  readonly bytes: Uint8Array
  readonly written: number
  readonly floor: number
  readonly limit: number
}

const MAGIC = 0x184d2204
const END_MARK = 0
/** The bit of a block's size that says that its content is stored as it is. */
const STORED = 0x80000000
/** A call for a copy costs more than a loop below that many bytes. */
const LONG = 32

function readHeader(bytes: Uint8Array, input: DataView, length: number): Header {
  if (readWord(input, 0) !== MAGIC) corrupt('another magic number', 0)
  const [flags, sizes] = [bytes[4], bytes[5]]
  const hasContentSize = ((flags ?? 0) & 8) !== 0
  const end = hasContentSize ? 15 : 7
  if (flags === undefined || sizes === undefined || bytes.length < end) corrupt('an early end', bytes.length)
  if (flags >> 6 !== 1) corrupt('another version', 4)
  if (flags & 1) corrupt('a dictionary', 4)
  if (flags & 2) corrupt('a reserved flag', 4)
  if (sizes & 0x8f || sizes < 0x40) corrupt('an unknown block size', 5)
  if (((xxh32(bytes.subarray(4, end - 1)) >> 8) & 0xff) !== bytes[end - 1]) corrupt('a wrong checksum', end - 1)
  if (hasContentSize && input.getBigUint64(6, true) !== BigInt(length)) corrupt('another content size', 6)
  return {
    linked: (flags & 32) === 0,
    blockChecksums: (flags & 16) !== 0,
    contentChecksum: (flags & 4) !== 0,
    blockSize: 1 << (8 + (sizes >> 3)),
    end,
  }
}

/** Answers where the target ends then. */
function copyStored(source: Source, { bytes, written, limit }: Target): number {
  const end = written + source.end - source.start
  if (end > limit) corrupt('too much content', source.start)
  bytes.set(source.bytes.subarray(source.start, source.end), written)
  return end
}

/** Sequences of literals and a match, up to one of literals alone. Answers where the target ends then. */
function copyCompressed({ bytes, start, end }: Source, { bytes: output, written, floor, limit }: Target): number {
  let at = start
  let to = written
  for (;;) {
    if (at >= end) corrupt('a block without an end', at)
    const token = bytes[at++]!
    let literals = token >> 4
    if (literals === 15) {
      const last = endOfLength(bytes, at, end)
      literals += 255 * (last - at) + bytes[last]!
      at = last + 1
    }
    if (literals > end - at) corrupt('literals after its end', at)
    if (literals > limit - to) corrupt('too much content', at)
    if (literals < LONG) for (let i = 0; i < literals; i++) output[to + i] = bytes[at + i]!
    else output.set(bytes.subarray(at, at + literals), to)
    at += literals
    to += literals
    if (at === end) return to

    if (end - at < 2) corrupt('a block without an end', at)
    const offset = bytes[at]! | (bytes[at + 1]! << 8)
    if (offset === 0 || offset > to - floor) corrupt(offset === 0 ? 'an offset of 0' : 'an offset before the start', at)
    at += 2
    let match = (token & 15) + 4
    if (match === 19) {
      const last = endOfLength(bytes, at, end)
      match += 255 * (last - at) + bytes[last]!
      at = last + 1
    }
    if (match > limit - to) corrupt('too much content', at)
    if (match < LONG) for (let i = to; i < to + match; i++) output[i] = output[i - offset]!
    else repeat(output, to, offset, match)
    to += match
  }
}

/** Where the last byte of a length is that began at `at`: the first one that is not 255. */
function endOfLength(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at] === 255) at++
  if (at === end) corrupt('a block without an end', at)
  return at
}

/** What lies `offset` before `to`, again and again: each copy makes twice as much to copy from. */
function repeat(output: Uint8Array, to: number, offset: number, length: number): void {
  const from = to - offset
  const end = to + length
  for (let copied = to; copied < end; copied += copied - from) {
    output.copyWithin(copied, from, Math.min(copied, from + end - copied))
  }
}

/** Answers where the checksum at `at` ends. */
function verify(input: DataView, at: number, content: Uint8Array): number {
  if (readWord(input, at) !== xxh32(content)) corrupt('a wrong checksum', at)
  return at + 4
}

function readWord(input: DataView, at: number): number {
  if (at > input.byteLength - 4) corrupt('an early end', input.byteLength)
  return input.getUint32(at, true)
}

function corrupt(what: string, at: number): never {
  throw new CorruptEntryError(`The LZ4 frame has ${what} at byte ${at}`)
}
