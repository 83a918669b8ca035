import { answered } from './indexeddb-requests.ts'

/**
 * Let Chromium begin a new log for the databases of this origin.
 *
 * One that is killed in the middle of a write leaves half a record at the end of LevelDB's log. The next one passes over
 * it and goes on writing behind it (google/leveldb#1287); the one after that takes the whole log for damaged, and deletes
 * every database of the origin. What deletes a database, be it an empty one, also writes the log's content to a table.
 *
 * Resolves when that is done, or cannot be: nothing else depends on it.
 */
export function renewLog(): Promise<void> {
  return (renewal ??= renew())
}

/** Once in a page or worker is enough: its browser has not been started again since. */
let renewal: Promise<void> | undefined

async function renew(): Promise<void> {
  if (!/Chrome\//.test(globalThis.navigator?.userAgent)) return
  try {
    const request = indexedDB.open(SCRATCH)
    await answered(request)
    request.result.close()
    await answered(indexedDB.deleteDatabase(SCRATCH))
  } catch {
    // Whoever opens the store hears of it.
  }
}

const SCRATCH = 'konserve-scratch'
