import type { Transforms } from '../../src/codec/transforms.ts'
import { jsTransforms } from '../../src/codec/transforms-js.ts'
import full from '../../src/codec/wasm/full.ts'
import { startSecond } from '../../src/codec/wasm/second.ts'

/** Every implementation of Transforms: all keep the same rules, and read what the others write. */
export const implementations: readonly (readonly [name: string, Transforms])[] = [
  ['js', jsTransforms],
  ['wasm', startSecond(full)],
]

/** Those of them that write LZ4 frames. */
export const compressing = implementations.filter(([, { compress }]) => compress(new Uint8Array(100)) !== undefined)
