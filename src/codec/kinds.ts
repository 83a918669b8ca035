import { fromHex, fromWtf8, toHex } from './cbor-text.ts'
import { BIGINT_BYTES, exceeded } from './limits.ts'
import { ClojureSymbol, Keyword, Tagged, Uuid } from './tagged.ts'
import { decodeType, findType } from './types.ts'
import { refuse } from './walk.ts'

/** How the codec stores an object. */
export type Kind = 'Object' | 'Array' | 'Map' | TaggedKind

type TaggedKind =
  | 'Set'
  | 'Date'
  | 'RegExp'
  | 'URL'
  | 'Error'
  | 'ArrayBuffer'
  | 'TypedArray'
  | 'Identifier'
  | 'Uuid'
  | 'Tagged'

/** What stands for a value on the wire: a tag, and what the tag stands over. */
export type Parts = readonly [tag: number | bigint, content: unknown]

/**
 * The kind of an object by its prototype, of this realm or another; `undefined` for a class instance. A prototype can
 * be lent to an object that has not what goes with it: what reads it then throws, as it does everywhere.
 */
export function kindOf(value: object): Kind | undefined {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'Object'
  const kind = localKinds.get(prototype) ?? foreignKind(prototype)
  return kind === 'Array' && !Array.isArray(value) ? undefined : kind
}

/** What to call something that cannot be stored. */
export function describe(value: unknown): string {
  if (typeof value !== 'object') return `a ${typeof value}`
  return `an instance of ${String(value?.constructor?.name || 'an unnamed class')}`
}

/** The bytes beneath an ArrayBuffer or a view. Throws for shared memory, and for a buffer that was transferred. */
export function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(value)
    ? value
    : new Uint8Array(value, 0, value.byteLength)
  if (kindOf(buffer) !== 'ArrayBuffer') throw new TypeError('memory is shared')
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** The constructor's name of a typed array; a Node Buffer is a Uint8Array. */
export function typedArrayName(value: object): string {
  return (value as Uint8Array)[Symbol.toStringTag]
}

/** The parts of an object that is neither plain nor an array nor a Map. */
export function partsOf(value: object, kind: TaggedKind | undefined): Parts {
  if (kind) return encoders[kind](value as never)
  const type = findType(value)
  if (!type) refuse(describe(value))
  return [NAMED, [type.name, type.codec.encode(value)]]
}

/** The major types that the content of a tag may have, as a set of bits; `undefined` for a tag that has no type here. */
export function contentOf(tag: number | bigint): number | undefined {
  return decoderOf(tag)?.[0]
}

/** The value of a tag over `content`, which it takes over. Throws whatever it likes if they do not go together. */
export function build(tag: number | bigint, content: unknown): unknown {
  const decoder = decoderOf(tag)
  if (!decoder) return new Tagged(tag, content)
  const [majors, decode] = decoder
  if (typeof content !== (majors === TEXT ? 'string' : majors === NUMBER ? 'number' : 'object')) {
    wrong()
  }
  return decode(content as never, tag as number)
}

// Tags of RFC 8949, section 3.4, RFC 8746, section 2.1, and the IANA registry.
export const NAMED: number = 27
export const BYTES_TAG: number = 64
export const MAP_TAG: number = 259
export const WTF8_TAG: number = 273
export const SELF_DESCRIBED: number = 55799

/** The number that 16 bits of IEEE 754 binary16 are. */
export function halfToNumber(half: number): number {
  const exponent = (half >> 10) & 31
  const fraction = half & 1023
  const magnitude =
    exponent === 31
      ? fraction
        ? NaN
        : Infinity
      : exponent
        ? (1024 + fraction) * 2 ** (exponent - 25)
        : fraction * 2 ** -24
  return half >> 15 ? -magnitude : magnitude
}

// Sets of major types. Text may be under the tag of WTF-8.
const NUMBER = 0b10000011
const BYTES = 0b100
const TEXT = 0b1001000
const ARRAY = 0b10000
const MAP = 0b100000

const encoders: Readonly<Record<TaggedKind, (value: never) => Parts>> = {
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
  ArrayBuffer: (buffer: ArrayBuffer): Parts => [NAMED, ['ArrayBuffer', bytesOf(buffer)]],
  TypedArray: (array: Uint8Array): Parts => {
    const bytes = bytesOf(array)
    return [BYTES_TAG + TYPED_ARRAYS.indexOf(typedArrayName(array)), ordered(bytes, array.BYTES_PER_ELEMENT, true)]
  },
  Identifier: (identifier: Keyword | ClojureSymbol): Parts => [39, String(identifier)],
  Uuid: ({ value }: Uuid): Parts => [37, fromHex(value.replaceAll('-', ''))],
  Tagged: ({ tag, value }: Tagged): Parts => {
    if (decoderOf(tag) || tag === SELF_DESCRIBED) refuse(`a Tagged with tag ${tag}, which has a type`)
    return [tag, value]
  },
}

