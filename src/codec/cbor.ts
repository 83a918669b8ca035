import { type DecodeOptions, decode as decodeTwin } from './cbor-decode.ts'
import { type EncodeOptions, encode as encodeTwin } from './cbor-encode.ts'
import { LEFT, fast } from './fast.ts'

export type { DecodeOptions, EncodeOptions }

/**
 * A value as CBOR (RFC 8949), each part in the fewest bytes that hold it exactly. Every primitive but symbols, plain
 * objects, arrays, Map, Set, Date, RegExp, URL, Error, ArrayBuffer, typed arrays and registered types come back as they
 * were. What is not a value of its type is left out: properties with symbol keys, extra properties of arrays, Maps or
 * Errors. Holes of arrays come back as `undefined`, a Buffer as a Uint8Array.
 *
 * @throws UNSERIALIZABLE_VALUE with the path to what cannot be stored; LIMIT_EXCEEDED
 */
export function encode(value: unknown, options: EncodeOptions = {}): Uint8Array<ArrayBuffer> {
  return fast?.encode(value, options) ?? encodeTwin(value, options)
}

/**
 * The value that `input` is the CBOR of; nothing in it shares memory with `input`. Whatever is not well-formed (RFC
 * 8949, appendix C), or breaks the rules of a tag, is refused; a tag without a type here gives a `Tagged`.
 *
 * @throws CORRUPT_ENTRY with the byte offset; LIMIT_EXCEEDED
 */
export function decode(input: Uint8Array, options: DecodeOptions = {}): unknown {
  const value = fast ? fast.decode(input, options) : LEFT
  return value === LEFT ? decodeTwin(input, options) : value
}
