/** What a context has, by feature: `yes`, `no`, `fails` (where there is one but its use throws), or more. */
export type Features = Readonly<Record<string, string>>

/** Find out by use where that is possible. */
export async function probe(): Promise<Features> {
  const found = Object.entries(PROBES).map(async ([name, look]) => [name, await cell(look)] as const)
  return Object.fromEntries(await Promise.all(found))
}

/** As what this script runs: modules are strict. */
export function scriptType(): WorkerType {
  return isStrict() ? 'module' : 'classic'
}

const PROBES: Readonly<Record<string, () => unknown>> = {
  'starts `Worker`': () => typeof Worker === 'function',
  'starts `SharedWorker`': () => typeof SharedWorker === 'function',
  'starts `ServiceWorker`': () => navigator.serviceWorker !== undefined,
  IndexedDB: () => typeof indexedDB === 'object' && inDatabase(keepsValues),
  'transaction durability': () => typeof indexedDB === 'object' && inDatabase(takesDurability),
  '`IDBTransaction.commit`': () => typeof IDBTransaction === 'function' && 'commit' in IDBTransaction.prototype,
  '`IDBObjectStore.getAllRecords`': () =>
    typeof IDBObjectStore === 'function' && 'getAllRecords' in IDBObjectStore.prototype,
  'Blobs in IndexedDB': () => typeof indexedDB === 'object' && inDatabase(keepsBlobs),
  BroadcastChannel: () => typeof BroadcastChannel === 'function' && broadcasts(),
  'Web Locks': () => navigator.locks !== undefined && navigator.locks.request(crypto.randomUUID(), () => true),
  '`storage.persist`': persistence,
  '`storage.estimate`': async () =>
    navigator.storage?.estimate !== undefined && tells(await navigator.storage.estimate()),
  OPFS: privateFiles,
  'clones of the cause of an Error': () =>
    structuredClone(new Error('', { cause: new Error() })).cause instanceof Error,
  'clones of a CryptoKey': clonesKeys,
  '`Symbol.asyncDispose`': () => 'asyncDispose' in Symbol,
}

function isStrict(this: unknown): boolean {
  return this === undefined
}

async function cell(look: () => unknown): Promise<string> {
  try {
    const found = await look()
    return typeof found === 'string' ? found : found === true ? 'yes' : 'no'
  } catch {
    return 'fails'
  }
}

async function inDatabase(look: (database: IDBDatabase) => unknown): Promise<unknown> {
  const name = `probe-${crypto.randomUUID()}`
  const opening = indexedDB.open(name)
  opening.onupgradeneeded = () => opening.result.createObjectStore('entries')
  const database = await answerOf(opening)
  try {
    return await look(database)
  } finally {
    database.close()
    indexedDB.deleteDatabase(name)
  }
}

async function keepsValues(database: IDBDatabase): Promise<boolean> {
  await answerOf(database.transaction('entries', 'readwrite').objectStore('entries').put('value', 'key'))
  return (await answerOf<unknown>(database.transaction('entries').objectStore('entries').get('key'))) === 'value'
}

async function keepsBlobs(database: IDBDatabase): Promise<boolean> {
  await answerOf(
    database
      .transaction('entries', 'readwrite')
      .objectStore('entries')
      .put(new Blob(['text']), 'key'),
  )
  const blob = await answerOf<Blob>(database.transaction('entries').objectStore('entries').get('key'))
  return (await blob.text()) === 'text'
}

async function clonesKeys(): Promise<boolean> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt'])
  return structuredClone(key) instanceof CryptoKey
}

function takesDurability(database: IDBDatabase): boolean {
  return database.transaction('entries', 'readwrite', { durability: 'strict' }).durability === 'strict'
}

async function broadcasts(): Promise<boolean> {
  const name = crypto.randomUUID()
  const [one, other] = [new BroadcastChannel(name), new BroadcastChannel(name)]
  try {
    const heard = new Promise<boolean>((resolve) => (other.onmessage = () => resolve(true)))
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a channel, not a window
    one.postMessage('')
    return await within(5000, heard, false)
  } finally {
    one.close()
    other.close()
  }
}

/** Headless Firefox asks its user and waits. */
async function persistence(): Promise<string> {
  if (navigator.storage?.persist === undefined) return 'no'
  return within(
    1000,
    navigator.storage.persist().then((granted) => (granted ? 'granted' : 'denied')),
    'no answer',
  )
}

function tells({ quota, usage }: StorageEstimate): boolean {
  return quota !== undefined && usage !== undefined
}

/** With `sync`, also handles of files that read and write at once. */
async function privateFiles(): Promise<string> {
  if (navigator.storage?.getDirectory === undefined) return 'no'
  const folder = await navigator.storage.getDirectory()
  const name = crypto.randomUUID()
  const file = await folder.getFileHandle(name, { create: true })
  try {
    if (!('createSyncAccessHandle' in file)) return 'yes'
    const open = file.createSyncAccessHandle as () => Promise<{ close(): void }>
    const handle = await open.call(file)
    handle.close()
    return 'sync'
  } finally {
    await folder.removeEntry(name)
  }
}

function within<T>(milliseconds: number, answer: Promise<T>, otherwise: T): Promise<T> {
  return Promise.race([answer, new Promise<T>((resolve) => setTimeout(resolve, milliseconds, otherwise))])
}

function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error!)
  })
}
