import type { EncodeOptions } from '../cbor-writer.ts'
import { isWellFormed, toWtf8, utf8Encoder } from '../cbor-text.ts'
import { BYTES_TAG, MAP_TAG, partsOf, WTF8_TAG } from '../kinds.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import { type KeyNode, firstKeys, follow } from './keys.ts'
import { bytes, core, fail, floats, generation, hold, isReady, refresh, release, view } from './memory.ts'

/**
 * A value as CBOR, the same bytes as the twin's, written straight into the module's memory. Whatever cannot be written,
 * the twin tries again and says why.
 */
export function encode(value: unknown, { limits, deterministic }: EncodeOptions): Uint8Array<ArrayBuffer> | undefined {
  const most = limits?.bytes ?? DEFAULT_LIMITS.bytes
  if (deterministic || !isReady() || !begin(limits, most, LARGE)) return undefined
  try {
    write(value)
    return result()
  } catch (error) {
    fail(error)
    return undefined
  } finally {
    finish()
  }
}

/**
 * Begin to write at most `size` bytes; answers whether that is possible now. Byte strings from `past` bytes on do not pass
 * through the module's memory. `finish` must follow.
 */
export function begin(limits: Partial<Limits> | undefined, size: number, past: number): boolean {
  // A registered type may encode on its own account meanwhile.
  if (isBusy) return false
  // Somebody has made Object.prototype enumerable: `for in` would list what is no property of the value's own.
  for (const _ in NOTHING_OWN) return false
  levels = limits?.depth ?? DEFAULT_LIMITS.depth
  most = size
  large = past
  position = place
  if (generation !== begun) {
    position = place = 0
    try {
      make(INITIAL_ROOM)
    } catch {
      // There is no memory for it.
      return false
    }
    begun = generation
  }
  hold()
  isBusy = true
  return true
}

/** How many bytes are written. */
export function written(): number {
  checkInstance()
  return position - place
}

/** Somebody else's code may have put another instance in the place of the one that was begun with. */
function checkInstance(): void {
  if (generation !== begun) throw new Error('Begun with another instance')
}

/** Leave `count` bytes free. */
export function skip(count: number): void {
  position += count
}

export function finish(): void {
  isBusy = false
  if (passed.length > 0) passed = []
  release()
}

// Major types of RFC 8949, section 3.1, in their place in the initial byte.
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60
const ARRAY = 0x80
const MAP = 0xa0
const TAGGED = 0xc0

const INITIAL_ROOM = 64 * 1024
/** Free bytes that everything but text and bytes finds before it without asking, and more than it takes. */
const SLACK = 32
/** UTF-16 units up to which a loop beats the call of TextEncoder. */
const SHORT_TEXT = 64
/** Numbers in a row from which on the module writes them. */
const RUN = 8
/** Bytes from which on they do not pass through the module's memory. */
const LARGE = 64 * 1024

const NOTHING_OWN = {}
const { getPrototypeOf } = Object
const objectPrototype = Object.prototype
const arrayPrototype = Array.prototype

let isBusy = false
let levels = 0
let most = 0
let large = 0

/** The instance in whose memory the room is. */
let begun = 0

/** The room in memory: where it starts, where the next byte goes, and where to ask for more. */
let place = 0
let position = 0
let limit = 0

/** Bytes that are still to be put in, each before the position that it had in what is written. */
let passed: [at: number, content: Uint8Array][] = []

function make(room: number): void {
  if (room > most + INITIAL_ROOM) throw new RangeError('Too large')
  const count = position - place
  place = core.output(room)
  refresh()
  position = place + count
  limit = place + room - SLACK
}

function reserve(count: number): void {
  if (position + count > limit) make(Math.max(2 * (limit + SLACK - place), position - place + count + SLACK))
}

function result(): Uint8Array<ArrayBuffer> {
  let size = written()
  for (const [, content] of passed) size += content.length
  if (size > most) throw new RangeError('Too large')
  if (passed.length === 0) return bytes.slice(place, position)
  const whole = new Uint8Array(size)
  let from = place
  let to = 0
  for (const [at, content] of passed) {
    whole.set(bytes.subarray(from, place + at), to)
    to += place + at - from
    from = place + at
    whole.set(content, to)
    to += content.length
  }
  whole.set(bytes.subarray(from, position), to)
  return whole
}

