import { DATABASE } from './session.ts'

const OBJECTS = 'entries'

/** The bytes that IndexedDB holds under a name, past the store. */
export async function readRaw(name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const found = await withObjects('readonly', (objects) => objects.get(name))
  return found instanceof Uint8Array ? new Uint8Array(found) : undefined
}

/** Change them past the store. */
export async function writeRaw(name: string, bytes: Uint8Array): Promise<void> {
  await withObjects('readwrite', (objects) => objects.put(bytes, name))
}

async function withObjects<T>(mode: IDBTransactionMode, ask: (objects: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await settled(indexedDB.open(DATABASE))
  try {
    return await settled(ask(database.transaction(OBJECTS, mode).objectStore(OBJECTS)))
  } finally {
    database.close()
  }
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result))
    request.addEventListener('error', () => reject(request.error ?? new Error('The request failed')))
  })
}
