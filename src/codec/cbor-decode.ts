import { CorruptEntryError, KonserveError } from '../base/errors.ts'
import { follow, predict, rootShape, type Shape } from './cbor-shapes.ts'
import { utf8Decoder } from './cbor-text.ts'
import { build, contentOf, halfToNumber, MAP_TAG, SELF_DESCRIBED } from './kinds.ts'
import { DEFAULT_LIMITS, exceeded, isStackOverflow, type Limits } from './limits.ts'

export interface DecodeOptions {
  limits?: Partial<Limits> | undefined
}

/**
 * The value that `input` is the CBOR of; nothing in it shares memory with `input`. Whatever is not well-formed (RFC
 * 8949, appendix C), or breaks the rules of a tag, is refused; a tag without a type here gives a `Tagged`.
 *
 * @throws CORRUPT_ENTRY with the byte offset; LIMIT_EXCEEDED
 */
export function decode(input: Uint8Array, options?: DecodeOptions): unknown {
  // A registered type may decode on its own account meanwhile.
  const outer = [bytes, view, position, depth, maxDepth] as const
  const limit = options?.limits?.bytes ?? DEFAULT_LIMITS.bytes
  if (input.length > limit) throw exceeded(`${limit} bytes`)
  view = new DataView(input.buffer, input.byteOffset, input.length)
  // Buffer.prototype.slice makes a view.
  bytes = input.constructor === Uint8Array ? input : new Uint8Array(input.buffer, input.byteOffset, input.length)
  position = depth = 0
  maxDepth = options?.limits?.depth ?? DEFAULT_LIMITS.depth
  try {
    const value = read()
    if (position < bytes.length) corrupt('trailing bytes')
    return value
  } catch (error) {
    throw isStackOverflow(error) ? exceeded(`${depth} levels`, { cause: error }) : error
  } finally {
    ;[bytes, view, position, depth, maxDepth] = outer
  }
}

let bytes: Uint8Array = new Uint8Array(0)
let view: DataView = new DataView(new ArrayBuffer(0))
let position = 0
let depth = 0
let maxDepth = 0

function read(): unknown {
  const initial = peek()
  position++
  const info = initial & 31
  switch (initial >> 5) {
    case 0:
      return initial < 24 ? initial : readInteger(info, false)
    case 1:
      return readInteger(info, true)
    case 2:
      return info === INDEFINITE ? readByteChunks() : readBytes(readLength(info))
    case 3: {
      if (info !== INDEFINITE) return readText(readLength(info))
      let text = ''
      while (!readBreak()) text += readText(readChunkLength(3))
      return text
    }
    case 4:
      return readArray(readCount(info, 1))
    case 5:
      return readMap(readCount(info, 2))
    case 6:
      return readTagged(info)
    default:
      return readSimple(info)
  }
}

function readArray(length: number): unknown[] {
  enter()
  const array: unknown[] = []
  for (let i = 0; hasItem(i, length); i++) {
    // A number that comes out of `read` is boxed first.
    if (bytes[position] === 0xfb && position + 9 <= bytes.length) array.push(view.getFloat64((position += 9) - 8))
    else array.push(read())
  }
  depth--
  return array
}

/** An object if all keys are strings and no `map` is given. */
function readMap(length: number, map?: Map<unknown, unknown>): unknown {
  enter()
  const object: Record<string, unknown> = {}
  let shape: Shape | undefined = rootShape()
  for (let i = 0; hasItem(i, length); i++) {
    const start = position
    let next: Shape | undefined = shape && !map ? predict(shape, bytes, start) : undefined
    let key: unknown
    if (next) {
      position += next.encoded.length
      key = next.key
    } else {
      key = read()
      if (typeof key !== 'string') map ??= new Map(Object.entries(object))
      if (map ? map.has(key) : Object.hasOwn(object, key as string)) corrupt('a key twice', start)
      if (shape && !map) next = follow(shape, key as string, bytes.slice(start, position))
    }
    shape = next
    const value = read()
    if (map) {
      map.set(key, value)
    } else if (next ? next.mustDefine : (key as string) in Object.prototype) {
      Object.defineProperty(object, key as string, { value, writable: true, enumerable: true, configurable: true })
    } else {
      object[key as string] = value
    }
  }
  depth--
  return map ?? object
}

function readSimple(info: number): unknown {
  const start = position
  switch (info) {
    case 20:
      return false
    case 21:
      return true
    case 22:
      return null
    case 23:
      return undefined
    case 25:
      return halfToNumber(readArgument(info))
    case 26:
      readArgument(info)
      return view.getFloat32(start)
    case 27:
      skip(8)
      return view.getFloat64(start)
    default:
      corrupt('a wrong head', start - 1)
  }
}

