import type { Transforms } from '../transforms.ts'
import { compile } from './inlined.ts'
import { start } from './memory.ts'
import { wasmTransforms } from './transforms.ts'

/** Put the second module, which compresses and encrypts too, in the place of the first: `source` is its base64. */
export function startSecond(source: string): Transforms {
  return startCompiled(compile(source))
}

export function startCompiled(module: WebAssembly.Module): Transforms {
  start(module)
  return wasmTransforms
}
