// The entry of edge workers, which have neither files nor IndexedDB, and do not compile bytes: memory and tiered stores.
import './backends/memory.ts'
import './backends/tiered.ts'
import first from './wasm/core.wasm'
import second from './wasm/full.wasm'
import { startCompiled } from './codec/wasm/second.ts'
import { useWasm } from './codec/wasm/use.ts'

useWasm(
  () => first,
  () => startCompiled(second),
)

export * from './index.ts'
