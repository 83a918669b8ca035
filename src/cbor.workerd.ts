// The same for edge workers, which do not compile bytes.
import core from './wasm/core.wasm'
import { setSource } from './codec/wasm/memory.ts'

export * from './cbor.ts'

setSource(() => core)
