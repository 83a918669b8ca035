/* oxlint-disable no-underscore-dangle -- the driver's names */
import type { Buffer } from 'node:buffer'
import type { Name } from '../base/entry.ts'
import { MissingDriverError } from '../base/errors.ts'
import { requireDriver } from './driver.ts'

/*
 * What of the driver is used. Its methods with an underscore answer at once, or throw. They are not in its documentation,
 * and do not look whether the database is open: where it is not, they end the process.
 */

/** A database, or what another thread has of it. */
export interface Level {
  readonly status: 'opening' | 'open' | 'closing' | 'closed'
  /** What another thread can make a `Level` of. Refused as long as the database is not open. */
  readonly handle: bigint
  open(options: object, done: () => void): void
  _open(options: object, done: (error?: unknown) => void): void
  /** `undefined` for those that are not there. */
  getMany(names: readonly Name[]): Promise<(Buffer | undefined)[]>
  _getManySync(names: readonly Name[], options: object): (Buffer | undefined)[]
  batch(): LevelBatch
  iterator(range: Range): LevelIterator
  /** For all threads. */
  close(): Promise<void>
}

/** All or none. Of all the driver's writes only a batch honours `sync`. */
export interface LevelBatch {
  _put(name: Name, value: Uint8Array, options: object): void
  _del(name: Name, options: object): void
  _writeSync(options: { readonly sync: boolean }): void
  /** It can be filled anew. */
  _clear(): void
  close(done: () => void): void
}

export interface LevelIterator {
  nextv(count: number): Promise<[Name, Buffer][]>
  /** Name and value of each in turn. */
  _nextvSync(count: number, options: object): { readonly rows: (Name | Buffer)[] }
  /** Done when it returns. */
  close(done: () => void): void
}

export interface Range {
  readonly gte?: Name
  readonly gt?: Name
  readonly lt: Name
  readonly reverse: boolean
  readonly values: boolean
  /** A call answers with no more than so many bytes, and one entry. */
  readonly highWaterMarkBytes?: number
}

export interface Driver {
  readonly RocksLevel: {
    new (pathOrHandle: string | bigint, options: object): Level
    open(pathOrHandle: string | bigint, options: object): Promise<Level>
  }
}

export function loadDriver(): Driver {
  return requireDriver<Driver>(NAME)
}

/** `level`, if the driver is one that is known here. */
export function checked(level: Level): Level {
  const batch = level.batch()
  const iterator = level.iterator({ lt: '~', reverse: false, values: false })
  const used = [level._getManySync, batch._put, batch._del, batch._writeSync, batch._clear, iterator._nextvSync]
  batch.close(() => undefined)
  iterator.close(() => undefined)
  if (used.every((method) => typeof method === 'function')) return level
  level.close().catch(() => undefined)
  throw new MissingDriverError(`The driver ${NAME} is of a version that is not known here: npm install ${NAME}@12`)
}

const NAME = '@nxtedition/rocksdb'
