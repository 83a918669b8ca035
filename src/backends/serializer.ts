import type { Serializer } from '../base/entry.ts'
import { InvalidConfigError } from '../base/errors.ts'
import { type Check, oneOf, optional } from '../base/schema.ts'

/** What the configs of backends have in common whose engine can clone. */
export interface SerializerOption {
  /**
   * How values are kept: `cbor` (the default), or `structured-clone` as the platform clones them, so that they may be
   * what only the platform can clone: a Blob, a File, a CryptoKey, cycles. What was kept the other way stays readable.
   */
  readonly serializer?: Serializer | undefined
}

export const serializer: Check = optional(oneOf('cbor', 'structured-clone'))

/** @throws INVALID_CONFIG if values are to be kept as clones, and the config asks for what is done to bytes or in place */
export function checkSerializer<Config extends SerializerOption>(config: Config): Config {
  const { serializer: kept, compressor, encryptor, isolation } = config as Record<string, unknown>
  if (kept !== 'structured-clone' || !(compressor || encryptor || isolation === 'freeze')) return config
  throw new InvalidConfigError([
    { path: 'serializer', message: 'clones are not compressed, encrypted or frozen: leave it or the other field out' },
  ])
}
