import { Decoder, type DecodeOptions } from './cbor-decode.ts'
import { Encoder, type EncodeOptions } from './cbor-encode.ts'

export type { DecodeOptions } from './cbor-decode.ts'
export type { EncodeOptions } from './cbor-encode.ts'

/**
 * A value as CBOR (RFC 8949), each part in the fewest bytes that hold it exactly. Every primitive but symbols, plain
 * objects, arrays, Map, Set, Date, RegExp, URL, Error, ArrayBuffer, typed arrays and registered types come back as they
 * were. What is not a value of its type is left out: properties with symbol keys, extra properties of arrays, Maps or
 * Errors. Holes of arrays come back as `undefined`, a Buffer as a Uint8Array.
 *
 * @throws UNSERIALIZABLE_VALUE with the path to what cannot be stored; LIMIT_EXCEEDED
 */
export function encode(value: unknown, options?: EncodeOptions): Uint8Array<ArrayBuffer> {
  // A registered type may encode on its own account meanwhile.
  const encoder = idleEncoder ?? new Encoder()
  idleEncoder = undefined
  try {
    return encoder.encode(value, options)
  } finally {
    idleEncoder = encoder
  }
}

/**
 * The value that `bytes` are the CBOR of; nothing in it shares memory with `bytes`. Whatever is not well-formed (RFC
 * 8949, appendix C), or breaks the rules of a tag, is refused; a tag without a type here gives a `Tagged`.
 *
 * @throws CORRUPT_ENTRY with the byte offset; LIMIT_EXCEEDED
 */
export function decode(bytes: Uint8Array, options?: DecodeOptions): unknown {
  const decoder = idleDecoder ?? new Decoder()
  idleDecoder = undefined
  try {
    return decoder.decode(bytes, options)
  } finally {
    idleDecoder = decoder
  }
}

let idleEncoder: Encoder | undefined
let idleDecoder: Decoder | undefined
