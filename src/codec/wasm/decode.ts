import type { DecodeOptions } from '../cbor-decode.ts'
import { utf8Decoder } from '../cbor-text.ts'
import { LEFT } from '../fast.ts'
import { TEXT, decoderOf, setProperty } from '../kinds.ts'
import { DEFAULT_LIMITS, type Limits } from '../limits.ts'
import {
  MOST_BYTES,
  MOST_LEVELS,
  bytes,
  core,
  epoch,
  fail,
  floats,
  generation,
  hold,
  isReady,
  refresh,
  release,
  result,
  take,
  words,
} from './memory.ts'

/**
 * Values out of the tape that the module makes of CBOR; `wasm/core/src/tape.rs` says what is on it. Whatever goes wrong
 * on the way, the twin reads the bytes again and says what.
 */
export function decode(input: Uint8Array, { limits }: DecodeOptions): unknown {
  const { length } = input
  // A text or bytes alone need no parser, and no copy.
  const isAlone = (input[0]! & 0xc0) === 0x40
  if (isBusy || isAlone || !isReady() || length > mostBytes(limits)) return LEFT
  isBusy = true
  hold()
  try {
    take(input)
    return begin(core.parse(length, mostLevels(limits))) ? read() : LEFT
  } catch (error) {
    fail(error)
    return LEFT
  } finally {
    rest()
  }
}

/** What `body` makes of the tape; `LEFT` if it fails, or if a registered type decodes on its own account. */
export function reading<T>(body: () => T): T | typeof LEFT {
  if (isBusy) return LEFT
  isBusy = true
  hold()
  try {
    return body()
  } catch (error) {
    fail(error)
    return LEFT
  } finally {
    rest()
  }
}

function rest(): void {
  isBusy = false
  chunk = ''
  release()
}

/** Turn to the tape that a call has just left, and pass on whether there is one. */
export function begin(isParsed: number): boolean {
  refresh()
  // Also after bytes that are refused: they may have been what made it forget.
  if (generation !== known || words[result + 3]) {
    known = generation
    constructors = []
  }
  at = words[result]! >> 2
  number = words[result + 1]! >> 3
  text = words[result + 2]!
  place = words[result + 4]!
  turned = epoch
  return isParsed === 1
}

export function mostBytes(limits: Partial<Limits> | undefined): number {
  return Math.min(MOST_BYTES, limits?.bytes ?? DEFAULT_LIMITS.bytes)
}

export function mostLevels(limits: Partial<Limits> | undefined): number {
  return Math.min(MOST_LEVELS, limits?.depth ?? DEFAULT_LIMITS.depth)
}

/** Items up to which an array is made as a whole. */
const PREALLOCATED = 100_000
/** Objects of one shape from which on a function is made for it. */
const MANY = 16

let isBusy = false

/** The epoch of the tape. */
let turned = 0

/** Where the input, the next node, the next number and the next chunk of text are. */
let place = 0
let at = 0
let number = 0
let text = 0

/** The chunk of text that short texts are cut out of, and where the next one starts. */
let chunk = ''
let cut = 0

/** What makes objects of each shape, for the shapes of one instance. */
let constructors: (() => Record<string, unknown>)[] = []
let known = 0

const SIMPLE = [false, true, null, undefined]

