/* oxlint-disable no-underscore-dangle -- the driver's names */
import type { Buffer } from 'node:buffer'
import type { Call } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { LimitExceededError, QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { type Level, type LevelBatch, type Range, checked, loadDriver } from './rocksdb-driver.ts'
import { ask } from './sync-thread.ts'

export type { Range }

export type Operation =
  | { readonly type: 'put'; readonly key: Name; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Name }

export interface DatabaseOptions {
  /** The engine compresses what it moves to its tables. */
  readonly compression: boolean
}

type OnError = (error: unknown) => void

/** Bytes of a batch that is kept for the next write: one that is let go is freed only when garbage is collected. */
const KEPT_BYTES = 16 << 20

/** An open database. Reads answer at once where they are to; a write always does, as the driver writes on this thread. */
export class Database {
  readonly #level: Level
  #batch: LevelBatch | undefined
  #running = 0

  constructor(level: Level) {
    this.#level = level
  }

  /** Whether nothing is being read on another thread. */
  get isIdle(): boolean {
    return this.#running === 0
  }

  /** `undefined` for those that are not there. LIMIT_EXCEEDED for more than the driver gives out at once. */
  getMany(names: readonly Name[], { sync }: Call): PromiseOrValue<(Buffer | undefined)[]> {
    this.#checkOpen()
    const found = sync ? this.#level._getManySync(names, {}) : this.#counted(this.#level.getMany(names))
    return chain<(Buffer | undefined | null)[], (Buffer | undefined)[]>(found, (values) => {
      if (!values.includes(null)) return values as (Buffer | undefined)[]
      throw new LimitExceededError('RocksDB reads at most 2 GiB at once. Ask for fewer keys in a call.')
    })
  }

  /** All or none; with `sync` they are on the device when it returns. */
  write(operations: readonly Operation[], options: { readonly sync: boolean }): void {
    this.#checkOpen()
    // Given an array, the driver makes a batch and keeps it, with its bytes, until the database is closed.
    const batch = (this.#batch ??= this.#level.batch())
    let size = 0
    try {
      for (const operation of operations) {
        const { key } = operation
        const value = operation.type === 'put' ? operation.value : undefined
        if (value) batch._put(key, value, {})
        else batch._del(key, {})
        size += key.length + (value?.length ?? 0)
      }
      batch._writeSync(options)
    } finally {
      batch._clear()
      if (size > KEPT_BYTES) {
        this.#batch = undefined
        batch.close(() => undefined)
      }
    }
  }

  /** The entries of a snapshot, so many at a time, or fewer; none at the end. */
  iterate(range: Range): { next(count: number, call: Call): PromiseOrValue<[Name, Buffer][]>; close(): void } {
    const iterator = this.#level.iterator(range)
    return {
      next: (count, { sync }) => {
        this.#checkOpen()
        return sync ? pairs(iterator._nextvSync(count, {}).rows) : this.#counted(iterator.nextv(count))
      },
      close: () => iterator.close(() => undefined),
    }
  }

  /** Close it, once what is being read has been. */
  close(): Promise<void> {
    return this.#level.close()
  }

  /** Close it at once: by the thread, as the driver can only do so later. Nothing may be running. */
  closeNow(onError: OnError): void {
    inThread('closeHandle', [this.#level.handle], onError)
    // There is nothing left to close, but what is asked of it from now on is refused.
    this.#level.close().catch(onError)
  }

  async #counted<T>(task: Promise<T>): Promise<T> {
    this.#running++
    try {
      return await task
    } finally {
      this.#running--
    }
  }

  #checkOpen(): void {
    if (this.#level.status === 'open') return
    throw Object.assign(new Error('Database is not open'), { code: 'LEVEL_DATABASE_NOT_OPEN' })
  }
}

/** Open a database, making it where it is absent. */
export async function openDatabase(path: string, options: DatabaseOptions): Promise<Database> {
  return new Database(checked(await loadDriver().RocksLevel.open(path, levelOptions(options))))
}

/** The same at once: by the thread, as the driver can only do so later. It stays this thread's: the other one may end. */
export function openDatabaseNow(path: string, options: DatabaseOptions, onError: OnError): Database {
  const { RocksLevel } = loadDriver()
  const level = new RocksLevel(path, levelOptions(options))
  try {
    inThread('openHandle', [handleOf(level), path, options], onError)
  } catch (error) {
    // In the next turn it would open itself.
    level._open = (_, done) => done(error)
    throw error
  }
  // What is open already is there at once, if no folder is to be made.
  level.open({ createIfMissing: false }, () => undefined)
  return new Database(checked(level))
}

/** In the thread: open the database that is closed there, for the other thread. */
export async function openHandle(handle: bigint, path: string, options: DatabaseOptions): Promise<void> {
  try {
    await loadDriver().RocksLevel.open(handle, levelOptions(options))
  } catch (error) {
    throw rocksdbError(error, path)
  }
}

/** In the thread: close the database for the other thread. */
export async function closeHandle(handle: bigint): Promise<void> {
  const level = await loadDriver().RocksLevel.open(handle, { createIfMissing: false })
  await level.close()
}

function inThread(name: 'openHandle' | 'closeHandle', args: readonly unknown[], onError: OnError): void {
  ask({ op: 'run', module: import.meta.url, name, args }, onError)
}

/** It is there before the database is open, but the driver does not hand it out. */
function handleOf(level: Level): bigint {
  return (Object.create(level, { status: { value: 'open' } }) as Level).handle
}

function levelOptions({ compression }: DatabaseOptions): object {
  return { keyEncoding: 'utf8', valueEncoding: 'buffer', createIfMissing: true, compression, walCompression: false }
}

function pairs(rows: readonly (Name | Buffer)[]): [Name, Buffer][] {
  return Array.from({ length: rows.length / 2 }, (_, i) => [rows[2 * i] as Name, rows[2 * i + 1] as Buffer])
}

/** The files of a database, by which a folder is recognised; names of all versions of RocksDB. */
export function isDatabaseFile(name: string): boolean {
  return FILES.test(name)
}

/** Names the files that belong to the database: without it there is none. */
export const CURRENT_FILE = 'CURRENT'

const FILES = /^(?:CURRENT|IDENTITY|LOCK|LOG|LOG\.old\.\d+|(?:MANIFEST|OPTIONS)-\d+|\d+\.\w+|OPTIONS-\d+\.dbtmp)$/

/** What to report of an error of the driver's, most of which say what is wrong only in their cause. */
export function rocksdbError(error: unknown, path: string): unknown {
  const { code, cause } = { ...(error as { code?: unknown; cause?: unknown }) }
  if (!(error instanceof Error) || typeof code !== 'string' || !code.startsWith('LEVEL_')) return error
  if (cause instanceof Error) return rocksdbError(cause, path)
  const message = `RocksDB cannot use ${path} (${error.message}).`
  if (/no space|quota exceeded/i.test(error.message)) {
    return new QuotaExceededError(`${message} Free some space, release the store and connect to it again.`, {
      cause: error,
    })
  }
  const [, remedy] = REMEDIES.find(([pattern]) => pattern.test(`${code} ${error.message}`)) ?? []
  return new StorageUnavailableError(`${message} ${remedy ?? DEFAULT_REMEDY}`, { cause: error })
}

const REMEDIES: readonly (readonly [RegExp, string])[] = [
  [
    /LEVEL_LOCKED|lock file/i,
    'Another process has this store open, and RocksDB lets in one at a time: release it there, or use the lmdb backend.',
  ],
  [/permission denied/i, 'Allow this process to read and write the folder of the store.'],
  [/read-only file system/i, 'The file system is read-only. Mount it writable, or put the store elsewhere.'],
  [/LEVEL_CORRUPTION/, 'Check the disk, and put back a copy of the folder.'],
]
const DEFAULT_REMEDY = 'Check the disk and the file system, release the store and connect to it again.'
