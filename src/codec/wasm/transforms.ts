import { CorruptEntryError } from '../../base/errors.ts'
import { KEY_BYTES, KEY_ID_BYTES, NONCE_BYTES, STORE_ID_BYTES } from '../cipher.ts'
import type { Transforms } from '../transforms.ts'
import { bytes, copy, full, refresh, result, take, trim, words } from './memory.ts'

/** By the second module, which must be at work. */
export const wasmTransforms: Transforms = {
  compress(input) {
    take(input)
    return answered(full!.compress(input.length))
  },

  decompress(input, length) {
    take(input)
    if (full!.decompress(input.length, length)) return answered(length)
    throw new CorruptEntryError(`These ${input.length} bytes are no LZ4 frame of ${length}`)
  },

  seal(key, nonce, associated, plain) {
    prepare(key, nonce)
    const length = associated.length + plain.length
    const place = take(associated, length)
    bytes.set(plain, place + associated.length)
    return answered(full!.seal(associated.length, plain.length) - PREFIX, PREFIX)
  },

  open(key, nonce, associated, sealed) {
    prepare(key, nonce)
    const length = PREFIX + sealed.length
    const place = take(associated, associated.length + length) + associated.length
    // The module wants the part whole: id of the key, nonce, what was sealed.
    bytes.fill(0, place, place + KEY_ID_BYTES)
    bytes.set(nonce, place + KEY_ID_BYTES)
    bytes.set(sealed, place + PREFIX)
    return full!.open(associated.length, length) ? answered(sealed.length - TAG_BYTES) : undefined
  },

  sealName(key, plain) {
    const length = SIV_BYTES + plain.length
    const place = take(key, key.length + length) + key.length
    bytes.set(plain, place + SIV_BYTES)
    full!.seal_name(length)
    return copy(place, length)
  },

  openName(key, sealed) {
    if (sealed.length < SIV_BYTES) return undefined
    const place = take(key, key.length + sealed.length) + key.length
    bytes.set(sealed, place)
    return full!.open_name(sealed.length) ? copy(place + SIV_BYTES, sealed.length - SIV_BYTES) : undefined
  },
}

const PREFIX = KEY_ID_BYTES + NONCE_BYTES
const TAG_BYTES = 16
const SIV_BYTES = 16
const NO_IDS = new Uint8Array(KEY_ID_BYTES + STORE_ID_BYTES)

/** Tell the module key and nonce. */
function prepare(key: Uint8Array, nonce: Uint8Array): void {
  const settings = full!.settings()
  refresh()
  bytes.set(key, settings)
  bytes.set(NO_IDS, settings + KEY_BYTES)
  bytes.set(nonce, settings + KEY_BYTES + NO_IDS.length)
}

/** The bytes that a call has just answered, but for the first `skipped`. */
function answered(length: number, skipped = 0): Uint8Array<ArrayBuffer> {
  refresh()
  const answer = copy(words[result]! + skipped, length)
  trim()
  return answer
}
