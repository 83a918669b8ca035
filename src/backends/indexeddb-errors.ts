import { QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'
import { uncloneable } from '../codec/platform-clone.ts'

/** Run `task` on the database `name`; whatever it fails of is reported by `indexedDbError`. */
export async function guarded<T>(name: string, task: (name: string) => Promise<T>): Promise<T> {
  try {
    return await task(name)
  } catch (error) {
    throw indexedDbError(error, name)
  }
}

/** What to report of a failed call of IndexedDB: UNSERIALIZABLE_VALUE, QUOTA_EXCEEDED, STORAGE_UNAVAILABLE. */
export function indexedDbError(cause: unknown, name: string): Error {
  const kind = cause instanceof Error ? cause.name : ''
  if (kind === 'DataCloneError') return uncloneable(cause)
  const Kind = kind === 'QuotaExceededError' ? QuotaExceededError : StorageUnavailableError
  return new Kind(`IndexedDB cannot use the database ${name} (${String(cause)}). ${REMEDIES[kind] ?? REMEDY}`, {
    cause,
  })
}

const REMEDY = 'Let this site store data, release the store and connect again.'
const REMEDIES: Record<string, string> = {
  QuotaExceededError: 'Delete entries.',
  ReferenceError: 'Use the memory backend.',
  TimeoutError: 'Close the other tabs of this site.',
}
