import {
  ARRAY,
  MAP,
  position,
  sortEntries,
  TAGGED,
  writeBigint,
  writeByte,
  writeBytes,
  writeHead,
  writeNumber,
  writeText,
  written,
} from './cbor-writer.ts'
import { BYTES_TAG, describe, kindOf, MAP_TAG, NAMED, partsOf } from './kinds.ts'
import type { Limits } from './limits.ts'
import { depth, enter, leave, path, refuse, step, walk } from './walk.ts'

export interface EncodeOptions {
  limits?: Partial<Limits> | undefined
  /** Equal bytes for equal plain data, whatever the order of properties (RFC 8949, section 4.2.1). */
  deterministic?: boolean | undefined
}

/**
 * A value as CBOR (RFC 8949), each part in the fewest bytes that hold it exactly. Every primitive but symbols, plain
 * objects, arrays, Map, Set, Date, RegExp, URL, Error, ArrayBuffer, typed arrays and registered types come back as they
 * were. What is not a value of its type is left out: properties with symbol keys, extra properties of arrays, Maps or
 * Errors. Holes of arrays come back as `undefined`, a Buffer as a Uint8Array.
 *
 * @throws UNSERIALIZABLE_VALUE with the path to what cannot be stored; LIMIT_EXCEEDED
 */
export function encode(value: unknown, options?: EncodeOptions): Uint8Array<ArrayBuffer> {
  const outer = deterministic
  deterministic = options?.deterministic
  try {
    return walk(writeAll, value, options?.limits)
  } finally {
    deterministic = outer
  }
}

let deterministic: boolean | undefined

function writeAll(value: unknown, limits: Partial<Limits> | undefined): Uint8Array<ArrayBuffer> {
  return written(write, value, limits)
}

function write(value: unknown): void {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return writeNumber(value)
    case 'object':
      return value === null ? writeByte(0xf6) : writeObject(value)
    case 'boolean':
      return writeByte(value ? 0xf5 : 0xf4)
    case 'undefined':
      return writeByte(0xf7)
    case 'bigint':
      return writeBigint(value)
    default:
      refuse(describe(value))
  }
}

function writeObject(value: object): void {
  const kind = kindOf(value)
  if (kind === 'Object') return writeEntries(value, Object.keys(value))
  if (kind === 'Array') return writeItems(value as unknown[], value)
  if (kind === 'Map') {
    const map = value as Map<unknown, unknown>
    const keys = [...map.keys()]
    writeHead(TAGGED, MAP_TAG)
    return writeEntries(value, keys, [...map.values()])
  }
  const [tag, content] = partsOf(value, kind)
  if (kind === 'Tagged') enter(value)
  if (tag !== BYTES_TAG) writeHead(TAGGED, tag)
  if (kind === 'Tagged') {
    write(content)
    leave()
  } else if (Array.isArray(content)) {
    writeItems(content, value, tag)
  } else if (content instanceof Uint8Array) {
    writeBytes(content)
  } else {
    write(content)
  }
}

/** The items of an array, a Set or a named value; those of the last have no segment in a path. */
function writeItems(items: readonly unknown[], container: object, tag?: number | bigint): void {
  const { length } = items
  enter(container)
  writeHead(ARRAY, length)
  for (let i = 0; i < length; i++) {
    if (tag !== NAMED) path[depth - 1] = i
    write(items[i])
  }
  leave()
}

/** The properties of an object, or with `values` the entries of a Map. */
function writeEntries(container: object, keys: readonly unknown[], values?: readonly unknown[]): void {
  const starts: number[] = []
  enter(container)
  writeHead(MAP, keys.length)
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i]
    if (deterministic) starts.push(position)
    step(key)
    write(key)
    write(values ? values[i] : (container as Record<string, unknown>)[key as string])
  }
  if (deterministic) sortEntries(starts)
  leave()
}
