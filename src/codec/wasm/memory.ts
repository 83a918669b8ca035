import type { Name } from '../../base/entry.ts'
import { copyInShared } from '../shared-bytes.ts'

/** What the modules export; the `memory.rs` of each crate in `wasm/` says what it does. All places are byte offsets into their memory. */
interface Core {
  readonly memory: WebAssembly.Memory
  result(): number
  input(length: number): number
  output(length: number): number
  name(length: number): number
  numbers(count: number): number
  write_numbers(count: number, at: number): number
  parse(length: number, depth: number): number
  shape_parent(shape: number): number
  shape_key(shape: number): number
  finish_frame(serializer: number, metaEnd: number, end: number): void
  open_frame(length: number, depth: number, headOnly: number): number
  sum(length: number, seed: bigint): bigint
  sha512(length: number): void
}

/** What the second module exports besides. */
interface Full extends Core {
  settings(): number
  seal_frame(serializer: number, valueEnd: number, end: number, threshold: number, isSealed: number): number
  open_sealed(length: number, depth: number, headOnly: number): number
  open_value(length: number, rawLength: number, depth: number, parses: number): number
  compress(length: number): number
  decompress(length: number, rawLength: number): number
  seal(associated: number, length: number): number
  open(associated: number, length: number): number
  seal_name(length: number): void
  open_name(length: number): number
}

export let core: Core
/** The same instance, once it is one of the second module. */
export let full: Full | undefined

/** The module's memory, as bytes and as elements of 4 and of 8 bytes. A call that may allocate may take it away: see `refresh`. */
export let bytes: Uint8Array<ArrayBuffer>
export let view: DataView<ArrayBuffer>
export let words: Int32Array<ArrayBuffer>
export let floats: Float64Array<ArrayBuffer>

/** Where in `words` the module leaves its answers. */
export let result: number

/** How many instances there have been: what was learned from one is not true of another. */
export let generation = 0
/** Changes with whatever is put into the memory for a call: what an earlier one left there may be gone. */
export let epoch = 0

/** What the module's memory is spent on at most, some 13 times of it: all of it may be integers of one byte. */
export const MOST_BYTES: number = 8 * 1024 * 1024
/** What fits on the module's stack. */
export const MOST_LEVELS = 1000

/** Where the first module comes from; the entry says it. */
export function setSource(load: () => WebAssembly.Module): void {
  source = load
}

/**
 * Whether a module is at work. The first is compiled when it is first asked for; where a Content Security Policy does not
 * allow that (there is no 'wasm-unsafe-eval' in it), or the platform cannot, all is done in TypeScript.
 */
export function isReady(): boolean {
  if (ready === undefined) {
    try {
      start(source())
      ready = true
    } catch {
      ready = false
    }
  }
  return ready
}

/** Let an instance of `next` take the place of the one before. */
export function start(next: WebAssembly.Module): void {
  // It imports nothing.
  core = new WebAssembly.Instance(next).exports as unknown as Core
  module = next
  full = 'seal_frame' in core ? (core as Full) : undefined
  isBroken = false
  generation++
  epoch++
  room = 0
  look()
  result = core.result() >> 2
}

/** Look at the memory anew, after a call that may have made it grow. */
export function refresh(): void {
  if (bytes.length === 0) look()
}

/** The memory is in use until `release`, also while somebody else's code runs in between. */
export function hold(): void {
  holders++
}

/** What a use ended with: after a trap of the module, nothing in its memory is to be relied upon. */
export function fail(error: unknown): void {
  isBroken ||= error instanceof WebAssembly.RuntimeError
}

export function release(): void {
  holders--
  trim()
}

/** Memory never shrinks: after something large, and after a trap, begin again with little of it. */
export function trim(): void {
  if (holders > 0 || !(isBroken || bytes.length > KEPT_BYTES)) return
  try {
    start(module)
  } catch {
    // There is not even memory for a small instance: the large one stays.
  }
}

/** Copy `content` to the start of the module's input, in a room of `length` bytes; answers where that is. */
export function take(content: Uint8Array, length: number = content.length): number {
  if (length > room) {
    const more = Math.max(length, LEAST_ROOM)
    place = core.input(more)
    room = more
  }
  refresh()
  bytes.set(content, place)
  epoch++
  return place
}

/** Tell the module under which name the frame is that is read or written next. */
export function putName(name: Name): void {
  const { length } = name
  const at = core.name(length)
  refresh()
  epoch++
  for (let i = 0; i < length; i++) {
    const unit = name.charCodeAt(i)
    if (unit > 0x7f) throw new TypeError('No name')
    bytes[at + i] = unit
  }
}

/** A copy of `length` bytes from `place` on. */
export function copy(place: number, length: number): Uint8Array<ArrayBuffer> {
  refresh()
  return bytes.slice(place, place + length)
}

/** The same for bytes that are on their way to an engine. */
export function copyShared(place: number, length: number): Uint8Array<ArrayBuffer> {
  refresh()
  return copyInShared(new Uint8Array(bytes.buffer, place, length))
}

let holders = 0
let isBroken = false

const KEPT_BYTES = 32 * 1024 * 1024
const LEAST_ROOM = 1024

/** The module's input: where it is, and how many bytes fit. */
let place = 0
let room = 0

let source: () => WebAssembly.Module
let module: WebAssembly.Module
let ready: boolean | undefined

function look(): void {
  bytes = new Uint8Array(core.memory.buffer as ArrayBuffer)
  view = new DataView(bytes.buffer)
  words = new Int32Array(bytes.buffer)
  floats = new Float64Array(bytes.buffer)
}
