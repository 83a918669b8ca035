import type { Durability } from '../base/backend.ts'
import { type Check, count, flag, listOf, object, oneOf, optional, secretBytes, size } from '../base/schema.ts'
import type { Limits } from '../codec/limits.ts'
import type { Compressor, Encryptor } from '../engine/sealing.ts'

/** What the configs of backends that store bytes have in common. */
export interface BlobOptions {
  /** When a write counts as done: `strict` once the device has it, `relaxed` once the operating system has it. */
  readonly durability?: Durability | undefined
  /** How deep a value may be nested, and how many bytes its encoded form may have. */
  readonly limits?: Partial<Limits> | undefined
  /** Compress values; `'lz4'` for the usual. What is not compressed stays readable, and the other way round. */
  readonly compressor?: 'lz4' | Compressor | undefined
  /** Encrypt values, metadata and binaries. */
  readonly encryptor?: Encryptor | undefined
}

const key = secretBytes(32)
const compressor = object({ type: oneOf('lz4'), threshold: optional(size) })

/** The checks of these fields, to be spread into a backend's own. */
export const blobOptions: Readonly<Record<keyof BlobOptions, Check>> = {
  durability: optional(oneOf('strict', 'relaxed')),
  limits: optional(object({ depth: optional(count), bytes: optional(count) })),
  compressor: optional((value) => (value === 'lz4' ? undefined : compressor(value))),
  encryptor: optional(
    object({
      type: oneOf('xchacha20-poly1305'),
      key,
      oldKeys: optional(listOf(key)),
      allowPlaintext: optional(flag),
      names: optional(flag),
    }),
  ),
}
