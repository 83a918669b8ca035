/** The object store in which the blobs are, each under its name. */
export const STORE = 'entries'
/** Its key generator numbers transactions for those who watch. In `STORE` it would make every write slower. */
export const NUMBERS = 'commits'

/** What a request answers. Inside a transaction, what follows at once is still part of it. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error!)
  })
}

/** Wait for a request for a whole database, but not without end: other tabs may hold it, and engines may hang. */
export function answered(request: IDBOpenDBRequest): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    const giveUp = (): void => {
      reject(new DOMException('', 'TimeoutError'))
      // What opens after all would only be in the way of others.
      request.onsuccess = () => request.result?.close()
    }
    let timer = setTimeout(giveUp, LONGEST_MS)
    request.onblocked = () => {
      clearTimeout(timer)
      timer = setTimeout(giveUp, LONGEST_BLOCKED_MS)
    }
    request.onsuccess = () => {
      clearTimeout(timer)
      resolve()
    }
    request.onerror = () => {
      clearTimeout(timer)
      reject(request.error!)
    }
  })
}

const LONGEST_MS = 10_000
/** By a tab that has been asked to close its connection, and does not. */
const LONGEST_BLOCKED_MS = 3000

/** A promise that rejects with the signal's reason, if what `start` answers says at that moment that it may. */
export function untilAborted<T>(
  signal: AbortSignal | undefined,
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => boolean,
): Promise<T> {
  let giveUp: () => boolean
  let fail: (error: unknown) => void
  const promise = new Promise<T>((resolve, reject) => {
    fail = reject
    giveUp = start(resolve, reject)
  })
  if (signal === undefined) return promise
  const abort = (): void => {
    if (giveUp()) fail(signal.reason)
  }
  signal.addEventListener('abort', abort)
  // One signal may stand for a whole page.
  return promise.finally(() => signal.removeEventListener('abort', abort))
}
