// The entry of Node, Bun and Deno: memory, file and tiered stores.
import './backends/memory.ts'
import './backends/file.ts'
import './backends/tiered.ts'
import full from './codec/wasm/full.ts'
import { inlinedCore } from './codec/wasm/inlined.ts'
import { startSecond } from './codec/wasm/second.ts'
import { useWasm } from './codec/wasm/use.ts'
import { useTiers } from './engine/tier/load.ts'
import * as tiers from './engine/tier/index.ts'

useTiers(tiers)
useWasm(inlinedCore, () => startSecond(full))

export * from './index.ts'