type Decoder = readonly [majors: number, decode: (content: never, tag: number) => unknown]

const decoders: Readonly<Record<number, Decoder>> = {
  1: [NUMBER, (seconds: number) => toDate(Math.round(seconds * 1000))],
  2: [BYTES, toBigint],
  3: [BYTES, (bytes: Uint8Array) => ~toBigint(bytes)],
  [NAMED]: [ARRAY, buildNamed],
  32: [TEXT, (href: string) => new URL(href)],
  35: [TEXT, (source: string) => new RegExp(source)],
  37: [BYTES, (bytes: Uint8Array) => new Uuid(toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'))],
  39: [TEXT, (name: string) => (name.startsWith(':') ? new Keyword(name.slice(1)) : new ClojureSymbol(name))],
  258: [
    ARRAY,
    (items: unknown[]) => {
      const set = new Set(items)
      if (set.size < items.length) wrong()
      return set
    },
  ],
  [MAP_TAG]: [MAP, (map: object) => map],
  [WTF8_TAG]: [BYTES, fromWtf8],
}

function decoderOf(tag: number | bigint): Decoder | undefined {
  return tag >= BYTES_TAG && tag < 88 ? [BYTES, toTypedArray] : decoders[tag as number]
}

function toDate(time: unknown): Date {
  const date = new Date(time as number)
  if (date.getTime() !== time && !Number.isNaN(time)) wrong()
  return date
}

function toBigint(bytes: Uint8Array): bigint {
  if (bytes.length > BIGINT_BYTES) throw exceeded(`${BIGINT_BYTES} bytes in a bigint`)
  return BigInt(`0x0${toHex(bytes)}`)
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
  throw new TypeError('The content of the tag is wrong')
}

interface ErrorFields {
  name: string
  message: string
  stack?: string
  cause?: unknown
  errors?: unknown
}

/** What is kept of an Error. */
function errorFields(error: Error & { errors?: unknown }): ErrorFields {
  const fields: ErrorFields = { name: String(error.name), message: String(error.message) }
  if (typeof error.stack === 'string') fields.stack = error.stack
  for (const field of ['cause', 'errors'] as const) if (Object.hasOwn(error, field)) fields[field] = error[field]
  return fields
}

/** An Error of the native class that `name` says, else an `Error` with that name. */
function buildError(fields: ErrorFields): Error {
  const { name, message, stack = '' } = fields
  if ([name, message, stack].some((text) => typeof text !== 'string')) wrong()
  const isNative = kindsByName.get(name) === 'Error'
  // AggregateError takes a list first.
  const error = new (nativeClass(isNative ? name : 'Error') as new (first: []) => Error)([])
  for (const field of ['name', 'message', 'stack', 'cause', 'errors'] as const) {
    // Without a stack on the wire, the place where it is read must not show as its stack.
    if (field === 'stack' || (Object.hasOwn(fields, field) && !(isNative && field === 'name'))) {
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

const kindsByName = new Map<unknown, Kind>([
  ...TYPED_ARRAYS.map((name) => [name, 'TypedArray'] as const),
  ...['', 'Eval', 'Range', 'Reference', 'Syntax', 'Type', 'URI', 'Aggregate'].map(
    (name) => [`${name}Error`, 'Error'] as const,
  ),
  ...(['Array', 'Map', 'Set', 'Date', 'RegExp', 'URL', 'ArrayBuffer'] as const).map((name) => [name, name] as const),
])

const localKinds = new Map<unknown, Kind>([
  [nativeClass('Buffer')?.prototype, 'TypedArray'],
  [Keyword.prototype, 'Identifier'],
  [ClojureSymbol.prototype, 'Identifier'],
  [Uuid.prototype, 'Uuid'],
  [Tagged.prototype, 'Tagged'],
])
for (const [name, kind] of kindsByName) localKinds.set(nativeClass(name as string)?.prototype, kind)

function nativeClass(name: string): { prototype: object } | undefined {
  return (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name]
}

function foreignKind(prototype: object): Kind | undefined {
  if (Object.getPrototypeOf(prototype) === null) return 'Object'
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof constructor !== 'function' || constructor.prototype !== prototype) return undefined
  return /\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor))
    ? kindsByName.get(constructor.name)
    : undefined
}
