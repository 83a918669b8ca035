import { type ErrorDetails, KonserveError } from '../base/errors.ts'
import { indexedDbError } from './indexeddb-errors.ts'
import { NUMBERS, STORE, answerOf, answered } from './indexeddb-requests.ts'

/**
 * An open database that may go away: a browser closes it to clear data or to save memory, another tab wants to upgrade or
 * delete it, the page goes to sleep in the back/forward cache. Then it is opened again when it is next used.
 */
export class Connection {
  readonly name: string
  /**
   * Told of a database that the browser has closed. Chromium lets a transaction be made between the abort of those before
   * and the `close` event: of that one nothing is heard any more.
   */
  readonly onClose: Set<(database: IDBDatabase) => void> = new Set()
  readonly #open: () => Promise<IDBDatabase>
  #database: IDBDatabase | undefined
  #opening: Promise<void> | undefined
  readonly #ended = new AbortController()

  /** `open` opens the database again, and rejects if it is no longer the same store. */
  constructor(database: IDBDatabase, open: () => Promise<IDBDatabase>) {
    this.name = database.name
    this.#open = open
    this.#use(database)
    const { signal } = this.#ended
    globalThis.addEventListener?.('pagehide', ({ persisted }) => persisted && this.#sleep(), { signal })
  }

  /** A new transaction, or nothing while the database is closed. */
  begin(
    stores: string | readonly string[],
    mode: IDBTransactionMode,
    options?: IDBTransactionOptions,
  ): IDBTransaction | undefined {
    try {
      return this.#database?.transaction(stores, mode, options)
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'InvalidStateError')) throw error
      // It was closed, and nobody has said so.
      this.#database = undefined
    }
  }

  /** Resolves once the database is open again. */
  reopen(): Promise<void> {
    if (this.#ended.signal.aborted) return Promise.reject(new DOMException('It was released.', 'InvalidStateError'))
    return (this.#opening ??= this.#openAgain().finally(() => (this.#opening = undefined)))
  }

  async #openAgain(): Promise<void> {
    for (let tries = 0; tries < MOST_OPENS; tries++) {
      const database = await this.#open()
      if (!isGone(database)) return this.#use(database)
    }
    throw new DOMException('The database is closed again and again.', 'InvalidStateError')
  }

  /** For good. Transactions that are running complete. */
  close(): void {
    this.#ended.abort()
    this.#letGo()
  }

  /** What to tell one caller of what IndexedDB said, or of why the database was not opened again. */
  async report(error: unknown): Promise<Error> {
    if (!(error instanceof KonserveError)) return indexedDbError(error, this.name)
    const Kind = error.constructor as new (message: string, details: ErrorDetails) => KonserveError
    return new Kind(error.message, { cause: error })
  }

  #use(database: IDBDatabase): void {
    if (this.#ended.signal.aborted) return database.close()
    this.#database = database
    const letGo = (): void => {
      database.close()
      if (database === this.#database) this.#database = undefined
    }
    // Another tab upgrades or deletes the database: in its way, this connection would only block it.
    database.onversionchange = letGo
    database.onclose = () => {
      letGo()
      for (const listener of this.onClose) listener(database)
    }
  }

  #letGo(): void {
    this.#database?.close()
    this.#database = undefined
  }

  /** From the back/forward cache a connection would block other tabs, or keep the page out of there. */
  #sleep(): void {
    // What listens to the page's end may want to write: this comes after that.
    if (document.visibilityState === 'hidden') this.#letGo()
    else document.addEventListener('visibilitychange', () => this.#letGo(), { once: true })
  }
}

export interface OpenOptions {
  /** Make it if it is new; without, that is taken back, and fails with an AbortError. */
  readonly create: boolean
  /** It is new because the browser has deleted the one that was there, and says why. */
  readonly onLoss?: (why: string) => void
}

/** Open a database. */
export async function openDatabase(name: string, { create, onLoss }: OpenOptions): Promise<IDBDatabase> {
  const request = indexedDB.open(name)
  request.onupgradeneeded = (event) => {
    const { dataLoss, dataLossMessage } = event as VersionChangeInChromium
    if (dataLoss === 'total') onLoss?.(dataLossMessage)
    if (!create) return request.transaction!.abort()
    request.result.createObjectStore(STORE)
    request.result.createObjectStore(NUMBERS, { autoIncrement: true })
  }
  await answered(request)
  const database = request.result
  // Until somebody uses it, it must not stand in the way of another tab, either.
  database.onversionchange = () => {
    database.close()
    gone.add(database)
  }
  return database
}

/** Whether an open database was closed again, for another tab, before anybody used it. */
export function isGone(database: IDBDatabase): boolean {
  return gone.has(database)
}

const gone = new WeakSet<IDBDatabase>()
/** How often another tab may come in between. */
const MOST_OPENS = 20

/** In no standard (w3c/IndexedDB#30). */
interface VersionChangeInChromium extends IDBVersionChangeEvent {
  readonly dataLoss: 'none' | 'total'
  readonly dataLossMessage: string
}

/** The number of the last transaction that was numbered. */
export async function lastNumber(connection: Connection): Promise<number> {
  const numbers = connection.begin(NUMBERS, 'readonly')?.objectStore(NUMBERS)
  const cursor = numbers && (await answerOf(numbers.openKeyCursor(null, 'prev')))
  return Math.max(0, Number(cursor?.key ?? 0))
}
