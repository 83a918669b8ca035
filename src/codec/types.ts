import { CorruptEntryError } from '../base/errors.ts'

/** How values of a class are stored: as a name and a payload that is itself storable. */
export interface TypeCodec<T, P = unknown> {
  test(value: unknown): boolean
  /** The payload: anything the codec can store. */
  encode(value: T): P
  /** The value again, from a payload that nobody else holds. */
  decode(payload: P): T
}

export type RegisteredType = readonly [name: string, codec: TypeCodec<unknown>]

/**
 * Teach the codec a class. `name` is stored with each value (CBOR tag 27 over `[name, payload]`) and must be the same
 * wherever the value is read. Tests run in the order of registration, for what the codec does not store by itself.
 *
 * @example
 * registerType('money', {
 *   test: (value) => value instanceof Money,
 *   encode: (money: Money) => ({ amount: money.amount, currency: money.currency }),
 *   decode: ({ amount, currency }) => new Money(amount, currency),
 * })
 *
 * @throws TypeError if the name is empty, reserved or taken
 */
export function registerType<T, P = unknown>(name: string, codec: TypeCodec<T, P>): void {
  if (typeof name !== 'string' || !name || RESERVED_NAMES.includes(name) || types.has(name)) {
    throw new TypeError(`The type name ${JSON.stringify(name)} is empty, reserved or taken`)
  }
  types.set(name, codec)
}

export function findType(value: unknown): RegisteredType | undefined {
  return [...types].find(([, codec]) => codec.test(value))
}

/** @throws CORRUPT_ENTRY if nobody registered `name`, or its codec refuses the payload */
export function decodeType(name: string, payload: unknown): unknown {
  const codec = types.get(name)
  if (!codec) {
    throw new CorruptEntryError(`The type ${JSON.stringify(name)} is unknown: call registerType first`)
  }
  try {
    return codec.decode(payload)
  } catch (cause) {
    throw new CorruptEntryError(`The type ${JSON.stringify(name)} cannot be read`, { cause })
  }
}

const RESERVED_NAMES = ['ArrayBuffer', 'Date', 'Error', 'RegExp']

const types = new Map<string, TypeCodec<unknown>>()
