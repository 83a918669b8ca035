import type { Key, Name } from '../base/entry.ts'
import { InvalidKeyError, formatPath } from '../base/errors.ts'
import { LONG_NAME_CUT, MAX_NAME_LENGTH, isLongName } from '../base/name.ts'
import { fromBase32Hex, toBase32Hex } from '../codec/base32hex.ts'
import { isWellFormed, utf8Encoder } from '../codec/cbor-text.ts'
import { decode, encode } from '../codec/cbor.ts'
import { describe, kindOf, typedArrayName } from '../codec/kinds.ts'
import { sha512 } from '../codec/sha512.ts'

export { isLongName }

/**
 * The name of a key: ASCII, at most 200 bytes, safe in any file system. Names order numbers numerically, and what
 * starts alike stands together. INVALID_KEY, with where and why, for what is no key.
 */
export function keyToName(key: unknown): Name {
  if (typeof key !== 'string') return shortened(fullName(key))
  if (key.length < MAX_NAME_LENGTH && SAFE.test(key)) return `s${key}`
  // Keys that follow one another often start alike: `user:17`.
  const tail = lastKeyStart !== '' && key.startsWith(lastKeyStart) ? key.slice(lastKeyStart.length) : undefined
  if (tail !== undefined && SAFE.test(tail)) return shortened(lastNameStart + tail)
  const name = fullName(key)
  const safe = SAFE_END.exec(key)![0].length
  lastKeyStart = key.slice(0, key.length - safe)
  lastNameStart = name.slice(0, name.length - safe)
  return shortened(name)
}

function shortened(name: Name): Name {
  return name.length <= MAX_NAME_LENGTH
    ? name
    : `${name.slice(0, LONG_NAME_CUT)}~${toBase32Hex(sha512(utf8Encoder.encode(name))).slice(0, 52)}`
}

/** The last string of `keyToName` up to the last character that is escaped, and how its name starts. */
let lastKeyStart = ''
let lastNameStart = ''

/**
 * The key of a name. `undefined` for a long name, whose key is in its metadata (`isLongName` tells), and for what is
 * not the name of a key at all: one of ours (`isReserved`), or a text that `keyToName` answers for no key.
 */
export function nameToKey(name: Name): Key | undefined {
  // Names in a listing often start as the one before does.
  if (lastStart !== '' && name.startsWith(lastStart)) {
    SAFE_REST.lastIndex = lastStart.length
    if (SAFE_REST.test(name)) return lastText + name.slice(lastStart.length)
  }
  if (PLAIN.test(name)) return name.slice(1)
  try {
    if (ESCAPED.test(name)) return unescaped(name)
    const key = name[0] === '(' ? (name.slice(1).match(/[^,]+/g) ?? []).map(readAtom) : readAtom(name)
    return fullName(key) === name ? key : undefined
  } catch {
    return undefined
  }
}

/** The text of a string's name; throws for what is not UTF-8. */
function unescaped(name: Name): string {
  const end = name.lastIndexOf('%') + 3
  const start = name.slice(0, end)
  lastText = decodeURIComponent(start.slice(1))
  lastStart = start
  return lastText + name.slice(end)
}

/** Up to the last character that is escaped, and what that stands for. */
let lastStart = ''
let lastText = ''

/** The name before it is shortened: equal for equal keys only. */
export function fullName(key: unknown): string {
  const copy = isolateKey(key)
  return Array.isArray(copy) ? `(${copy.map(atomOf).join()}` : atomOf(copy)
}

/** Whether two keys are one: whatever the order of properties, Buffers as Uint8Arrays, -0 as 0. */
export function sameKey(a: Key, b: Key): boolean {
  return a === b || fullName(a) === fullName(b)
}

/**
 * What the names of all keys start with that start with `start`: strings with a string, arrays with an array, whose
 * last element may be the start of a string. Other names may start so too: confirm on the key.
 */
export function namePrefix(start: string | readonly Key[]): Name {
  return fullName(start).slice(0, LONG_NAME_CUT)
}

type Path = readonly (string | number)[]

const MAX_DEPTH = 100
const SAFE = /^[a-z0-9_-]*$/
const SAFE_END = /[a-z0-9_-]*$/
const SAFE_REST = /[a-z0-9_-]*$/y
/** The name of a string, if it is one of UTF-8: what is escaped is what has to be. */
const ESCAPED = /^s(?:[a-z0-9_-]|%(?!2d|3[0-9]|5f|6[1-9a-f]|7[0-9a])[0-9a-f]{2})*$/
/** The name of a string that has nothing to escape. */
const PLAIN = /^s[a-z0-9_-]*$/

/** A deep copy of a key as the store knows it: plain, -0 as 0, checked in every part. A cycle is too deep, too. */
export function isolateKey(key: unknown, path: Path = []): Key {
  if (path.length > MAX_DEPTH) refuse(`nested over ${MAX_DEPTH} levels, or a cycle`, path)
  if (typeof key === 'string') return isWellFormed(key) ? key : refuse('a string with half of a surrogate pair', path)
  if (typeof key === 'number') return Number.isFinite(key) ? key + 0 : refuse(String(key), path)
  if (typeof key === 'bigint' || typeof key === 'boolean' || key === null) return key
  const inside = (part: unknown, segment: string | number): Key => isolateKey(part, [...path, segment])
  const kind = kindOf(key)
  if (kind === 'Date') return Number.isNaN(Number(key)) ? refuse('an invalid Date', path) : new Date(key as Date)
  if (kind === 'TypedArray' && typedArrayName(key as object) === 'Uint8Array') return new Uint8Array(key as Uint8Array)
  if (kind === 'Array') return [...(key as unknown[])].map(inside)
  if (kind !== 'Object') return refuse(key === undefined ? 'undefined' : describe(key), path)
  const entries = Object.entries(key as object)
  return Object.fromEntries(entries.map(([property, value]) => [inside(property, property), inside(value, property)]))
}

function refuse(what: string, path: Path): never {
  throw new InvalidKeyError(
    `${formatPath(path, 'key')} is ${what}. Keys are strings, finite numbers, bigints, booleans, null, Dates, bytes, arrays and plain objects.`,
  )
}

const float = new DataView(new ArrayBuffer(8))
const SIGN = 2n ** 63n

function atomOf(key: Key): string {
  if (typeof key === 'string') {
    // encodeURIComponent leaves more as it is, and writes its hex digits in upper case.
    const escape = (part: string): string => (part[1] ? part.toLowerCase() : `%${part.charCodeAt(0).toString(16)}`)
    return `s${SAFE.test(key) ? key : encodeURIComponent(key).replace(/%..|[A-Z.!~*'()]/g, escape)}`
  }
  if (typeof key !== 'number') return `c${toBase32Hex(encode(key, { deterministic: true }))}`
  // The bits of a float64 so that they order as the numbers do: all inverted if it is negative, else the sign alone.
  float.setFloat64(0, key)
  const bits = float.getBigInt64(0)
  return `n${(bits < 0 ? ~bits : bits + SIGN).toString(16).padStart(16, '0')}`
}

function readAtom(atom: string): Key {
  const rest = atom.slice(1)
  if (atom[0] === 's') return decodeURIComponent(rest)
  if (atom[0] === 'c') return decode(fromBase32Hex(rest)!) as Key
  const bits = BigInt(`0x${rest}`)
  float.setBigInt64(0, bits < SIGN ? ~bits : bits - SIGN)
  return float.getFloat64(0)
}
