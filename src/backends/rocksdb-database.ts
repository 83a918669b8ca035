import type { Buffer } from 'node:buffer'
import type { Name } from '../base/entry.ts'
import { QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'
import { requireDriver } from './driver.ts'

/** What of the driver's database is used here. */
export interface Database {
  /** `undefined` for those that are not there. */
  getMany(names: Name[]): Promise<(Buffer | undefined)[]>
  /** All or none. Of all its writes only a batch honours `sync`. */
  batch(operations: Operation[], options: { readonly sync: boolean }): Promise<void>
  iterator(range: Range): {
    nextv(count: number): Promise<[Name, Buffer][]>
    close(): Promise<void>
  }
  close(): Promise<void>
}

export type Operation =
  | { readonly type: 'put'; readonly key: Name; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: Name }

export interface Range {
  readonly gte?: Name
  readonly gt?: Name
  readonly lt: Name
  readonly reverse: boolean
  readonly values: boolean
  /** A call answers with no more than so many bytes, and one entry. */
  readonly highWaterMarkBytes?: number
}

interface Driver {
  readonly RocksLevel: { open(path: string, options: object): Promise<Database> }
}

/** Open a database, making it where it is absent. With `compression` the engine compresses what it moves to its tables. */
export function openDatabase(path: string, { compression }: { readonly compression: boolean }): Promise<Database> {
  const { RocksLevel } = requireDriver<Driver>('@nxtedition/rocksdb')
  const encodings = { keyEncoding: 'utf8', valueEncoding: 'buffer' }
  return RocksLevel.open(path, { ...encodings, createIfMissing: true, compression, walCompression: false })
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
