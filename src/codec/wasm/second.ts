import type { Transforms } from '../transforms.ts'
import { compile } from './inlined.ts'
import { start } from './memory.ts'
import { wasmTransforms } from './transforms.ts'

/** Put the second module, which compresses and encrypts too, in the place of the first: `text` is what is inlined of it. */
export function startSecond(text: string): Transforms {
  return startCompiled(compile(text))
}

export function startCompiled(module: WebAssembly.Module): Transforms {
  start(module)
  return wasmTransforms
}
