import type { Durability } from '../base/backend.ts'
import { type Check, count, object, oneOf, optional } from '../base/schema.ts'
import type { Limits } from '../codec/limits.ts'

/** What the configs of backends that store bytes have in common. */
export interface BlobOptions {
  /** When a write counts as done: `strict` once the device has it, `relaxed` once the operating system has it. */
  readonly durability?: Durability | undefined
  /** How deep a value may be nested, and how many bytes its encoded form may have. */
  readonly limits?: Partial<Limits> | undefined
}

/** The checks of these fields, to be spread into a backend's own. */
export const blobOptions: Readonly<Record<'durability' | 'limits', Check>> = {
  durability: optional(oneOf('strict', 'relaxed')),
  limits: optional(object({ depth: optional(count), bytes: optional(count) })),
}
