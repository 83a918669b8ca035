// The entry of edge workers, which have neither files nor IndexedDB: memory and tiered stores.
import './backends/memory.ts'
import './backends/tiered.ts'

export * from './index.ts'
