import { fromHex, fromWtf8, toHex } from './cbor-text.ts'
import { BIGINT_BYTES, exceeded } from './limits.ts'
import { ClojureSymbol, Keyword, Tagged, Uuid } from './tagged.ts'
import { decodeType, findType } from './types.ts'
import { refuse } from './walk.ts'

/** How the codec stores an object. */
export type Kind =
  | 'Object'
  | 'Array'
  | 'Map'
  | 'Set'
  | 'Date'
  | 'RegExp'
  | 'URL'
  | 'Error'
  | 'ArrayBuffer'
  | 'TypedArray'
  | 'Tagged'

/**
 * What stands for an object on the wire: a tag, if it takes one, and what the tag stands over. With `isNested` that is
 * any value, else bytes, a text, a number, or the parts of the object: an array, a Map or a plain object.
 */
export type Parts = readonly [tag: number | bigint | undefined, content: unknown, isNested?: boolean]

/**
 * The kind of an object by its prototype, of this realm or another; `undefined` for a class instance. A prototype can
 * be lent to an object that has not what goes with it: what reads it then throws, as it does everywhere.
 */
export function kindOf(value: unknown): Kind | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const prototype: object | null = Object.getPrototypeOf(value)
  if (!prototype || !Object.getPrototypeOf(prototype)) return 'Object'
  const { constructor } = prototype
  const kind = kinds.get(constructor) ?? kinds.get(isNative(constructor) && nativeClass(constructor.name))
  return constructor?.prototype !== prototype || (kind === 'Array' && !Array.isArray(value)) ? undefined : kind
}

