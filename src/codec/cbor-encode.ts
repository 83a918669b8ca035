import {
  ARRAY,
  type EncodeOptions,
  MAP,
  position,
  SIMPLE,
  sortEntries,
  TAGGED,
  writeBigint,
  writeBytes,
  writeHead,
  writeNumber,
  writeText,
  written,
} from './cbor-writer.ts'
import { BYTES_TAG, describe, MAP_TAG, NAMED, partsOf } from './kinds.ts'
import { enter, leave, path, refuse, walk } from './walk.ts'

export type { EncodeOptions } from './cbor-writer.ts'

/**
 * A value as CBOR (RFC 8949), each part in the fewest bytes that hold it exactly. Every primitive but symbols, plain
 * objects, arrays, Map, Set, Date, RegExp, URL, Error, ArrayBuffer, typed arrays and registered types come back as they
 * were. What is not a value of its type is left out: properties with symbol keys, extra properties of arrays, Maps or
 * Errors. Holes of arrays come back as `undefined`, a Buffer as a Uint8Array.
 *
 * @throws UNSERIALIZABLE_VALUE with the path to what cannot be stored; LIMIT_EXCEEDED
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
  return walk(() => written(() => write(value), options), options.limits)
}

function write(value: unknown): void {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return writeNumber(value)
    case 'object':
      return value ? writeObject(value) : writeHead(SIMPLE, 22)
    case 'boolean':
      return writeHead(SIMPLE, value ? 21 : 20)
    case 'undefined':
      return writeHead(SIMPLE, 23)
    case 'bigint':
      return writeBigint(value)
    default:
      refuse(describe(value))
  }
}

function writeObject(value: object): void {
  const [tag, content, isNested] = partsOf(value)
  if (tag !== undefined && tag !== BYTES_TAG) writeHead(TAGGED, tag)
  if (!isNested) {
    if (content instanceof Uint8Array) return writeBytes(content)
    if (typeof content !== 'object') return write(content)
  }
  enter(value)
  if (isNested) {
    write(content)
  } else if (Array.isArray(content)) {
    writeHead(ARRAY, content.length)
    for (let i = 0; i < content.length; i++) {
      // The items of a named value have no segment in a path.
      if (tag !== NAMED) path.push(i)
      write(content[i])
      if (tag !== NAMED) path.pop()
    }
  } else if (tag === MAP_TAG) {
    const map = content as Map<unknown, unknown>
    writeEntries([...map.keys()], (key) => map.get(key))
  } else {
    writeEntries(Object.keys(value), (key) => (value as Record<string, unknown>)[key])
  }
  leave()
}

/** The properties of an object, or the entries of a Map. */
function writeEntries<K>(keys: readonly K[], valueOf: (key: K) => unknown): void {
  const starts: number[] = []
  writeHead(MAP, keys.length)
  for (const key of keys) {
    starts.push(position)
    path.push(key)
    write(key)
    write(valueOf(key))
    path.pop()
  }
  sortEntries(starts)
}
