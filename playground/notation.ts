import type { Key } from '../src/index.ts'

/** The notation beyond JSON, as the page explains it. */
export const NOTATION: readonly (readonly [form: string, meaning: string])[] = [
  ['{"$date": "2026-01-31T12:00:00Z"}', 'Date'],
  ['{"$bigint": "12345678901234567890"}', 'bigint, also 10n where it stands alone'],
  ['{"$map": [["key", 1], [2, "two"]]}', 'Map'],
  ['{"$set": ["a", "b"]}', 'Set'],
  ['{"$bytes": "aGVsbG8="}', 'Uint8Array, in base64'],
  ['{"$buffer": "aGVsbG8="}', 'ArrayBuffer, in base64'],
  ['{"$Float64Array": [1.5, 2]}', 'any other typed array, by its name'],
  ['{"$regexp": ["ab+c", "gi"]}', 'RegExp'],
  ['{"$url": "https://example.org/"}', 'URL'],
  ['{"$error": {"name": "RangeError", "message": "too far"}}', 'Error'],
  ['{"$number": "NaN"}', 'NaN, Infinity, -Infinity, -0'],
  ['{"$undefined": true}', 'undefined'],
  ['{"$object": {"$date": "plain"}}', 'a plain object that looks like one of these'],
]

/** The value that `text` describes. Throws a SyntaxError that says what is wrong. */
export function parseNotation(text: string): unknown {
  const bigint = /^\s*(-?\d+)n\s*$/.exec(text)
  if (bigint) return BigInt(bigint[1]!)
  if (text.trim() === '') throw new SyntaxError('There is nothing here yet. A text is written in quotes: "hello".')
  return fromJson(parseJson(text))
}

/** The value as text that `parseNotation` reads, broken into lines where it is longer than `width`. */
export function formatNotation(value: unknown, width = 72): string {
  return print(toJson(value), width, '')
}

/** A text key as it is, any other one in the notation, on one line. */
export function formatKey(key: Key): string {
  return typeof key === 'string' ? key : formatNotation(key, Infinity)
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [field: string]: Json }

type TypedArray = Exclude<
  { [N in (typeof TYPED)[number]['name']]: InstanceType<(typeof TYPED)[number]> }[string],
  never
>

const TYPED = [
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const

const readers: Readonly<Record<string, (content: Json) => unknown>> = {
  $date: (content) => new Date(content === null ? Number.NaN : textOf(content)),
  $bigint: (content) => BigInt(textOf(content)),
  $map: (content) => new Map(listOf(content).map((pair) => listOf(pair).map(fromJson) as [unknown, unknown])),
  $set: (content) => new Set(listOf(content).map(fromJson)),
  $bytes: (content) => fromBase64(textOf(content)),
  $buffer: (content) => fromBase64(textOf(content)).buffer,
  $regexp: (content) => new RegExp(textOf(listOf(content)[0] ?? null), textOf(listOf(content)[1] ?? '')),
  $url: (content) => new URL(textOf(content)),
  $error: readError,
  $number: (content) => Number(textOf(content)),
  $undefined: () => undefined,
  $object: (content) => readFields(content),
  ...Object.fromEntries(TYPED.map((type) => [`$${type.name}`, (content: Json) => readTyped(type, content)])),
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    throw new SyntaxError(`This is no JSON yet: ${(cause as Error).message}. A text stands in quotes.`, { cause })
  }
}

function fromJson(json: Json): unknown {
  if (typeof json !== 'object' || json === null) return json
  if (Array.isArray(json)) return json.map(fromJson)
  const [only, ...others] = Object.entries(json)
  if (only === undefined || others.length > 0 || !only[0].startsWith('$')) return readFields(json)
  const read = Object.hasOwn(readers, only[0]) ? readers[only[0]] : undefined
  if (!read)
    throw new SyntaxError(`${only[0]} is not in the notation; a plain object is {"$object": {"${only[0]}": …}}.`)
  return read(only[1])
}

function readFields(json: Json): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw new SyntaxError('An object was expected.')
  return Object.fromEntries(Object.entries(json).map(([field, content]) => [field, fromJson(content)]))
}

