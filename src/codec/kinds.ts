import { ClojureSymbol, Keyword, Tagged, Uuid } from './tagged.ts'

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
  | 'Identifier'
  | 'Uuid'
  | 'Tagged'

/**
 * The kind of an object by its prototype, of this realm or another; `undefined` for a class instance. A prototype can
 * be lent to an object that has not what goes with it: the methods below then throw, as they do everywhere.
 */
export function kindOf(value: object): Kind | undefined {
  const prototype: object | null = Object.getPrototypeOf(value)
  if (prototype === Object.prototype || prototype === null) return 'Object'
  const kind = localKinds.get(prototype) ?? foreignKind(prototype)
  return kind === 'Array' && !Array.isArray(value) ? undefined : kind
}

/** What to call something that cannot be stored. */
export function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (typeof value === 'symbol') return 'a symbol'
  const name: unknown = (value as object).constructor?.name
  return typeof name === 'string' && name !== '' ? `an instance of ${name}` : 'an instance of an unnamed class'
}

/** The keys and values of a Map, in turn; a copy, since what is called while it is walked may change the Map. */
export function mapItems(map: object): unknown[] {
  const items: unknown[] = []
  Map.prototype.forEach.call(map, (value, key) => items.push(key, value))
  return items
}

export function setItems(set: object): unknown[] {
  const items: unknown[] = []
  Set.prototype.forEach.call(set, (item) => items.push(item))
  return items
}

export function dateTime(date: object): number {
  return Date.prototype.getTime.call(date)
}

/** Whether a time in milliseconds reads back from a number of seconds; some fractions far from 1970 do not. */
export function isExactInSeconds(time: number): boolean {
  return Number.isNaN(time) || Math.round((time / 1000) * 1000) === time
}

/** The bytes beneath an ArrayBuffer or a view. Throws for shared memory, and for a buffer that was transferred. */
export function bytesOf(value: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (!ArrayBuffer.isView(value)) return new Uint8Array(value, 0, arrayBufferLength.call(value) as number)
  arrayBufferLength.call(value.buffer)
  return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
}

/** The constructor's name of a typed array; a Node Buffer is a Uint8Array. */
export function typedArrayName(value: object): string {
  return typedArrayTag.call(value) as string
}

export interface ErrorFields {
  name: string
  message: string
  stack?: string
  cause?: unknown
  errors?: unknown
}

/** What is kept of an Error. */
export function errorFields(error: Error & { errors?: unknown }): ErrorFields {
  const fields: ErrorFields = { name: String(error.name), message: String(error.message) }
  if (typeof error.stack === 'string') fields.stack = error.stack
  if (Object.hasOwn(error, 'cause')) fields.cause = error.cause
  if (Object.hasOwn(error, 'errors')) fields.errors = error.errors
  return fields
}

/** An Error of the native class that `name` says, else an `Error` with that name. */
export function buildError(fields: ErrorFields): Error {
  const native = errorClasses.get(fields.name)
  const error = native === aggregateError ? new AggregateError([]) : new (native ?? Error)()
  // Without a stack of its own on the wire, the place where it is read must not show as its stack.
  const names = native ? ['message', 'stack'] : ['name', 'message', 'stack']
  for (const name of [
    ...names,
    ...['cause', 'errors'].filter((name) => Object.hasOwn(fields, name)),
  ] as (keyof ErrorFields)[]) {
    Object.defineProperty(error, name, { value: fields[name], writable: true, configurable: true })
  }
  return error
}

const nativeErrors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError]

const aggregateError: unknown = AggregateError

const errorClasses = new Map(nativeErrors.map((native) => [native.name, native as ErrorConstructor]))

const arrayBufferLength = getter(ArrayBuffer.prototype, 'byteLength')

const TypedArrayPrototype: object = Object.getPrototypeOf(Uint8Array.prototype)

const typedArrayTag = getter(TypedArrayPrototype, Symbol.toStringTag)

const NAMES: readonly (readonly [Kind, string])[] = [
  ...(['Array', 'Map', 'Set', 'Date', 'RegExp', 'URL', 'ArrayBuffer'] as const).map((name) => [name, name] as const),
  ...nativeErrors.map((native) => ['Error', native.name] as const),
  ...['Int8', 'Uint8', 'Int16', 'Uint16', 'Int32', 'Uint32', 'BigInt64', 'BigUint64', 'Float16', 'Float32', 'Float64']
    .concat('Uint8Clamped')
    .map((name) => ['TypedArray', `${name}Array`] as const),
]

const kindsByName = new Map(NAMES.map(([kind, name]) => [name, kind]))

const localKinds = new Map<object, Kind>([
  [Keyword.prototype, 'Identifier'],
  [ClojureSymbol.prototype, 'Identifier'],
  [Uuid.prototype, 'Uuid'],
  [Tagged.prototype, 'Tagged'],
])

for (const [kind, name] of [...NAMES, ['TypedArray', 'Buffer'] as const]) {
  const local = (globalThis as Record<string, unknown>)[name] as { prototype: object } | undefined
  if (local) localKinds.set(local.prototype, kind)
}

function foreignKind(prototype: object): Kind | undefined {
  if (Object.getPrototypeOf(prototype) === null) return 'Object'
  const constructor: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value
  if (typeof constructor !== 'function' || constructor.prototype !== prototype) return undefined
  const kind = kindsByName.get(constructor.name)
  return kind !== undefined && /\[native code\]\s*\}$/.test(Function.prototype.toString.call(constructor))
    ? kind
    : undefined
}

function getter(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  return Object.getOwnPropertyDescriptor(prototype, name)!.get!
}
