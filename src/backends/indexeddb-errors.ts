import { QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'

/** What to report of a failed call of IndexedDB; any other error stays as it is. */
export function indexedDbError(error: unknown, name: string): unknown {
  if (!(error instanceof DOMException)) return error
  if (error.name === 'QuotaExceededError') {
    return new QuotaExceededError(
      `The browser gives no more space to the database ${name}. Delete what is no longer needed, or ask for more with navigator.storage.persist().`,
      { cause: error },
    )
  }
  return new StorageUnavailableError(
    `IndexedDB cannot use the database ${name} (${error.name}: ${error.message}). ${REMEDIES[error.name] ?? DEFAULT_REMEDY}`,
    { cause: error },
  )
}

export function indexedDbMissing(name: string): StorageUnavailableError {
  return new StorageUnavailableError(
    `There is no IndexedDB here for the database ${name}. Use the memory backend, or "tiered" where it can be missing.`,
  )
}

export function indexedDbBlocked(name: string): StorageUnavailableError {
  return new StorageUnavailableError(
    `Another tab or worker of this site holds the database ${name} open and does not close it. Close the other tabs of the site, then try again.`,
  )
}

const DEFAULT_REMEDY = 'Reload the page; if that does not help, check that the browser lets this site store data.'
const REMEDIES: Record<string, string> = {
  InvalidStateError:
    'The connection was closed, because another tab deleted the database or the browser cleared it. Release the store and connect to it again.',
  SecurityError:
    'The browser does not let this page store data: allow site data, or leave the private or sandboxed frame.',
}
