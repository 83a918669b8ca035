import { utf8Encoder } from './cbor-text.ts'

export interface DeriveKeyOptions {
  /** How much work a guess costs. Default 600,000: OWASP's Password Storage Cheat Sheet for PBKDF2 with SHA-256. */
  readonly iterations?: number | undefined
}

/**
 * The key of an encryptor from a passphrase: PBKDF2 with HMAC-SHA-256 (RFC 8018, section 5.2), 32 bytes. It takes a good
 * part of a second. The passphrase is taken in Unicode's form NFC, so that it is the same from every keyboard.
 *
 * @param salt at least 16 random bytes, kept beside the store, which are no secret: `crypto.getRandomValues(new Uint8Array(16))`
 * @throws TypeError if the passphrase is empty, the salt short, or the page not served securely
 *
 * @example
 * const key = await deriveKey(passphrase, salt)
 * const store = await connectStore({ backend: 'indexeddb', id, encryptor: { type: 'xchacha20-poly1305', key } })
 */
export async function deriveKey(
  passphrase: string,
  salt: Uint8Array<ArrayBuffer>,
  { iterations = 600_000 }: DeriveKeyOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  if (typeof passphrase !== 'string' || passphrase === '') throw new TypeError('The passphrase is empty.')
  if (!(salt instanceof Uint8Array && salt.length >= MIN_SALT_BYTES)) {
    throw new TypeError(`The salt has to be a Uint8Array of at least ${MIN_SALT_BYTES} bytes.`)
  }
  if (!(Number.isInteger(iterations) && iterations > 0)) throw new TypeError('iterations has to be an integer above 0.')
  const { subtle } = crypto as { subtle?: SubtleCrypto }
  if (!subtle)
    throw new TypeError('Keys are derived in secure contexts only: serve the page over https, or from localhost.')
  const material = await subtle.importKey('raw', utf8Encoder.encode(passphrase.normalize()), 'PBKDF2', false, [
    'deriveBits',
  ])
  return new Uint8Array(await subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations }, material, 256))
}

const MIN_SALT_BYTES = 16