function readError(content: Json): Error {
  const { name, message, ...rest } = readFields(content)
  const error = new Error(String(message ?? ''))
  for (const [field, value] of Object.entries({ name: String(name ?? 'Error'), stack: '', ...rest })) {
    Object.defineProperty(error, field, { value, configurable: true, writable: true })
  }
  return error
}

function readTyped(type: (typeof TYPED)[number], content: Json): TypedArray {
  const items = listOf(content)
  if (type === BigInt64Array || type === BigUint64Array) return type.from(items.map((item) => BigInt(String(item))))
  return (type as Float64ArrayConstructor).from(items.map((item) => Number(fromJson(item))))
}

function listOf(json: Json): readonly Json[] {
  if (!Array.isArray(json)) throw new SyntaxError(`A list was expected, not ${JSON.stringify(json)}.`)
  return json as readonly Json[]
}

function textOf(json: Json): string {
  if (typeof json !== 'string') throw new SyntaxError(`A text was expected, not ${JSON.stringify(json)}.`)
  return json
}

function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number')
    return Number.isFinite(value) && !Object.is(value, -0) ? value : { $number: numberText(value) }
  if (typeof value === 'bigint') return { $bigint: String(value) }
  if (typeof value === 'object') return objectToJson(value)
  return value === undefined ? { $undefined: true } : { $unsupported: String(value) }
}

function objectToJson(value: object): Json {
  if (Array.isArray(value)) return Array.from(value, toJson)
  if (value instanceof Date) return { $date: Number.isNaN(value.getTime()) ? null : value.toISOString() }
  if (value instanceof Map) return { $map: Array.from(value, (pair) => pair.map(toJson)) }
  if (value instanceof Set) return { $set: Array.from(value, toJson) }
  if (value instanceof RegExp) return { $regexp: value.flags ? [value.source, value.flags] : [value.source] }
  if (value instanceof URL) return { $url: value.href }
  if (value instanceof Error) return { $error: errorToJson(value) }
  if (value instanceof Uint8Array) return { $bytes: toBase64(value) }
  if (value instanceof ArrayBuffer) return { $buffer: toBase64(new Uint8Array(value)) }
  if (ArrayBuffer.isView(value)) return { [`$${value.constructor.name}`]: typedToJson(value) }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return { $unsupported: String(value) }
  const fields = Object.entries(value).map(([field, content]) => [field, toJson(content)] as const)
  const json = Object.fromEntries(fields)
  return fields.length === 1 && fields[0]![0].startsWith('$') ? { $object: json } : json
}

function errorToJson(error: Error & { errors?: unknown }): Json {
  return {
    name: error.name,
    message: error.message,
    ...(error.stack && { stack: error.stack }),
    ...(Object.hasOwn(error, 'cause') && { cause: toJson(error.cause) }),
    ...(Object.hasOwn(error, 'errors') && { errors: toJson(error.errors) }),
  }
}

function typedToJson(view: ArrayBufferView): Json {
  return Array.from(view as unknown as ArrayLike<number | bigint>, (item) =>
    typeof item === 'bigint' ? String(item) : toJson(item),
  )
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function print(json: Json, width: number, indent: string): string {
  if (typeof json !== 'object' || json === null) return JSON.stringify(json)
  const isList = Array.isArray(json)
  const [open, close] = isList ? '[]' : '{}'
  const inner = `${indent}  `
  const parts = isList
    ? json.map((item: Json) => print(item, width, inner))
    : Object.entries(json).map(([field, item]) => `${JSON.stringify(field)}: ${print(item, width, inner)}`)
  const length = parts.reduce((sum, part) => sum + part.length + 2, indent.length)
  if (length <= width && !parts.some((part) => part.includes('\n'))) return `${open}${parts.join(', ')}${close}`
  return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`
}

function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192))
  return btoa(text)
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  let binary: string
  try {
    binary = atob(text)
  } catch {
    throw new SyntaxError(`${JSON.stringify(text)} is not base64.`)
  }
  return Uint8Array.from(binary, (char) => char.charCodeAt(0))
}
