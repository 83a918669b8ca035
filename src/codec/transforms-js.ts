import { aessiv } from '@noble/ciphers/aes.js'
import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { decompress } from './lz4.ts'
import type { Transforms } from './transforms.ts'

/** For places that forbid WebAssembly. It reads every LZ4 frame and writes none: parts stay uncompressed. */
export const jsTransforms: Transforms = {
  compress: () => undefined,
  decompress,
  seal: (key, nonce, associated, plain) => xchacha20poly1305(key, nonce, associated).encrypt(plain),
  open(key, nonce, associated, sealed) {
    const cipher = xchacha20poly1305(key, nonce, associated)
    return unlessChanged(() => cipher.decrypt(sealed))
  },
  sealName: (key, plain) => aessiv(key).encrypt(plain),
  openName(key, sealed) {
    const cipher = aessiv(key)
    return unlessChanged(() => cipher.decrypt(sealed))
  },
}

/** A wrong tag throws, and so does what is too short for one. */
function unlessChanged<T>(decrypt: () => T): T | undefined {
  try {
    return decrypt()
  } catch {
    return undefined
  }
}
