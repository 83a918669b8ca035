import { QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'

/** What to report of a failed call of IndexedDB; any other error stays as it is. */
export function indexedDbError(error: unknown, name: string): unknown {
  if (!(error instanceof DOMException)) return error
  if (error.name === 'QuotaExceededError') {
    return new QuotaExceededError(
      `No more space for the database ${name}. Delete entries, or call navigator.storage.persist().`,
      { cause: error },
    )
  }
  return new StorageUnavailableError(
    `IndexedDB cannot use the database ${name} (${error.name}: ${error.message}). ${REMEDIES[error.name] ?? DEFAULT_REMEDY}`,
    { cause: error },
  )
}

export function indexedDbMissing(name: string): StorageUnavailableError {
  return new StorageUnavailableError(`There is no IndexedDB here for the database ${name}. Use the memory backend.`)
}

export function indexedDbBlocked(name: string): StorageUnavailableError {
  return new StorageUnavailableError(
    `Another tab holds the database ${name} open. Close the other tabs of this site and try again.`,
  )
}

const DEFAULT_REMEDY = 'Reload the page, and check that the browser lets this site store data.'
const REMEDIES: Record<string, string> = {
  InvalidStateError: 'The connection was closed: release the store and connect again.',
  SecurityError: 'Allow this site to store data, or leave the private or sandboxed frame.',
}
