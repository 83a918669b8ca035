// `konserve-ts/cbor`: the codec by itself, without a store.
export { decode, encode } from './codec/wasm/codec.ts'
export type { DecodeOptions } from './codec/cbor-decode.ts'
export type { EncodeOptions } from './codec/cbor-encode.ts'
export type { Limits } from './codec/limits.ts'
export { ClojureSymbol, Keyword, Tagged, Uuid } from './codec/tagged.ts'
export { type TypeCodec, registerType } from './codec/types.ts'
export { CorruptEntryError, KonserveError, LimitExceededError, UnserializableValueError } from './base/errors.ts'
