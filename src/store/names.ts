import type { Key, Name } from '../base/entry.ts'
import { InvalidKeyError } from '../base/errors.ts'
import { LONG_NAME_CUT, MAX_NAME_LENGTH, isLongName } from '../base/name.ts'
import { fromBase32Hex, toBase32Hex } from '../codec/base32hex.ts'
import { decode, encode } from '../codec/cbor.ts'
import { describe, kindOf, typedArrayName } from '../codec/kinds.ts'
import { sha512 } from '../codec/sha512.ts'

export { isLongName }

/**
 * The name of a key: ASCII, at most 200 bytes, safe in any file system. Names order numbers numerically, and what
 * starts alike stands together. INVALID_KEY, with where and why, for what is no key.
 */
export function keyToName(key: unknown): Name {
  const name = fullName(key)
  return name.length <= MAX_NAME_LENGTH ? name : shorten(name)
}

/**
 * The key of a name. `undefined` for a long name, whose key is in its metadata (`isLongName` tells), and for what is
 * not the name of a key at all: one of ours (`isReserved`), or a text that `keyToName` answers for no key.
 */
export function nameToKey(name: Name): Key | undefined {
  try {
    const atoms = name.slice(1)
    const key = name[0] === '(' ? (atoms === '' ? [] : atoms.split(',').map(readAtom)) : readAtom(name)
    return fullName(key) === name ? key : undefined
  } catch {
    return undefined
  }
}

/** The name before it is shortened: equal for equal keys only. */
export function fullName(key: unknown): string {
  if (typeof key === 'string') return stringAtom(key, [])
  if (!Array.isArray(key) || kindOf(key) !== 'Array') return atomOf(key, [])
  let name = '('
  // By index, because a hole is an undefined element.
  for (let i = 0; i < key.length; i++) name += `${i > 0 ? ',' : ''}${atomOf(key[i], [i])}`
  return name
}

/** Whether two keys are one: whatever the order of properties, Buffers as Uint8Arrays, -0 as 0. */
export function sameKey(a: Key, b: Key): boolean {
  return a === b || fullName(a) === fullName(b)
}

/**
 * What the names of all array keys start with that start with `elements` and go on, with `last`, with a string that
 * starts so. Other names may start so too: confirm on the key.
 */
export function namePrefix(elements: readonly Key[], last?: string): Name {
  const prefix = fullName(elements)
  if (last === undefined) return prefix.slice(0, LONG_NAME_CUT)
  return `${prefix}${elements.length > 0 ? ',' : ''}${stringAtom(last, [elements.length])}`.slice(0, LONG_NAME_CUT)
}

/** What the names of all string keys start with that start with `prefix`. */
export function stringPrefix(prefix: string): Name {
  return stringAtom(prefix, []).slice(0, LONG_NAME_CUT)
}

type Path = readonly (string | number)[]

const MAX_DEPTH = 100
const SAFE = /^[a-z0-9_-]*$/
const ESCAPED = /%[0-9A-F]{2}|[A-Z.!~*'()]/g
const float = new DataView(new ArrayBuffer(8))

function atomOf(key: unknown, path: Path): string {
  if (typeof key === 'string') return stringAtom(key, path)
  if (typeof key === 'number') return numberAtom(key, path)
  return `c${toBase32Hex(encode(normalizeKey(key, path), { deterministic: true }))}`
}

function stringAtom(key: string, path: Path): string {
  return SAFE.test(key) ? `s${key}` : `s${escape(key, path)}`
}

function escape(text: string, path: Path): string {
  let escaped: string
  try {
    escaped = encodeURIComponent(text)
  } catch {
    throw invalid('a string with half of a surrogate pair', path)
  }
  // encodeURIComponent leaves more as it is, and writes its hex digits in upper case.
  return escaped.replace(ESCAPED, (part) =>
    part.length > 1 ? part.toLowerCase() : `%${part.charCodeAt(0).toString(16)}`,
  )
}

/** The bits of a float64 so that they order as the numbers do: all inverted if it is negative, else the sign alone. */
function numberAtom(key: number, path: Path): string {
  if (!Number.isFinite(key)) throw invalid(String(key), path)
  float.setFloat64(0, key + 0)
  const high = float.getInt32(0)
  const flip = high >> 31
  return `n${hex32(high ^ (flip | 0x80000000))}${hex32(float.getInt32(4) ^ flip)}`
}

function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

/** A copy of the key as CBOR is to see it: plain, without -0, checked in every part. A cycle is too deep, too. */
export function normalizeKey(key: unknown, path: Path = []): Key {
  if (path.length > MAX_DEPTH) throw invalid(`nested over ${MAX_DEPTH} levels, or a cycle`, path)
  if (typeof key === 'string') return stringAtom(key, path) && key
  if (typeof key === 'number') return numberAtom(key, path) && key + 0
  if (typeof key === 'bigint' || typeof key === 'boolean' || key === null) return key
  const kind = typeof key === 'object' && kindOf(key)
  if (kind === 'Date' && !Number.isNaN((key as Date).getTime())) return key as Date
  if (kind === 'TypedArray' && typedArrayName(key as object) === 'Uint8Array') return key as Uint8Array
  if (kind === 'Array') return Array.from(key as unknown[], (element, i) => normalizeKey(element, [...path, i]))
  if (kind !== 'Object')
    throw invalid(key === undefined ? 'undefined' : kind === 'Date' ? 'an invalid Date' : describe(key), path)
  const copy: Record<string, Key> = Object.create(null)
  for (const [property, value] of Object.entries(key as object)) {
    const inside = [...path, property]
    stringAtom(property, inside)
    copy[property] = normalizeKey(value, inside)
  }
  return copy
}

function readAtom(atom: string): Key {
  const rest = atom.slice(1)
  if (atom[0] === 's') return decodeURIComponent(rest)
  if (atom[0] === 'c') return decode(fromBase32Hex(rest)!) as Key
  const high = parseInt(rest.slice(0, 8), 16) | 0
  const flip = high < 0 ? 0 : -1
  float.setInt32(0, high ^ (flip | 0x80000000))
  float.setInt32(4, parseInt(rest.slice(8), 16) ^ flip)
  return float.getFloat64(0)
}

function shorten(name: string): Name {
  const hash = toBase32Hex(sha512(new TextEncoder().encode(name))).slice(0, 52)
  return `${name.slice(0, LONG_NAME_CUT)}~${hash}`
}

function invalid(what: string, path: Path): InvalidKeyError {
  const where = path.length === 0 ? 'The key' : `key${path.map((segment) => `[${JSON.stringify(segment)}]`).join('')}`
  return new InvalidKeyError(
    `${where} is ${what}. Keys are strings, finite numbers, bigints, booleans, null, Dates, bytes, and arrays and plain objects of these.`,
  )
}
