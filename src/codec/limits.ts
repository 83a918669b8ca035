import { LimitExceededError, type ErrorDetails } from '../base/errors.ts'

/** How large a value may be. Both directions keep them: what can be written can be read back. */
export interface Limits {
  /** Containers (arrays, objects, Maps, Sets, tagged and registered values) inside each other. */
  depth: number
  /** Bytes of one encoded value. */
  bytes: number
}

export const DEFAULT_LIMITS: Limits = { depth: 512, bytes: 512 * 1024 * 1024 }

/** Bytes of the magnitude of one bigint. */
export const BIGINT_BYTES: number = 1024 * 1024

/** @param limit what was exceeded: '512 levels' */
export function exceeded(limit: string, details?: ErrorDetails): LimitExceededError {
  return new LimitExceededError(`The value has more than ${limit}`, details)
}

/** Whether the platform's own stack was shorter than a raised depth limit. */
export function isStackOverflow(error: unknown): boolean {
  return /call stack|much recursion/.test((error as Error)?.message)
}
