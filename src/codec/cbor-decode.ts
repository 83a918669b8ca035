import { CorruptEntryError, KonserveError } from '../base/errors.ts'
import { joinBytes, utf8Decoder } from './cbor-text.ts'
import { ANY, decoderOf, halfToNumber, MAP_TAG, setProperty, TEXT } from './kinds.ts'
import { DEFAULT_LIMITS, exceeded, isStackOverflow, type Limits } from './limits.ts'
import { simplest } from './tagged.ts'

export interface DecodeOptions {
  limits?: Partial<Limits> | undefined
}

/**
 * The value that `input` is the CBOR of; nothing in it shares memory with `input`. Whatever is not well-formed (RFC
 * 8949, appendix C), or breaks the rules of a tag, is refused; a tag without a type here gives a `Tagged`.
 *
 * @throws CORRUPT_ENTRY with the byte offset; LIMIT_EXCEEDED
 */
export function decode(input: Uint8Array, { limits }: DecodeOptions = {}): unknown {
  // A registered type may decode on its own account meanwhile.
  const outer = [bytes, view, position, depth, maxDepth] as const
  const { buffer, byteOffset, length } = input
  const maxBytes = limits?.bytes ?? DEFAULT_LIMITS.bytes
  if (length > maxBytes) throw exceeded(`${maxBytes} bytes`)
  // Buffer.prototype.slice makes a view.
  bytes = new Uint8Array(buffer as ArrayBuffer, byteOffset, length)
  view = new DataView(buffer, byteOffset, length)
  position = depth = 0
  maxDepth = limits?.depth ?? DEFAULT_LIMITS.depth
  try {
    const value = read()
    if (position < length) corrupt('trailing bytes')
    return value
  } catch (cause) {
    throw isStackOverflow(cause) ? exceeded(`${depth} levels`, { cause }) : cause
  } finally {
    ;[bytes, view, position, depth, maxDepth] = outer
  }
}

let bytes: Uint8Array<ArrayBuffer>
let view: DataView
let position: number
let depth: number
let maxDepth: number

/** The next item; `asMap` says that a map is a Map whatever its keys are. */
function read(asMap = false): unknown {
  const start = take(1)
  const initial = bytes[start]!
  const info = initial & 31
  switch (initial >> 5) {
    case 0:
      return readArgument(info)
    case 1: {
      const argument = readArgument(info)
      return argument < Number.MAX_SAFE_INTEGER ? -1 - (argument as number) : -1n - BigInt(argument)
    }
    case 2:
      return info === INDEFINITE
        ? joinBytes(readChunks(initial) as Uint8Array[])
        : bytes.slice(take(readArgument(info) as number), position)
    case 3:
      return info === INDEFINITE ? readChunks(initial).join('') : readText(info)
    case 4: {
      const array: unknown[] = []
      readItems(info, () => array.push(read()))
      return array
    }
    case 5:
      return readMap(info, asMap)
    case 6:
      return readTagged(info, start)
    default:
      return readSimple(info, start)
  }
}

function readSimple(info: number, start: number): unknown {
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
      return halfToNumber(view.getUint16(take(2)))
    case 26:
      return view.getFloat32(take(4))
    case 27:
      return view.getFloat64(take(8))
  }
  corrupt('a wrong head', start)
}

/** An object if all keys are strings and no Map is asked for. */
function readMap(info: number, asMap: boolean): unknown {
  const object: Record<string, unknown> = {}
  let map = asMap ? new Map<unknown, unknown>() : undefined
  readItems(info, () => {
    const start = position
    const key = read()
    if (typeof key !== 'string') map ??= new Map(Object.entries(object))
    if (map ? map.has(key) : Object.hasOwn(object, key as string)) corrupt('a key twice', start)
    const value = read()
    if (map) map.set(key, value)
    else setProperty(object, key as string, value)
  })
  return map ?? object
}

function readTagged(info: number, start: number): unknown {
  const tag = readArgument(info)
  const [majors, build] = decoderOf(tag)
  const contentStart = position
  if (((majors >> (peek() >> 5)) & 1) === 0) corrupt(WRONG_CONTENT)
  let content: unknown
  // What has no type here counts as a level, the others are closed in themselves.
  if (majors === ANY) readItems(1, () => (content = read()))
  else content = read(tag === MAP_TAG)
  if (majors === TEXT && typeof content !== 'string') corrupt(WRONG_CONTENT, contentStart)
  try {
    return build(content as never, tag as number)
  } catch (cause) {
    if (cause instanceof KonserveError) throw cause
    corrupt(WRONG_CONTENT, start, { cause })
  }
}

/** The argument of a head: a number if that is exact, else a bigint. */
function readArgument(info: number): number | bigint {
  switch (info) {
    case 24:
      return bytes[take(1)]!
    case 25:
      return view.getUint16(take(2))
    case 26:
      return view.getUint32(take(4))
    case 27:
      return simplest(view.getBigUint64(take(8)))
  }
  if (info > 23) corrupt('a wrong head', position - 1)
  return info
}

/** Calls `readItem` as often as the head says, or up to a break (RFC 8949, section 3.2). */
function readItems(info: number, readItem: () => void): void {
  if (depth++ >= maxDepth) throw exceeded(`${maxDepth} levels`)
  if (info === INDEFINITE) {
    while (bytes[position] !== BREAK) readItem()
    position++
  } else {
    for (let left = readArgument(info); left > 0; left--) readItem()
  }
  depth--
}

/** Chunks are of the string's own type and of definite length (RFC 8949, section 3.2.3). */
function readChunks(initial: number): unknown[] {
  const chunks: unknown[] = []
  readItems(INDEFINITE, () => {
    if (peek() >> 5 !== initial >> 5 || peek() === initial) corrupt('a wrong head')
    chunks.push(read())
  })
  return chunks
}

function readText(info: number): string {
  const length = readArgument(info) as number
  const start = take(length)
  // Up to here a loop beats the call of TextDecoder.
  if (length < 32) {
    let text = ''
    for (let i = start; i < position && bytes[i]! < 0x80; i++) text += String.fromCharCode(bytes[i]!)
    if (text.length === length) return text
  }
  try {
    return utf8Decoder.decode(bytes.subarray(start, position))
  } catch {
    corrupt('wrong text', start)
  }
}

function peek(): number {
  return bytes[position] ?? corrupt('an early end')
}

/** Where the next `count` bytes start, which are read thereby. */
function take(count: number): number {
  if (count > bytes.length - position) corrupt('an early end', bytes.length)
  position += count
  return position - count
}

function corrupt(what: string, at: number = position, details?: { cause: unknown }): never {
  throw new CorruptEntryError(`The CBOR has ${what} at byte ${at}`, details)
}

/** Additional information that leaves the end to a break. */
const INDEFINITE = 31
const BREAK = 0xff
const WRONG_CONTENT = 'wrong content of a tag'
