// The entry without WebAssembly, for a strict Content Security Policy and the smallest bundle.
import './backends/memory.ts'
import './backends/indexeddb.ts'
import './backends/tiered.ts'

export * from './index.ts'
