import { ConflictError, DecryptionError, InvalidConfigError, SyncUnsupportedError } from '../base/errors.ts'
import type { BlobBackend, Call } from '../base/backend.ts'
import type { Serializer } from '../base/entry.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain, isPromise, rescue } from '../base/promise-or-value.ts'
import { bindingOf, makeCipher, openPart, sealPart } from '../codec/cipher.ts'
import type { CodecOptions } from '../codec/codec.ts'
import { loadTransforms } from '../codec/fast.ts'
import type { Limits } from '../codec/limits.ts'
import { type Descriptor, type FoundDescriptor, readDescriptor, writeDescriptor } from './descriptor.ts'

/** How values are compressed: LZ4, from `threshold` bytes on, where that makes them shorter. */
export interface Compressor {
  readonly type: 'lz4'
  /** Default 512. */
  readonly threshold?: number | undefined
}

/** How everything but the names of keys is encrypted and authenticated. */
export interface Encryptor {
  readonly type: 'xchacha20-poly1305'
  /** 32 random bytes, or what `deriveKey` makes of a passphrase. */
  readonly key: Uint8Array
  /** Keys with which entries may still be encrypted; what is written is encrypted with `key`. */
  readonly oldKeys?: readonly Uint8Array[] | undefined
  /** Read what is not encrypted, too: while a store is being migrated. */
  readonly allowPlaintext?: boolean | undefined
  /** Encrypt the names as well. For good: a store has them so from its creation on, or never. */
  readonly names?: boolean | undefined
}

/** What a config says of how values become bytes. */
export interface SealingConfig {
  readonly id: string
  readonly serializer?: Serializer | undefined
  readonly limits?: Partial<Limits> | undefined
  readonly compressor?: 'lz4' | Compressor | undefined
  readonly encryptor?: Encryptor | undefined
}

/** What is done to the bytes of a store. */
export interface Sealing {
  readonly codec: CodecOptions
  /** With which names are encrypted. */
  readonly nameKey?: Uint8Array | undefined
}

const DEFAULT_THRESHOLD = 512
const NAME_KEY_BYTES = 64
const MOST_TRIES = 5

/** For a new store: what is done to its bytes, and what its descriptor says of that. */
export function newSealing(
  config: SealingConfig,
  call: Call,
): PromiseOrValue<{ readonly sealing: Sealing; readonly fields: Partial<Descriptor> }> {
  return chain(codecOf(config, false, call), (codec) => {
    const nameKey = config.encryptor?.names ? crypto.getRandomValues(new Uint8Array(NAME_KEY_BYTES)) : undefined
    return { sealing: { codec, nameKey }, fields: { ...compressed(codec), ...checks(codec, nameKey) } }
  })
}

/**
 * For a store that is there. Its descriptor comes to know of the first use of a compressor, and of a new key.
 *
 * @throws DECRYPTION_FAILED if the store has other keys, or is encrypted and the config has no key, or the other way round
 */
export function openSealing(
  blobs: BlobBackend,
  config: SealingConfig,
  { descriptor, version }: FoundDescriptor,
  call: Call,
  tries: number = MOST_TRIES,
): PromiseOrValue<Sealing> {
  return chain(codecOf(config, descriptor.compressed === true, call), (codec) => {
    const found = unlock(config, codec, descriptor)
    const fields = { ...compressed(codec), ...found.fields }
    if (Object.entries(fields).every(([field, value]) => descriptor[field] === value)) return found
    const ifVersion = blobs.capabilities.compareAndSet ? version : undefined
    return rescue<Sealing>(
      () => chain(writeDescriptor(blobs, { ...descriptor, ...fields }, { ifVersion }, call), () => found),
      (error) => {
        if (!(error instanceof ConflictError) || tries === 0) throw error
        // Somebody else has changed it meanwhile: look again whether the keys are right.
        return chain(readDescriptor(blobs, config.id, call), (now) => {
          if (now === undefined) throw error
          return openSealing(blobs, config, now, call, tries - 1)
        })
      },
    )
  })
}

function codecOf(
  { id, serializer, limits, compressor, encryptor }: SealingConfig,
  isCompressed: boolean,
  { sync }: Call,
): PromiseOrValue<CodecOptions> {
  if (!compressor && !encryptor && !isCompressed) return { serializer, limits }
  const loading = loadTransforms()
  if (sync && isPromise(loading)) {
    throw new SyncUnsupportedError(
      'What compresses and encrypts is loaded first: open a store that uses it once without { sync: true }.',
    )
  }
  return chain(loading, (transforms) => ({
    serializer,
    limits,
    transforms,
    compressor: compressor && { threshold: (compressor as Compressor).threshold ?? DEFAULT_THRESHOLD },
    cipher:
      encryptor &&
      makeCipher(transforms, [encryptor.key, ...(encryptor.oldKeys ?? [])], id, encryptor.allowPlaintext === true),
  }))
}

function compressed({ compressor }: CodecOptions): Partial<Descriptor> {
  return compressor ? { compressed: true } : {}
}

/** What of `checks` in a descriptor a check is bound to. */
const CHECK = { head: Uint8Array.of(2, 0, 0, 16), name: DESCRIPTOR_NAME, part: 'check' } as const

/** A sealed part for each key of the store: who opens one has a right key, and has from it the key of the names, if any. */
function checks(
  { cipher }: CodecOptions,
  nameKey: Uint8Array = new Uint8Array(),
  others: readonly Uint8Array[] = [],
): Partial<Descriptor> {
  return cipher ? { checks: [sealPart(cipher, CHECK, nameKey), ...others] } : {}
}

/** The names' key from the descriptor, and what is new in it. */
function unlock(
  { id, encryptor }: SealingConfig,
  codec: CodecOptions,
  { checks: known = [] }: Descriptor,
): Sealing & { readonly fields: Partial<Descriptor> } {
  const { cipher } = codec
  if (known.length === 0) {
    if (!cipher) return { codec, fields: {} }
    if (!cipher.allowPlaintext) {
      throw new DecryptionError(
        `The store ${id} is not encrypted. With { allowPlaintext: true } in its encryptor it is from now on.`,
      )
    }
    checkNames(encryptor, false)
    return { codec, fields: checks(codec) }
  }
  if (!cipher) throw new DecryptionError(`The store ${id} is encrypted: give its encryptor, with the key.`)
  const check = known.find((each) => bindingOf(cipher, each))
  if (check === undefined) throw new DecryptionError(`The store ${id} is encrypted with another key.`)
  const nameKey = openPart(cipher, CHECK, check)
  checkNames(encryptor, nameKey.length > 0)
  const first = { ...cipher, bindings: cipher.bindings.slice(0, 1) }
  const isKnown = known.some((each) => bindingOf(first, each))
  return {
    codec,
    nameKey: nameKey.length > 0 ? nameKey : undefined,
    fields: isKnown ? {} : checks(codec, nameKey, known),
  }
}

function checkNames(encryptor: Encryptor | undefined, areSealed: boolean): void {
  if ((encryptor?.names === true) !== areSealed) {
    throw new InvalidConfigError([
      { path: 'encryptor.names', message: `is ${areSealed} for this store since it was created` },
    ])
  }
}
