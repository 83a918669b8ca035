import type { Name } from '../base/entry.ts'
import { DecryptionError } from '../base/errors.ts'
import { fromHex, joinBytes, utf8Encoder } from './cbor-text.ts'
import { sha512 } from './sha512.ts'
import type { Transforms } from './transforms.ts'

/**
 * How the parts of a store's frames are encrypted and authenticated: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03). A
 * sealed part is
 *
 *     0..7    the id of the key
 *     8..31   nonce
 *     32..    ciphertext, as long as what was sealed
 *     last 16 tag
 *
 * Its associated data, which it cannot be opened without, is bytes 0..3 of the frame, the id of the key, the store's id in
 * 16 bytes, the length of the name in one byte, the name, the word for the part, and for a value the tag of its metadata.
 */
export interface Cipher {
  readonly transforms: Transforms
  /** Key, id of the key and id of the store, one after the other: 56 bytes. The first one seals. */
  readonly bindings: readonly Uint8Array[]
  /** Whether parts that are not sealed are read. */
  readonly allowPlaintext: boolean
}

/** What else is to be known of what is sealed. `meta` is the sealed metadata, for a value. */
export interface Sealed {
  readonly head: Uint8Array
  readonly name: Name
  readonly part: 'meta' | 'value' | 'check'
  readonly meta?: Uint8Array
}

export const KEY_BYTES = 32
export const KEY_ID_BYTES = 8
export const STORE_ID_BYTES = 16
export const NONCE_BYTES = 24
const TAG_BYTES = 16
/** Where in a sealed part the ciphertext starts. */
const SEALED_AT = KEY_ID_BYTES + NONCE_BYTES

export function makeCipher(
  transforms: Transforms,
  keys: readonly Uint8Array[],
  storeId: string,
  allowPlaintext: boolean,
): Cipher {
  const id = fromHex(storeId.replaceAll('-', ''))
  return { transforms, bindings: keys.map((key) => joinBytes([key, keyId(key), id])), allowPlaintext }
}

/** The binding whose key a sealed part names. */
export function bindingOf({ bindings }: Cipher, sealed: Uint8Array): Uint8Array | undefined {
  return bindings.find((binding) => {
    for (let i = 0; i < KEY_ID_BYTES; i++) if (binding[KEY_BYTES + i] !== sealed[i]) return false
    return true
  })
}

export function sealPart(cipher: Cipher, about: Sealed, plain: Uint8Array): Uint8Array<ArrayBuffer> {
  const binding = cipher.bindings[0]!
  const nonce = takeNonces(1)
  const sealed = cipher.transforms.seal(binding.subarray(0, KEY_BYTES), nonce, associated(binding, about), plain)
  return joinBytes([binding.subarray(KEY_BYTES, KEY_BYTES + KEY_ID_BYTES), nonce, sealed])
}

/** @throws DECRYPTION_FAILED */
export function openPart(cipher: Cipher, about: Sealed, part: Uint8Array): Uint8Array<ArrayBuffer> {
  const binding = bindingOf(cipher, part)
  if (binding === undefined) {
    throw new DecryptionError(
      `The ${about.part} of ${about.name} was sealed with a key that is not here: give it as the encryptor's key, or among its oldKeys.`,
    )
  }
  const key = binding.subarray(0, KEY_BYTES)
  const nonce = part.subarray(KEY_ID_BYTES, SEALED_AT)
  const sealed = part.subarray(SEALED_AT)
  const plain =
    sealed.length < TAG_BYTES ? undefined : cipher.transforms.open(key, nonce, associated(binding, about), sealed)
  if (plain) return plain
  throw new DecryptionError(
    `The ${about.part} of ${about.name} is not what was sealed there: it was changed, or belongs elsewhere.`,
  )
}

/** Random bytes for `count` nonces. */
export function takeNonces(count: number): Uint8Array<ArrayBuffer> {
  const length = count * NONCE_BYTES
  // Asking for each by itself is slow.
  if (taken + length > pool.length) {
    crypto.getRandomValues(pool)
    taken = 0
  }
  const nonces = pool.slice(taken, taken + length)
  // A pool that leaks must not tell them.
  pool.fill(0, taken, (taken += length))
  return nonces
}

const pool = new Uint8Array(100 * NONCE_BYTES)
let taken = pool.length

/** The key itself cannot be found from it. */
function keyId(key: Uint8Array): Uint8Array {
  return sha512(joinBytes([utf8Encoder.encode('konserve-ts key id'), key])).subarray(0, KEY_ID_BYTES)
}

function associated(binding: Uint8Array, { head, name, part, meta }: Sealed): Uint8Array<ArrayBuffer> {
  const text = utf8Encoder.encode(name)
  return joinBytes([
    head.subarray(0, 4),
    binding.subarray(KEY_BYTES),
    Uint8Array.of(text.length),
    text,
    utf8Encoder.encode(part),
    meta ? meta.subarray(meta.length - TAG_BYTES) : new Uint8Array(),
  ])
}
