// The entry of Node, Bun and Deno: memory, file and tiered stores.
import './backends/memory.ts'
import './backends/file.ts'
import './backends/tiered.ts'

export * from './index.ts'
