// `konserve-ts/cbor`: the codec by itself, without a store.
import { inlinedCore } from './codec/wasm/inlined.ts'
import { useWasm } from './codec/wasm/use.ts'

useWasm(inlinedCore)

export { type DecodeOptions, type EncodeOptions, decode, encode } from './codec/cbor.ts'
export type { Limits } from './codec/limits.ts'
export { ClojureSymbol, Keyword, Tagged, Uuid } from './codec/tagged.ts'
export { type TypeCodec, registerType } from './codec/types.ts'
export { CorruptEntryError, KonserveError, LimitExceededError, UnserializableValueError } from './base/errors.ts'
