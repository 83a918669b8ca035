import { LimitExceededError } from '../base/errors.ts'

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

export function depthExceeded(depth: number, cause?: unknown): LimitExceededError {
  const message = `The value is nested deeper than ${depth} levels`
  return new LimitExceededError(message, cause === undefined ? {} : { cause })
}

export function bytesExceeded(bytes: number): LimitExceededError {
  return new LimitExceededError(`The encoded value is larger than ${bytes} bytes`)
}

export function bigintExceeded(): LimitExceededError {
  return new LimitExceededError(`The bigint is larger than ${BIGINT_BYTES} bytes`)
}

/** Whether the platform's own stack was shorter than a raised depth limit. */
export function isStackOverflow(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'InternalError' || (error instanceof RangeError && /call stack/i.test(error.message))
}
