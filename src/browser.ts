// The entry of browsers: memory, IndexedDB and tiered stores. It must not reach any `node:` import.
import './backends/indexeddb.ts'
import './backends/tiered.ts'
import './backends/memory.ts'
import { inlinedCore } from './codec/wasm/inlined.ts'
import { startSecond } from './codec/wasm/second.ts'
import { useWasm } from './codec/wasm/use.ts'

useWasm(inlinedCore, () => import('./codec/wasm/full.ts').then(({ default: source }) => startSecond(source)))

export * from './index.ts'
