import { StorageUnavailableError } from '../../base/errors.ts'
import { type PromiseOrValue, isPromise } from '../../base/promise-or-value.ts'
import { type Fast, loadTwin, provide } from '../fast.ts'
import type { Transforms } from '../transforms.ts'
import { decode } from './decode.ts'
import { encode } from './encode.ts'
import { decodeFrame, decodeHead, encodeFrame } from './frames.ts'
import { MOST_BYTES, copy, core, isReady, setSource, take } from './memory.ts'

/**
 * Let the codec run in WebAssembly, wherever that is allowed.
 *
 * @param first the first module
 * @param startSecond asked for when a store first needs what only the second module has
 */
export function useWasm(first: () => WebAssembly.Module, startSecond?: () => PromiseOrValue<Transforms>): void {
  setSource(first)
  provide(fast, startSecond && once(startSecond))
}

function once(startSecond: () => PromiseOrValue<Transforms>): () => PromiseOrValue<Transforms> {
  let transforms: PromiseOrValue<Transforms> | undefined
  return () => {
    transforms ??= (isReady() ? startSecond : loadTwin)()
    if (isPromise(transforms)) {
      transforms = transforms.then(
        (loaded) => (transforms = loaded),
        (cause: unknown) => {
          // The next store may try again.
          transforms = undefined
          throw new StorageUnavailableError('What compresses and encrypts could not be loaded: try again.', { cause })
        },
      )
    }
    return transforms
  }
}

const fast: Fast = {
  encode,
  decode,
  encodeFrame,
  decodeFrame,
  decodeHead,

  xxh3(bytes, seed) {
    // For very many the module's memory would have to hold them.
    if (bytes.length > MOST_BYTES || !isReady()) return undefined
    take(bytes)
    return BigInt.asUintN(64, core.sum(bytes.length, seed))
  },

  sha512(bytes) {
    if (bytes.length > MOST_BYTES || !isReady()) return undefined
    const place = take(bytes, Math.max(bytes.length, SHA512_BYTES))
    core.sha512(bytes.length)
    return copy(place, SHA512_BYTES)
  },
}

const SHA512_BYTES = 64
