export { decode, type DecodeOptions } from './cbor-decode.ts'
export { encode, type EncodeOptions } from './cbor-encode.ts'
