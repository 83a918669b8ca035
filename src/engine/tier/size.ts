import type { Entry } from '../../base/entry.ts'
import { isWellFormed, utf8Encoder } from '../../codec/cbor-text.ts'
import { BYTES_TAG, MAP_TAG, WTF8_TAG, kindOf, partsOf, typedArrayName } from '../../codec/kinds.ts'
import { findType } from '../../codec/types.ts'

/** How many bytes an entry counts in memory: value, key and custom metadata as CBOR, and what is around them. */
export function sizeOf({ meta, value }: Entry): number {
  return AROUND + valueSize(meta.key) + valueSize(meta.custom) + valueSize(value)
}

/**
 * How many bytes `encode` makes of a value. What only the platform can clone counts too, about what it takes: an object
 * that occurs more than once, or in itself, counts once.
 */
export function valueSize(value: unknown): number {
  const seen = new Set<object>()
  try {
    return size(value, seen)
  } catch {
    // Too deep for the stack, or something throws when it is read: neither comes out of a store.
    return UNKNOWN * (1 + seen.size)
  }
}

/** Name, metadata, places in the map and in `Residents`: what V8 takes for an entry whose value is a number. */
const AROUND = 500

/** What counts for an object that is not known. */
const UNKNOWN = 64

type Seen = Set<object>

function size(value: unknown, seen: Seen): number {
  switch (typeof value) {
    case 'string':
      return textSize(value)
    case 'number':
      return numberSize(value)
    case 'object':
      return value === null || isSeen(value, seen) ? 1 : objectSize(value, seen)
    case 'bigint':
      return bigintSize(value)
    default:
      return 1
  }
}

/** Whether an object was seen before; from now on it was. */
function isSeen(value: object, seen: Seen): boolean {
  const { size } = seen
  return seen.add(value).size === size
}

function objectSize(value: object, seen: Seen): number {
  // Looked at first, as they are most of all.
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Object.prototype) return fieldsSize(value, seen)
  if (prototype === Array.prototype && Array.isArray(value)) return itemsSize(value, seen)
  const kind = kindOf(value)
  switch (kind) {
    case undefined:
      return foreignSize(value, seen)
    case 'Object':
      return fieldsSize(value, seen)
    case 'Array':
      return itemsSize(value as unknown[], seen)
    case 'Map':
      return mapSize(value as Map<unknown, unknown>, seen)
    case 'Set':
      return setSize(value as Set<unknown>, seen)
    case 'ArrayBuffer':
      return NAMED_SIZE + textSize(kind) + bytesSize(value as ArrayBuffer)
    case 'TypedArray':
      return (typedArrayName(value) === 'Uint8Array' ? 0 : headSize(BYTES_TAG)) + bytesSize(value as Uint8Array)
    default: {
      const [tag, content] = partsOf(value)
      return headSize(Number(tag)) + size(content, seen)
    }
  }
}

function fieldsSize(object: object, seen: Seen): number {
  let bytes = 0
  let count = 0
  // Object.keys takes longer, and lists the same, if nobody has made Object.prototype enumerable.
  for (const key in object) {
    bytes += textSize(key) + size((object as Record<string, unknown>)[key], seen)
    count++
  }
  return headSize(count) + bytes
}

function itemsSize(items: readonly unknown[], seen: Seen): number {
  let bytes = headSize(items.length)
  // Holes count.
  for (let i = 0; i < items.length; i++) bytes += size(items[i], seen)
  return bytes
}

function mapSize(map: ReadonlyMap<unknown, unknown>, seen: Seen): number {
  let bytes = headSize(MAP_TAG) + headSize(map.size)
  for (const [key, value] of map) bytes += size(key, seen) + size(value, seen)
  return bytes
}

function setSize(set: ReadonlySet<unknown>, seen: Seen): number {
  let bytes = headSize(SET_TAG) + headSize(set.size)
  for (const item of set) bytes += size(item, seen)
  return bytes
}

/** The size of an object of a registered type, or of one that only the platform can clone. */
function foreignSize(value: object, seen: Seen): number {
  const type = findType(value)
  if (type) return NAMED_SIZE + textSize(type[0]) + size(type[1].encode(value), seen)
  if (value instanceof Blob) return UNKNOWN + value.size
  // Its own fields alone: those of its class may lead anywhere.
  return UNKNOWN + (ArrayBuffer.isView(value) ? value.byteLength : fieldsSize({ ...value }, seen))
}

function bytesSize({ byteLength }: ArrayBuffer | Uint8Array): number {
  return headSize(byteLength) + byteLength
}

const BIGINT_TAG = 2
const SET_TAG = 258

/** The tag of a named value, and the head of the pair that it stands over. */
const NAMED_SIZE = 3

/** The initial byte of CBOR, and its argument. */
function headSize(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : argument < 0x100000000 ? 5 : 9
}

function numberSize(value: number): number {
  const isInteger = Number.isSafeInteger(value) && (value !== 0 || 1 / value > 0)
  if (isInteger) return headSize(value < 0 ? -1 - value : value)
  if (Math.fround(value) !== value && value === value) return 9
  return isHalf(value) ? 3 : 5
}

/** Whether a binary16 holds what a binary32 does. */
function isHalf(value: number): boolean {
  const magnitude = Math.abs(value)
  if (magnitude < 2 ** -14) return Number.isInteger(value * 2 ** 24)
  // The upper eleven bits of the fraction, by Veltkamp's splitting.
  const high = value * (2 ** 42 + 1)
  return !Number.isFinite(value) || (magnitude <= 65504 && high - (high - value) === value)
}

function bigintSize(value: bigint): number {
  const magnitude = value < 0n ? ~value : value
  const length = magnitude ? Math.ceil(magnitude.toString(16).length / 2) : 0
  return headSize(BIGINT_TAG) + headSize(length) + length
}

function textSize(text: string): number {
  const { length } = text
  let i = 0
  if (length <= SHORT_TEXT) while (i < length && text.charCodeAt(i) < 0x80) i++
  if (i === length) return headSize(length) + length
  const bytes = utf8Length(text)
  const isUtf8 = bytes === length || isWellFormed(text)
  return (isUtf8 ? 0 : headSize(WTF8_TAG)) + headSize(bytes) + bytes
}

/** A lone surrogate has three bytes. They are written, piece by piece: the platform is quicker at that than a loop. */
function utf8Length(text: string): number {
  let bytes = 0
  let start = 0
  while (start < text.length) {
    let end = start + PIECE
    // Not between the halves of a pair.
    if (isHighSurrogate(text.charCodeAt(end - 1))) end--
    bytes += utf8Encoder.encodeInto(text.slice(start, end), piece).written
    start = end
  }
  return bytes
}

function isHighSurrogate(unit: number): boolean {
  return unit >> 10 === 0xd800 >> 10
}

/** UTF-16 units up to which a loop beats the call of TextEncoder. */
const SHORT_TEXT = 32

const PIECE = 1024
const piece = new Uint8Array(3 * PIECE)
