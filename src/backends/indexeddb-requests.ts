/** What a request answers. Inside a transaction, what follows at once is still part of it. */
export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error!)
  })
}

/** Resolves when a transaction is complete; rejects with the first error in it, or with why it was aborted. */
export function completed(transaction: IDBTransaction): Promise<unknown> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = resolve
    // A request's error comes by here on its way up, and says more than the transaction's.
    transaction.onerror = transaction.onabort = ({ target }) => reject((target as IDBRequest).error!)
  })
}

/** Wait for a request for a whole database, but not without end for other tabs that hold it. */
export function answered(request: IDBOpenDBRequest): Promise<void> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error!)
    setTimeout(() => {
      reject(new DOMException('', 'TimeoutError'))
      // What opens after all would only be in the way of others.
      request.onsuccess = () => request.result?.close()
    }, PATIENCE)
  })
}

/** Milliseconds to wait for connections that other tabs do not close. */
const PATIENCE = 3000
