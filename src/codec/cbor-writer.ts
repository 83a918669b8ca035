import { fromHex, isWellFormed, toHex, toWtf8, utf8Encoder } from './cbor-text.ts'
import { WTF8_TAG } from './kinds.ts'
import { BIGINT_BYTES, DEFAULT_LIMITS, exceeded, type Limits } from './limits.ts'
import { fail } from './walk.ts'

// Major types of RFC 8949, section 3.1, in their place in the initial byte.
export const ARRAY: number = 0x80
export const MAP: number = 0xa0
export const TAGGED: number = 0xc0
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60

/** The bytes that `write` writes; it may call this again, for bytes apart from its own. */
export function written(
  write: (value: unknown) => void,
  value: unknown,
  limits: Partial<Limits> | undefined,
): Uint8Array<ArrayBuffer> {
  const outerStart = start
  const outerMaxBytes = maxBytes
  start = position
  maxBytes = limits?.bytes ?? DEFAULT_LIMITS.bytes
  try {
    write(value)
    checkSize(position - start)
    // All of the room, where it is exact and not worth keeping.
    return position === bytes.length && start === 0 && position > KEPT_BYTES ? bytes : bytes.slice(start, position)
  } finally {
    position = start
    start = outerStart
    maxBytes = outerMaxBytes
    if (bytes.length > KEPT_BYTES && position === 0) allocate(INITIAL_BYTES)
  }
}

export function writeByte(byte: number): void {
  reserve(1)
  bytes[position++] = byte
}

export function writeHead(major: number, argument: number | bigint): void {
  if (argument < 24) return writeByte(major | (argument as number))
  reserve(HEAD_BYTES)
  const at = position
  if (argument < 0x100) {
    bytes[at] = major | 24
    bytes[at + 1] = argument as number
    position = at + 2
  } else if (argument < 0x10000) {
    bytes[at] = major | 25
    view.setUint16(at + 1, argument as number)
    position = at + 3
  } else if (argument < 0x100000000) {
    bytes[at] = major | 26
    view.setUint32(at + 1, argument as number)
    position = at + 5
  } else {
    bytes[at] = major | 27
    view.setBigUint64(at + 1, BigInt(argument))
    position = at + 9
  }
}

export function writeNumber(value: number): void {
  if (Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)) {
    if (value < 0) writeHead(NEGATIVE, -1 - value)
    else writeHead(0, value)
  } else {
    writeFloat(value)
  }
}

export function writeBigint(value: bigint): void {
  const isNegative = value < 0n
  const hex = (isNegative ? ~value : value).toString(16)
  if (hex.length > 2 * BIGINT_BYTES) fail(exceeded(`${BIGINT_BYTES} bytes in a bigint`))
  writeHead(TAGGED, isNegative ? 3 : 2)
  writeBytes(fromHex(hex === '0' ? '' : hex.length % 2 ? `0${hex}` : hex))
}

export function writeBytes(content: Uint8Array): void {
  writeHead(BYTES, content.length)
  append(content)
}

/** Much at once is often all there is: the room for it is then made exact, and given away with it. */
export function append(content: Uint8Array): void {
  reserve(content.length, content.length > KEPT_BYTES / 2 ? 0 : 2)
  bytes.set(content, position)
  position += content.length
}

export function writeText(text: string): void {
  const { length } = text
  checkSize(length)
  reserve(3 * length + HEAD_BYTES)
  const headSize = headSizeOf(length)
  const from = position + headSize
  let at = from
  let i = 0
  if (length <= SHORT_TEXT) {
    for (; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < 0x80) {
        bytes[at++] = unit
        continue
      }
      // Surrogates are left to the encoder.
      if (unit >> 11 === 0xd800 >> 11) break
      if (unit < 0x800) {
        bytes[at++] = 0xc0 | (unit >> 6)
      } else {
        bytes[at++] = 0xe0 | (unit >> 12)
        bytes[at++] = 0x80 | ((unit >> 6) & 0x3f)
      }
      bytes[at++] = 0x80 | (unit & 0x3f)
    }
  }
  if (i < length) {
    at = from + utf8Encoder.encodeInto(text, bytes.subarray(from)).written
    // A lone surrogate has become U+FFFD.
    if (at - from !== length && !isWellFormed(text)) {
      writeHead(TAGGED, WTF8_TAG)
      return writeBytes(toWtf8(text))
    }
  }
  const size = at - from
  if (headSizeOf(size) !== headSize) bytes.copyWithin(position + headSizeOf(size), from, at)
  writeHead(TEXT, size)
  position += size
}

/** Sort what was written from `starts` on, each up to the next one, in the order of bytes. */
export function sortEntries(starts: readonly number[]): void {
  const entries = starts.map((from, i) => toHex(bytes.subarray(from, starts[i + 1] ?? position)))
  position = starts[0] ?? position
  for (const entry of entries.sort()) append(fromHex(entry))
}

/** Where the next byte goes. */
export let position = 0

const INITIAL_BYTES = 16 * 1024
const KEPT_BYTES = 1024 * 1024

/** UTF-16 units up to which a loop beats the call of TextEncoder. */
const SHORT_TEXT = 64

/** The longest head. */
const HEAD_BYTES = 9

let bytes = new Uint8Array(INITIAL_BYTES)
let view = new DataView(bytes.buffer)
let start = 0
let maxBytes = 0

/** The shortest of binary16, 32 and 64 that holds the value exactly. */
function writeFloat(value: number): void {
  reserve(HEAD_BYTES)
  if (value === value && Math.fround(value) !== value) {
    bytes[position] = 0xfb
    view.setFloat64(position + 1, value)
    position += 9
    return
  }
  bytes[position] = 0xfa
  view.setFloat32(position + 1, value)
  const bits = view.getUint32(position + 1)
  const exponent = Math.max(((bits >>> 23) & 0xff) - 112, 1)
  // Above 1024 but for a subnormal number.
  const significand = Math.abs(value) * 2 ** (25 - exponent)
  const isFinite = value - value === 0
  if (isFinite && (exponent > 30 || significand % 1 > 0)) {
    position += 5
    return
  }
  const half = isFinite ? (exponent << 10) + significand - 1024 : value === value ? 0x7c00 : 0x7e00
  bytes[position] = 0xf9
  view.setUint16(position + 1, half | (value < 0 || 1 / value < 0 ? 0x8000 : 0))
  position += 3
}

function headSizeOf(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : argument < 0x100000000 ? 5 : 9
}

function checkSize(size: number): void {
  if (size > maxBytes) fail(exceeded(`${maxBytes} bytes`))
}

function reserve(count: number, factor = 2): void {
  const needed = position + count
  if (needed <= bytes.length) return
  checkSize(position - start)
  const old = bytes
  allocate(Math.max(needed, Math.min(factor * old.length, start + maxBytes)))
  bytes.set(old.subarray(0, position))
}

function allocate(size: number): void {
  bytes = new Uint8Array(size)
  view = new DataView(bytes.buffer)
}
