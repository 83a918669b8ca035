// The entry of browsers: memory, IndexedDB and tiered stores. It must not reach any `node:` import.
import './backends/memory.ts'
import './backends/indexeddb.ts'
import './backends/tiered.ts'

export * from './index.ts'