function readTagged(info: number): unknown {
  const start = position - 1
  const tag = readInteger(info, false)
  const majors = contentOf(tag)
  if (majors === undefined) {
    enter()
    const value = read()
    depth--
    return tag === SELF_DESCRIBED ? value : build(tag, value)
  }
  const initial = peek()
  if (((majors >> (initial >> 5)) & 1) === 0) corrupt('a tag over something wrong')
  if (tag === MAP_TAG) {
    position++
    return readMap(readCount(initial & 31, 2), new Map())
  }
  const content = read()
  try {
    return build(tag, content)
  } catch (cause) {
    if (cause instanceof KonserveError) throw cause
    corrupt('a tag over something wrong', start, { cause })
  }
}

/** The argument of a head; exact below 2^53, and no safe integer from there on. */
function readArgument(info: number): number {
  const start = position
  switch (info) {
    case 24:
      skip(1)
      return view.getUint8(start)
    case 25:
      skip(2)
      return view.getUint16(start)
    case 26:
      skip(4)
      return view.getUint32(start)
    case 27:
      skip(8)
      return view.getUint32(start) * 0x100000000 + view.getUint32(start + 4)
    default:
      if (info > 23) corrupt('a wrong head', start - 1)
      return info
  }
}

function readInteger(info: number, isNegative: boolean): number | bigint {
  const start = position
  const argument = readArgument(info)
  const value = isNegative ? -1 - argument : argument
  if (Number.isSafeInteger(value)) return value
  const exact = view.getBigUint64(start)
  return isNegative ? -1n - exact : exact
}

/** A length whose items, of at least `size` bytes each, can be there: nothing is allocated for one that lies. */
function readLength(info: number, size = 1): number {
  const length = readArgument(info)
  if (length * size > bytes.length - position) truncated()
  return length
}

/** As `readLength`, or Infinity where a break is the end (RFC 8949, section 3.2). */
function readCount(info: number, size: number): number {
  return info === INDEFINITE ? Infinity : readLength(info, size)
}

function hasItem(i: number, length: number): boolean {
  return length === Infinity ? !readBreak() : i < length
}

function readBreak(): boolean {
  if (peek() !== 0xff) return false
  position++
  return true
}

/** Chunks are of the string's own type and of definite length (RFC 8949, section 3.2.3). */
function readChunkLength(major: number): number {
  const initial = peek()
  if (initial >> 5 !== major || (initial & 31) === INDEFINITE) corrupt('a wrong head')
  position++
  return readLength(initial & 31)
}

function readBytes(length: number): Uint8Array<ArrayBuffer> {
  return bytes.slice(position, (position += length))
}

function readByteChunks(): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let length = 0
  while (!readBreak()) {
    const chunk = readBytes(readChunkLength(2))
    chunks.push(chunk)
    length += chunk.length
  }
  const all = new Uint8Array(length)
  for (const chunk of chunks.reverse()) all.set(chunk, (length -= chunk.length))
  return all
}

function readText(length: number): string {
  const start = position
  const end = start + length
  if (length <= SHORT_TEXT) {
    const units = unitsOfLength[length]!
    let i = 0
    while (i < length && (units[i] = bytes[start + i]!) < 0x80) i++
    if (i === length) {
      position = end
      return String.fromCharCode.apply(null, units)
    }
  }
  try {
    const text = utf8Decoder.decode(bytes.subarray(start, end))
    position = end
    return text
  } catch {
    corrupt('wrong text')
  }
}

function peek(): number {
  return bytes[position] ?? truncated()
}

function skip(count: number): void {
  if (position + count > bytes.length) truncated()
  position += count
}

function enter(): void {
  if (depth >= maxDepth) throw exceeded(`${maxDepth} levels`)
  depth++
}

function truncated(): never {
  corrupt('an early end', bytes.length)
}

function corrupt(what: string, at: number = position, details?: { cause: unknown }): never {
  throw new CorruptEntryError(`The CBOR has ${what} at byte ${at}`, details)
}

/** Additional information that leaves the end to a break. */
const INDEFINITE = 31

/** Bytes up to which a loop beats the call of TextDecoder. */
const SHORT_TEXT = 32

/** One array for each short length, since a call with as many arguments is what makes a string fastest. */
const unitsOfLength = Array.from({ length: SHORT_TEXT + 1 }, (_, length) => new Array<number>(length).fill(0))