/** The next value of the tape. */
// Literals, because engines make a table of them. Their names are those of wasm/core/src/tape.rs.
export function read(): unknown {
  const node = words[at++]!
  const payload = node >>> 4
  switch (node & 15) {
    case 0: // SMALL
      return node >> 4
    case 1: // NUMBER
      return floats[number++]
    case 2: {
      // TEXT
      const start = cut
      return chunk.substring(start, (cut = start + payload))
    }
    case 3: // LONG_TEXT
      return utf8Decoder.decode(taken(payload))
    case 4: {
      // ARRAY
      const array = payload > PREALLOCATED ? [] : new Array<unknown>(payload)
      for (let i = 0; i < payload; i++) array[i] = read()
      return array
    }
    case 5: // OBJECT
      return (constructors[payload] ?? constructorOf(payload))()
    case 6: // PARTIAL
      return readPartial((constructors[payload] ?? constructorOf(payload))())
    case 7: // SIMPLE
      return SIMPLE[payload]
    case 8: // BYTES
      return taken(payload).slice()
    case 9: {
      // BIG
      const argument = (BigInt(words[at++]! >>> 0) << 32n) | BigInt(words[at++]! >>> 0)
      return payload ? ~argument : argument
    }
    case 10: {
      // TAG
      const [majors, build] = decoderOf(payload)
      const content = read()
      // The module takes any tag over it for that of WTF-8.
      if (majors === TEXT && typeof content !== 'string') throw new TypeError('No text')
      const built = build(content as never, payload)
      // A registered type may have used the memory on its own account.
      if (epoch !== turned) throw new Error('The tape may be gone')
      return built
    }
    case 11: // FLOATS
      number += payload
      return readFloats(floats, number - payload, payload)
    case 12: // CHUNK
      chunk = textOf(text, (text += payload))
      cut = 0
      return read()
    case 13: {
      // MAP
      const map = new Map<unknown, unknown>()
      for (let i = 0; i < payload; i++) map.set(read(), read())
      if (map.size < payload) throw new TypeError('A key twice')
      return map
    }
    default: // INTEGERS
      at += payload
      return readIntegers(words, at - payload, payload)
  }
}

/** UTF-8. Of few bytes, most of which are ASCII, the call of a decoder would take longer than all the rest. */
function textOf(start: number, end: number): string {
  let found = ''
  if (end - start <= SHORT) while (start < end && bytes[start]! < 0x80) found += String.fromCharCode(bytes[start++]!)
  return start === end ? found : found + utf8Decoder.decode(bytes.subarray(start, end))
}

const SHORT = 24

// Each kind of array is made by a function of its own, from which engines learn what will be in it.

function readFloats(source: Float64Array, start: number, length: number): number[] {
  const array = length > PREALLOCATED ? [] : new Array<number>(length)
  for (let i = 0; i < length; i++) array[i] = source[start + i]!
  return array
}

function readIntegers(source: Int32Array, start: number, length: number): number[] {
  const array = length > PREALLOCATED ? [] : new Array<number>(length)
  for (let i = 0; i < length; i++) array[i] = source[start + i]!
  return array
}

/** Bytes of the input. */
function taken(length: number): Uint8Array<ArrayBuffer> {
  const start = place + words[at++]!
  return bytes.subarray(start, start + length)
}

/** The rest of an object, key by key; if not all keys are strings, it is a Map. */
function readPartial(object: Record<string, unknown>): unknown {
  let map: Map<unknown, unknown> | undefined
  for (let rest = words[at++]!; rest > 0; rest--) {
    const key = read()
    if (typeof key !== 'string') map ??= new Map(Object.entries(object))
    if (map ? map.has(key) : Object.hasOwn(object, key as string)) throw new TypeError('A key twice')
    const value = read()
    if (map) map.set(key, value)
    else setProperty(object, key as string, value)
  }
  return map ?? object
}

function constructorOf(shape: number): () => Record<string, unknown> {
  const keys: string[] = []
  for (let each = shape; each !== 0; each = core.shape_parent(each)) {
    const length = core.shape_key(each)
    const start = words[result]!
    keys.unshift(utf8Decoder.decode(bytes.subarray(start, start + length)))
  }
  let uses = 0
  const construct = (): Record<string, unknown> => {
    if (++uses === MANY) constructors[shape] = compiled(keys) ?? construct
    const object: Record<string, unknown> = {}
    for (const key of keys) setProperty(object, key, read())
    return object
  }
  return (constructors[shape] = construct)
}

/** The same as one object literal, which is faster, where the page's policy allows it. */
function compiled(keys: readonly string[]): (() => Record<string, unknown>) | undefined {
  if (!mayCompile) return undefined
  try {
    // Computed, because a plain `__proto__` would set the prototype.
    const properties = keys.map((key) =>
      key === '__proto__' ? `["__proto__"]:read()` : `${JSON.stringify(key)}:read()`,
    )
    return new Function('read', `return()=>({${properties.join()}})`)(read) as () => Record<string, unknown>
  } catch {
    mayCompile = false
    return undefined
  }
}

let mayCompile = true
