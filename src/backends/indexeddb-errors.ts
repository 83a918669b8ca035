import { QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'
import { storageEstimate } from '../base/storage.ts'
import { uncloneable } from '../codec/platform-clone.ts'

/** Run `task` on the database `name`; whatever it fails of is reported by `indexedDbError`. */
export async function guarded<T>(name: string, task: (name: string) => Promise<T>): Promise<T> {
  try {
    return await task(name)
  } catch (error) {
    throw await indexedDbError(error, name)
  }
}

/**
 * What to report of a failed call of IndexedDB: UNSERIALIZABLE_VALUE, QUOTA_EXCEEDED with usage and quota,
 * STORAGE_UNAVAILABLE.
 */
export async function indexedDbError(cause: unknown, name: string): Promise<Error> {
  const kind = kindOf(cause)
  if (kind === 'DataCloneError') return uncloneable(cause)
  const message = `IndexedDB cannot use the database ${name} (${String(cause)}). ${REMEDIES[kind] ?? REMEDY}`
  if (kind !== 'QuotaExceededError') return new StorageUnavailableError(message, { cause })
  const { usage, quota } = { ...(await storageEstimate()) }
  const room = usage === undefined ? '' : ` ${usage} of ${quota} bytes are used.`
  return new QuotaExceededError(message + room, { cause, usage, quota })
}

/** Whether the connection was lost, or the transaction aborted by no fault of ours: another try may do. */
export function isRetriable(error: unknown): boolean {
  return ['AbortError', 'InvalidStateError', 'UnknownError', 'TransactionInactiveError'].includes(kindOf(error))
}

/** Whether a transaction takes no requests at this moment. */
export function isInactive(error: unknown): boolean {
  return ['TransactionInactiveError', 'InvalidStateError'].includes(kindOf(error))
}

function kindOf(error: unknown): string {
  return error instanceof Error ? error.name : ''
}

const REMEDY = 'Let this site store data, release the store and connect again.'
const REMEDIES: Record<string, string> = {
  QuotaExceededError: 'Delete entries, or ask for more with requestPersistence.',
  ReferenceError: 'Use the memory backend.',
  TimeoutError: 'Close the other tabs of this site.',
}
