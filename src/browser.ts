// The entry of browsers: memory, IndexedDB and tiered stores. It must not reach any `node:` import.
import './backends/indexeddb.ts'
import './backends/tiered.ts'
import './backends/memory.ts'

export * from './index.ts'