/** Write a value. */
export function write(value: unknown): void {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return writeNumber(value)
    case 'object':
      return value === null ? writeByte(0xf6) : writeObject(value)
    case 'boolean':
      return writeByte(value ? 0xf5 : 0xf4)
    case 'undefined':
      return writeByte(0xf7)
    case 'bigint':
      return writeBigint(value)
    default:
      throw new TypeError('Not a value')
  }
}

function writeByte(byte: number): void {
  if (position > limit) reserve(0)
  bytes[position++] = byte
}

/** There is room for it. */
function writeHead(major: number, argument: number): void {
  if (argument < 24) {
    bytes[position++] = major | argument
  } else if (argument < 0x100) {
    bytes[position++] = major | 24
    bytes[position++] = argument
  } else if (argument < 0x10000) {
    bytes[position++] = major | 25
    bytes[position++] = argument >> 8
    bytes[position++] = argument
  } else if (argument < 0x100000000) {
    bytes[position] = major | 26
    view.setUint32(position + 1, argument)
    position += 5
  } else {
    bytes[position] = major | 27
    view.setUint32(position + 1, argument / 0x100000000)
    view.setUint32(position + 5, argument)
    position += 9
  }
}

function writeNumber(value: number): void {
  if (position > limit) reserve(0)
  const integer = value | 0
  if (integer === value && (integer !== 0 || 1 / value > 0)) {
    if (integer < 0) writeHead(NEGATIVE, ~integer)
    else writeHead(0, integer)
  } else if (Math.fround(value) !== value && value === value && !Number.isSafeInteger(value)) {
    bytes[position] = 0xfb
    view.setFloat64(position + 1, value)
    position += 9
  } else {
    writeRun([value], 1)
  }
}

function writeBigint(value: bigint): void {
  const isNegative = value < 0n
  const magnitude = isNegative ? ~value : value
  if (magnitude >> 64n) throw new RangeError('Left to the twin')
  if (position > limit) reserve(0)
  bytes[position++] = TAGGED | (isNegative ? 3 : 2)
  // The eight bytes, of which those from the first that counts on stay.
  view.setBigUint64(position + 1, magnitude)
  let skipped = 1
  while (skipped < 9 && bytes[position + skipped] === 0) skipped++
  bytes.copyWithin(position + 1, position + skipped, position + 9)
  bytes[position] = BYTES | (9 - skipped)
  position += 10 - skipped
}

function writeBytes(content: Uint8Array): void {
  const { length } = content
  if (position > limit) reserve(0)
  writeHead(BYTES, length)
  if (length >= large) passed.push([position - place, content])
  else writeRaw(content)
}

/** Bytes as they are. */
export function writeRaw(content: Uint8Array): void {
  reserve(content.length)
  bytes.set(content, position)
  position += content.length
}

function writeText(text: string): void {
  const { length } = text
  if (length > SHORT_TEXT) return writeLongText(text)
  reserve(3 * length)
  let to = position + (length < 24 ? 1 : 2)
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) return writeMixedText(text, i, to)
    bytes[to++] = unit
  }
  if (length < 24) {
    bytes[position] = TEXT | length
  } else {
    bytes[position] = TEXT | 24
    bytes[position + 1] = length
  }
  position = to
}

/** A short text of which the units before `i` are written, the next one at `to`. */
function writeMixedText(text: string, i: number, to: number): void {
  const { length } = text
  const from = position + (length < 24 ? 1 : 2)
  for (; i < length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      bytes[to++] = unit
    } else if (unit < 0x800) {
      bytes[to++] = 0xc0 | (unit >> 6)
      bytes[to++] = 0x80 | (unit & 0x3f)
    } else if (unit >> 11 === 0xd800 >> 11) {
      return writeLongText(text)
    } else {
      bytes[to++] = 0xe0 | (unit >> 12)
      bytes[to++] = 0x80 | ((unit >> 6) & 0x3f)
      bytes[to++] = 0x80 | (unit & 0x3f)
    }
  }
  finishText(from, to - from)
}

