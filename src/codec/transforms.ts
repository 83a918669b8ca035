/**
 * What is done to the bytes of a part after they are serialized, and undone before they are read. Nothing here keeps or
 * changes what it is given, and every answer has a buffer of its own.
 */
export interface Transforms {
  /** One LZ4 frame of `bytes` (LZ4 Frame Format 1.6.4); `undefined` where this implementation does not compress. */
  compress(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined
  /**
   * What one LZ4 frame holds, which must be exactly `length` bytes: no more is ever allocated, and nothing where so few
   * bytes cannot hold so many. CORRUPT_ENTRY if the frame is damaged, holds more or less, or has something after it.
   */
  decompress(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer>
  /**
   * XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03, section 2.3): the ciphertext, then the tag of 16 bytes. `key` are 32
   * bytes, `nonce` 24, never the same two for two plaintexts; `associated` is authenticated, not stored.
   */
  seal(key: Uint8Array, nonce: Uint8Array, associated: Uint8Array, plain: Uint8Array): Uint8Array<ArrayBuffer>
  /** The plaintext; `undefined` if `sealed` is not what `seal` answered for the same key, nonce and associated data. */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    associated: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array<ArrayBuffer> | undefined
  /**
   * AES-SIV (RFC 5297, section 2.6) with a key of 64 bytes, as in AEAD_AES_SIV_CMAC_512, and no associated data, which is
   * not the same as empty associated data: the SIV of 16 bytes, then the ciphertext. Equal names give equal bytes.
   */
  sealName(key: Uint8Array, plain: Uint8Array): Uint8Array<ArrayBuffer>
  /** The plaintext; `undefined` if `sealed` is not what `sealName` answered for the same key. */
  openName(key: Uint8Array, sealed: Uint8Array): Uint8Array<ArrayBuffer> | undefined
}
