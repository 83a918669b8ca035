/** What the module exports; `wasm/core/src/memory.rs` says what each does. All places are byte offsets into its memory. */
interface Core {
  readonly memory: WebAssembly.Memory
  result(): number
  input(length: number): number
  output(length: number): number
  numbers(count: number): number
  write_numbers(count: number, at: number): number
  parse(start: number, length: number, depth: number): number
  shape_parent(shape: number): number
  shape_key(shape: number): number
}

export let core: Core

/** The module's memory, as bytes and as elements of 4 and of 8 bytes. A call that may allocate may take it away: see `refresh`. */
export let bytes: Uint8Array<ArrayBuffer>
export let view: DataView<ArrayBuffer>
export let words: Int32Array<ArrayBuffer>
export let floats: Float64Array<ArrayBuffer>

/** Where in `words` the module leaves its answers. */
export let result: number

/** How many instances there have been: what was learned from one is not true of another. */
export let generation = 0

let module: WebAssembly.Module

/** Make an instance of `source`. Throws where WebAssembly is not allowed or not known. */
export function start(source: WebAssembly.Module): void {
  module = source
  // It imports nothing.
  core = new WebAssembly.Instance(module).exports as unknown as Core
  generation++
  look()
  result = core.result() >> 2
}

/** Look at the memory anew, after a call that may have made it grow. */
export function refresh(): void {
  if (bytes.length === 0) look()
}

/** Memory never shrinks: after something large, begin again with little of it. */
export function trim(): void {
  if (bytes.length > KEPT_BYTES) start(module)
}

const KEPT_BYTES = 32 * 1024 * 1024

function look(): void {
  bytes = new Uint8Array(core.memory.buffer as ArrayBuffer)
  view = new DataView(bytes.buffer)
  words = new Int32Array(bytes.buffer)
  floats = new Float64Array(bytes.buffer)
}
