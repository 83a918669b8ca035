import type { Buffer } from 'node:buffer'
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { getSystemErrorName } from 'node:util'
import type { Name } from '../base/entry.ts'
import { KonserveError, StorageUnavailableError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { requireDriver } from './driver.ts'
import { errnoError } from './file-system.ts'

/** What of the driver's database is used here. */
export interface Environment {
  /** Bytes of the value that was read last. */
  readonly lastSize: number
  readonly env: { sync(): void }
  /** In the driver's own buffer, until the next read. */
  getBinaryFast(name: Name): Buffer | undefined
  doesExist(name: Name): boolean
  getKeys(range: Range): Iterable<Name>
  getRange(range: Range): Iterable<{ readonly key: Name; readonly value: Uint8Array }>
  put(name: Name, bytes: Uint8Array): Promise<boolean>
  remove(name: Name): Promise<boolean>
  /** Run `fn` in a write transaction of its own inside the next one; if it throws, what it did is undone. */
  childTransaction<T>(fn: () => T): Promise<T>
  /** Run `fn` in a write transaction, which is on the device when this returns; if it throws, nothing is done. */
  transactionSync<T>(fn: () => T): T
  getStats(): Statistics
  /** The next read sees what is committed then. */
  resetReadTxn(): void
  /** What is committed goes to the device. */
  sync(done: (error?: unknown) => void): void
  close(): Promise<void>
}

export interface Range {
  readonly start: Name
  readonly end: Name
  readonly reverse: boolean
  readonly exclusiveStart: boolean
  readonly inclusiveEnd: boolean
  readonly limit: number
}

export interface Statistics {
  readonly entryCount: number
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

interface Driver {
  openAsClass(options: object): new (name: null, options: object) => Environment
}

export const DATA_FILE = 'data.mdb'
export const LOCK_FILE = 'lock.mdb'

/** Names are ASCII: one byte each, in the order of the bytes. */
const keyEncoder = {
  writeKey(name: Name, target: Buffer, start: number): number {
    return start + target.write(name, start, 'latin1')
  },
  readKey: (source: Buffer, start: number, end: number): Name => source.toString('latin1', start, end),
}

/** An environment that works: one whose locks another process has just destroyed is closed again before this throws. */
export function openEnvironment(path: string): Environment {
  const options = {
    path,
    noSubdir: false,
    encoding: 'binary',
    keyEncoder,
    isRoot: true,
    // With the driver's own batches a failed commit rejects a promise that nobody has, which ends the process.
    eventTurnBatching: false,
    // The writes of one turn are one transaction, with one sync, however many there are: not the first five.
    txnStartThreshold: Number.MAX_SAFE_INTEGER,
  }
  // The first step opens the files, the second is the first to lock: by itself the driver would keep them when that fails.
  const Opened = requireDriver<Driver>('lmdb').openAsClass({ ...options })
  let environment: Environment = Object.assign(Object.create(Opened.prototype) as Environment, { isRoot: true })
  try {
    environment = new Opened(null, options)
    environment.resetReadTxn()
    environment.doesExist(DESCRIPTOR_NAME)
    return environment
  } catch (error) {
    void environment.close()
    throw error
  }
}

/** Where the first meta page has its magic number, and the number and version that the driver reads. */
const MAGIC_AT = 24
const MAGIC = 0xbeefc0de
const VERSION = 2

/** Whether the file is one of LMDB's, or has nothing in it yet. The driver crashes with any other. */
export function kindOfFile(folder: string): 'lmdb' | 'empty' | 'foreign' {
  const file = openSync(join(folder, DATA_FILE), 'r')
  try {
    const words = new Uint32Array(8)
    const count = readSync(file, words)
    if (count === 0) return 'empty'
    const [magic, version = 0] = words.subarray(MAGIC_AT / 4)
    return magic === MAGIC && (version & 0xffff) === VERSION ? 'lmdb' : 'foreign'
  } finally {
    closeSync(file)
  }
}

const PANIC = -30795
const READERS_FULL = -30790
const REMEDIES: Record<number, string> = {
  [PANIC]: 'Release the store and connect to it again.',
  [READERS_FULL]: 'Too many processes have it open: close some of them.',
}

/** What to report of an error of the driver's, whose `code` is LMDB's or, above 0, the operating system's. */
export function lmdbError(error: unknown, path: string): unknown {
  if (error instanceof KonserveError || !(error instanceof Error)) return error
  const { code } = error as { code?: unknown }
  if (typeof code !== 'number') return error
  if (code > 0) return errnoError(getSystemErrorName(-code), path, error)
  const remedy = REMEDIES[code] ?? 'Check the disk, or put back a copy of the folder.'
  return new StorageUnavailableError(`LMDB cannot use ${path} (${error.message}). ${remedy}`, { cause: error })
}
