import { fromHex, isWellFormed, toHex, toWtf8, utf8Encoder } from './cbor-text.ts'
import { halfToNumber, WTF8_TAG } from './kinds.ts'
import { BIGINT_BYTES, DEFAULT_LIMITS, exceeded, type Limits } from './limits.ts'
import { fail } from './walk.ts'

// Major types of RFC 8949, section 3.1, in their place in the initial byte.
export const ARRAY: number = 0x80
export const MAP: number = 0xa0
export const TAGGED: number = 0xc0
export const SIMPLE: number = 0xe0
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60

export interface EncodeOptions {
  limits?: Partial<Limits> | undefined
  /** Equal bytes for equal plain data, whatever the order of properties (RFC 8949, section 4.2.1). */
  deterministic?: boolean | undefined
}

/** The bytes that `write` writes; it may call this again, for bytes apart from its own. */
export function written(write: () => void, { limits, deterministic }: EncodeOptions): Uint8Array<ArrayBuffer> {
  const outer = [start, maxBytes, isDeterministic] as const
  start = position
  maxBytes = limits?.bytes ?? DEFAULT_LIMITS.bytes
  isDeterministic = deterministic
  try {
    write()
    checkSize()
    return bytes.slice(start, position)
  } finally {
    position = start
    ;[start, maxBytes, isDeterministic] = outer
    if (position === 0 && bytes.length > ROOM) allocate(ROOM)
  }
}

export function writeHead(major: number, argument: number | bigint): void {
  reserve(HEAD_BYTES)
  const number = argument as number
  if (argument < 24) skip(major | number, 0)
  else if (argument < 0x100) view.setUint8(skip(major | 24, 1), number)
  else if (argument < 0x10000) view.setUint16(skip(major | 25, 2), number)
  else if (argument < 0x100000000) view.setUint32(skip(major | 26, 4), number)
  else view.setBigUint64(skip(major | 27, 8), BigInt(argument))
}

/** An integer, else the shortest of binary16, 32 and 64 that holds the value exactly. */
export function writeNumber(value: number): void {
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
    return value < 0 ? writeHead(NEGATIVE, -1 - value) : writeHead(0, value)
  }
  reserve(HEAD_BYTES)
  if (!Object.is(Math.fround(value), value)) return view.setFloat64(skip(0xfb, 8), value)
  // In a float32 of this, the bits of the binary16 are those from 13 on.
  view.setFloat32(position, value * 2 ** -112)
  const bits = view.getInt32(position)
  const half = value === value ? ((bits >> 16) & 0x8000) | ((bits >> 13) & 0x7fff) : 0x7e00
  if (Object.is(halfToNumber(half), value)) view.setUint16(skip(0xf9, 2), half)
  else view.setFloat32(skip(0xfa, 4), value)
}

export function writeBigint(value: bigint): void {
  const isNegative = value < 0n
  const magnitude = isNegative ? ~value : value
  const hex = magnitude ? magnitude.toString(16) : ''
  if (hex.length > 2 * BIGINT_BYTES) fail(exceeded(`${BIGINT_BYTES} bytes in a bigint`))
  writeHead(TAGGED, isNegative ? 3 : 2)
  writeBytes(fromHex(hex.length % 2 ? `0${hex}` : hex))
}

export function writeBytes(content: Uint8Array, major: number = BYTES): void {
  writeHead(major, content.length)
  append(content)
}

export function writeText(text: string): void {
  if (SHORT_ASCII.test(text)) {
    writeHead(TEXT, text.length)
    reserve(text.length)
    for (let i = 0; i < text.length; i++) bytes[position++] = text.charCodeAt(i)
  } else if (isWellFormed(text)) {
    writeBytes(utf8Encoder.encode(text), TEXT)
  } else {
    writeHead(TAGGED, WTF8_TAG)
    writeBytes(toWtf8(text))
  }
}

/** Where it matters, sort what was written from `starts` on, each up to the next one, in the order of bytes. */
export function sortEntries(starts: readonly number[]): void {
  if (!isDeterministic) return
  const entries = starts.map((from, i) => toHex(bytes.subarray(from, starts[i + 1] ?? position)))
  position = starts[0] ?? position
  for (const entry of entries.sort()) append(fromHex(entry))
}

/** Where the next byte goes. */
export let position = 0

/** Bytes that are kept between the calls. */
const ROOM = 64 * 1024

/** The longest head. */
const HEAD_BYTES = 9

/** Texts for which a loop beats the call of TextEncoder. */
const SHORT_ASCII = /^[\0-\x7f]{0,64}$/

let bytes: Uint8Array<ArrayBuffer>
let view: DataView
let start = 0
let maxBytes: number
let isDeterministic: boolean | undefined
allocate(ROOM)

/** Write an initial byte. Answers where the `size` bytes go that belong to it; there must be room for them. */
function skip(initial: number, size: number): number {
  bytes[position] = initial
  position += 1 + size
  return position - size
}

function append(content: Uint8Array): void {
  reserve(content.length)
  bytes.set(content, position)
  position += content.length
}

function checkSize(): void {
  if (position - start > maxBytes) fail(exceeded(`${maxBytes} bytes`))
}

function reserve(count: number): void {
  const needed = position + count
  if (needed <= bytes.length) return
  checkSize()
  const old = bytes
  allocate(Math.max(needed, 2 * old.length))
  bytes.set(old)
}

function allocate(size: number): void {
  bytes = new Uint8Array(size)
  view = new DataView(bytes.buffer)
}