function writeLongText(text: string): void {
  const { length } = text
  reserve(3 * length)
  const from = position + headSize(length)
  const { written } = utf8Encoder.encodeInto(text, new Uint8Array(bytes.buffer, from, limit + SLACK - from))
  if (written === length || isWellFormed(text)) return finishText(from, written)
  writeHead(TAGGED, WTF8_TAG)
  writeBytes(toWtf8(text))
}

/** Put the head before the `length` bytes of a text that are written at `from`. */
function finishText(from: number, length: number): void {
  const start = position + headSize(length)
  if (start !== from) bytes.copyWithin(start, from, from + length)
  writeHead(TEXT, length)
  position += length
}

function headSize(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : 5
}

function writeObject(value: object): void {
  const prototype: unknown = getPrototypeOf(value)
  if (prototype === objectPrototype) return writePlain(value as Record<string, unknown>)
  if (prototype === arrayPrototype && Array.isArray(value)) return writeItems(value)
  const [tag, content, isNested] = partsOf(value)
  checkInstance()
  if (tag !== undefined && tag !== BYTES_TAG) {
    if (typeof tag === 'bigint') throw new RangeError('Left to the twin')
    if (position > limit) reserve(0)
    writeHead(TAGGED, tag)
  }
  if (isNested) {
    enter()
    write(content)
    levels++
  } else if (content instanceof Uint8Array) {
    writeBytes(content)
  } else if (tag === MAP_TAG) {
    writeMap(content as Map<unknown, unknown>)
  } else if (Array.isArray(content)) {
    writeItems(content)
  } else if (typeof content === 'object') {
    // An object without prototype, or of another realm.
    writePlain({ ...content })
  } else {
    write(content)
  }
}

function enter(): void {
  if (--levels < 0) throw new RangeError('Too deep')
}

function writeItems(items: readonly unknown[]): void {
  enter()
  if (position > limit) reserve(0)
  const { length } = items
  writeHead(ARRAY, length)
  let i = 0
  if (length >= RUN && typeof items[0] === 'number' && typeof items[length - 1] === 'number')
    i = writeRun(items, length)
  for (; i < length; i++) write(items[i])
  levels++
}

/** Write the items up to the first that is no number; answers how many those were. */
function writeRun(items: readonly unknown[], length: number): number {
  const start = core.numbers(length) >> 3
  refresh()
  let count = 0
  while (count < length) {
    const item = items[count]
    if (typeof item !== 'number') break
    floats[start + count++] = item
  }
  reserve(9 * count)
  position = place + core.write_numbers(count, position - place)
  return count
}

function writeMap(map: Map<unknown, unknown>): void {
  enter()
  if (position > limit) reserve(0)
  writeHead(MAP, map.size)
  for (const [key, value] of map) {
    write(key)
    write(value)
  }
  levels++
}

function writePlain(object: Record<string, unknown>): void {
  enter()
  if (position > limit) reserve(0)
  // The head comes when the properties are counted.
  const start = position++ - place
  let node: KeyNode | undefined = firstKeys()
  let count = 0
  for (const key in object) {
    if (node) {
      const next: KeyNode | undefined = node.next
      node = next !== undefined && next.key === key ? next : follow(node, key)
    }
    if (node) {
      const { encoded } = node
      reserve(encoded.length)
      let to = position
      for (let i = 0; i < encoded.length; i++) bytes[to++] = encoded[i]!
      position = to
    } else {
      writeText(key)
    }
    const value = object[key]
    checkInstance()
    if (typeof value === 'string') writeText(value)
    else if (typeof value === 'number') writeNumber(value)
    else write(value)
    count++
  }
  if (count < 24) {
    bytes[place + start] = MAP | count
  } else {
    const size = headSize(count) - 1
    reserve(size)
    const from = place + start + 1
    bytes.copyWithin(from + size, from, position)
    for (const each of passed) if (each[0] > start) each[0] += size
    const after = position + size
    position = from - 1
    writeHead(MAP, count)
    position = after
  }
  levels++
}