/** What to call something that cannot be stored. */
export function describe(value: unknown): string {
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an instance of ${String(value?.constructor?.name || 'an unnamed class')}`
}

/** The constructor's name of a typed array; a Node Buffer is a Uint8Array. */
export function typedArrayName(value: object): string {
  return (value as Uint8Array)[Symbol.toStringTag]
}

/** The parts of an object that can be stored: of a kind that is known here, or of a registered type. */
export function partsOf(value: object): Parts {
  const kind = kindOf(value)
  if (kind) return encoders[kind](value as never)
  const [name, codec] = findType(value) ?? refuse(describe(value))
  return [NAMED, [name, codec.encode(value)]]
}

/** The major types that the content of a tag may have, as a set of bits, and how it becomes a value. */
export type Decoder = readonly [majors: number, build: (content: never, tag: number) => unknown]

/** A `build` takes its content over, and throws whatever it likes if the content is wrong. */
export function decoderOf(tag: number | bigint): Decoder {
  return tag >= BYTES_TAG && tag < 88 ? [BYTES, toTypedArray] : (decoders[tag as number] ?? OTHER)
}

/** Add a property that may be named as one of Object.prototype. */
export function setProperty(object: Record<string, unknown>, key: string, value: unknown): void {
  if (object[key] === undefined) object[key] = value
  else Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

// Tags of RFC 8949, section 3.4, RFC 8746, section 2.1, and the IANA registry.
export const NAMED: number = 27
export const BYTES_TAG: number = 64
export const MAP_TAG: number = 259
export const WTF8_TAG: number = 273

/** The number that 16 bits of IEEE 754 binary16 are. */
export function halfToNumber(half: number): number {
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  const magnitude =
    exponent > 30 ? (fraction ? NaN : Infinity) : (exponent ? 1024 + fraction : fraction) * 2 ** ((exponent || 1) - 25)
  return half >> 15 ? -magnitude : magnitude
}

// Sets of major types. Text may be under the tag of WTF-8.
export const ANY: number = 0b11111111
export const TEXT: number = 0b1001000
const NUMBER = 0b10000011
const BYTES = 0b100
const ARRAY = 0b10000
const MAP = 0b100000

/** The parts of what needs no tag. */
const untagged = (value: unknown): Parts => [undefined, value]
const same = (content: unknown): unknown => content

const encoders: Readonly<Record<Kind, (value: never) => Parts>> = {
  Object: untagged,
  Array: untagged,
  Map: (map: Map<unknown, unknown>): Parts => [MAP_TAG, map],
  Set: (set: Set<unknown>): Parts => [258, [...set]],
  // Some fractions of seconds far from 1970 do not read back.
  Date: (date: Date): Parts => {
    const time = date.getTime()
    const seconds = time / 1000
    return Object.is(Math.round(seconds * 1000), time) ? [1, seconds] : [NAMED, ['Date', time]]
  },
  RegExp: ({ source, flags }: RegExp): Parts => (flags === '' ? [35, source] : [NAMED, ['RegExp', source, flags]]),
  URL: ({ href }: URL): Parts => [32, href],
  Error: (error: Error): Parts => [NAMED, ['Error', errorFields(error)]],
  ArrayBuffer: (buffer: ArrayBuffer): Parts => [NAMED, ['ArrayBuffer', new Uint8Array(buffer.slice())]],
  TypedArray: (array: Uint8Array): Parts => {
    const { buffer, byteOffset, byteLength, BYTES_PER_ELEMENT } = array
    if (kindOf(buffer) !== 'ArrayBuffer') refuse('shared memory')
    const bytes = new Uint8Array(buffer, byteOffset, byteLength)
    return [BYTES_TAG + TYPED_ARRAYS.indexOf(typedArrayName(array)), ordered(bytes, BYTES_PER_ELEMENT, true)]
  },
  Tagged: (value: Keyword | ClojureSymbol | Uuid | Tagged): Parts => {
    if (value instanceof Uuid) return [37, fromHex(value.value.replaceAll('-', ''))]
    if (!(value instanceof Tagged)) return [39, String(value)]
    const { tag } = value
    if (decoderOf(tag) !== OTHER) refuse(`a Tagged with tag ${tag}, which has a type`)
    return [tag, value.value, true]
  },
}

const decoders: Readonly<Record<number, Decoder>> = {
  1: [NUMBER, (seconds: unknown) => toDate(typeof seconds === 'number' && Math.round(seconds * 1000))],
  2: [BYTES, toBigint],
  3: [BYTES, (bytes: Uint8Array) => ~toBigint(bytes)],
  [NAMED]: [ARRAY, buildNamed],
  32: [TEXT, (href: string) => new URL(href)],
  35: [TEXT, (source: string) => new RegExp(source)],
  37: [BYTES, (bytes: Uint8Array) => new Uuid(toHex(bytes).replace(/^.{8}|.{4}(?=.{12})/g, '$&-'))],
  39: [TEXT, (name: string) => (name.startsWith(':') ? new Keyword(name.slice(1)) : new ClojureSymbol(name))],
  258: [
    ARRAY,
    (items: unknown[]) => {
      const set = new Set(items)
      if (set.size < items.length) wrong()
      return set
    },
  ],
  [MAP_TAG]: [MAP, same],
  [WTF8_TAG]: [BYTES, fromWtf8],
  // What only says that it is CBOR.
  55799: [ANY, same],
}

const OTHER: Decoder = [ANY, (content: unknown, tag: number) => new Tagged(tag, content)]

function toDate(time: unknown): Date {
  const date = new Date(time as number)
  if (date.getTime() !== time && !Number.isNaN(time)) wrong()
  return date
}

function toBigint(bytes: Uint8Array): bigint {
  if (bytes.length > BIGINT_BYTES) throw exceeded(`${BIGINT_BYTES} bytes in a bigint`)
  // Digits take ten times as long.
  let value = 0
  for (const byte of bytes) value = 256 * value + byte
  return Number.isSafeInteger(value) ? BigInt(value) : BigInt(`0x0${toHex(bytes)}`)
}

/** What CBOR has no tag for, and registered types. */
function buildNamed([name, first, second, ...rest]: unknown[]): unknown {
  if (typeof name !== 'string' || rest.length > 0) wrong()
  switch (name) {
    case 'Date':
      return toDate(first)
    case 'RegExp':
      return new RegExp(String(first), String(second))
    case 'ArrayBuffer':
      return first instanceof Uint8Array ? first.buffer : wrong()
    case 'Error':
      return buildError(first as ErrorFields)
    default:
      return decodeType(name, first)
  }
}

function wrong(): never {
  throw new TypeError('The content is wrong')
}

const ERROR_FIELDS = ['name', 'message', 'stack', 'cause', 'errors'] as const

type ErrorFields = Partial<Record<(typeof ERROR_FIELDS)[number], unknown>>

/** What is kept of an Error. */
function errorFields(error: ErrorFields): ErrorFields {
  const fields: ErrorFields = { name: String(error.name), message: String(error.message) }
  if (typeof error.stack === 'string') fields.stack = error.stack
  for (const field of ['cause', 'errors'] as const) if (field in error) fields[field] = error[field]
  return fields
}

/** An Error of the native class that `name` says, else an `Error` with that name. */
function buildError(fields: ErrorFields): Error {
  const { name, message, stack = '' } = fields
  for (const text of [name, message, stack]) if (typeof text !== 'string') wrong()
  const native = nativeClass(name as string)
  const isNative = kinds.get(native) === 'Error'
  // AggregateError takes a list first.
  const error = new (isNative ? (native as new (first: []) => Error) : Error)([] as never)
  for (const field of ERROR_FIELDS) {
    // Without a stack on the wire, the place where it is read must not show as its stack.
    if (field === 'stack' || (field in fields && !(isNative && field === 'name'))) {
      Object.defineProperty(error, field, { value: fields[field], writable: true, configurable: true })
    }
  }
  return error
}

/** By tag from 64 on, in little-endian order; where a name is missing, the tag 4 further has it (RFC 8746, section 2.1). */
const TYPED_ARRAYS: readonly string[] =
  'Uint8,,,,Uint8Clamped,Uint16,Uint32,BigUint64,Int8,,,,,Int16,Int32,BigInt64,,,,,Float16,Float32,Float64'
    .split(',')
    .map((name) => name && `${name}Array`)

function toTypedArray(bytes: Uint8Array<ArrayBuffer>, tag: number): unknown {
  const name = TYPED_ARRAYS[tag - BYTES_TAG] || TYPED_ARRAYS[(tag - BYTES_TAG) | 4]!
  const native = nativeClass(name) as Uint16ArrayConstructor | undefined
  // Where the platform has no Float16Array, the same numbers in a Float32Array.
  const isHalf = !native && name === 'Float16Array'
  const constructor = isHalf ? Uint16Array : native!
  const array = new constructor(ordered(bytes, constructor.BYTES_PER_ELEMENT, (tag & 4) > 0).buffer)
  return isHalf ? Float32Array.from(array, halfToNumber) : array
}

/** Bytes in the platform's order of elements of `size` bytes, from the one that is said, or the other way. */
function ordered(bytes: Uint8Array, size: number, isLittleEndian: boolean): Uint8Array<ArrayBuffer> {
  if (size > 1 && isLittleEndian !== PLATFORM_IS_LITTLE_ENDIAN) {
    bytes = bytes.slice()
    for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse()
  }
  return bytes as Uint8Array<ArrayBuffer>
}

const PLATFORM_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

const kinds = new Map<unknown, Kind>()
for (const own of [Keyword, ClojureSymbol, Uuid, Tagged]) kinds.set(own, 'Tagged')
for (const name of ['Array', 'Map', 'Set', 'Date', 'RegExp', 'URL', 'ArrayBuffer', 'Error'] as const) {
  kinds.set(nativeClass(name), name)
}
for (const name of ['Eval', 'Range', 'Reference', 'Syntax', 'Type', 'URI', 'Aggregate']) {
  kinds.set(nativeClass(`${name}Error`), 'Error')
}
for (const name of [...TYPED_ARRAYS, 'Buffer']) kinds.set(nativeClass(name), 'TypedArray')
// For those of them that are missing here.
kinds.delete(undefined)

function isNative(constructor: unknown): boolean {
  return /\[native code\]\s*\}$/.test(String(constructor))
}

function nativeClass(name: string): unknown {
  return (globalThis as unknown as Record<string, unknown>)[name]
}
