import type { OpenContext } from '../base/backend.ts'
import { BusyError } from '../base/errors.ts'
import { type PromiseOrValue, chain, isPromise, rescue } from '../base/promise-or-value.ts'
import { type Database, type DatabaseOptions, openDatabase, openDatabaseNow } from './rocksdb-database.ts'

interface Place {
  /** A promise as long as it is being opened. */
  database: PromiseOrValue<Database>
  users: number
}

type Context = Pick<OpenContext, 'sync' | 'onError'>

const places = new Map<string, Place>()
const closing = new Map<string, Promise<void>>()

/** A database that may be open in this process already: RocksDB opens none twice, not even to see whose it is. */
export function takeDatabase(path: string, options: DatabaseOptions, context: Context): PromiseOrValue<Database> {
  const closed = closing.get(path)
  if (closed) {
    if (context.sync) throw busy(path)
    return closed.then(() => takeDatabase(path, options, context))
  }
  const place = places.get(path) ?? openPlace(path, options, context)
  if (context.sync && isPromise(place.database)) throw busy(path)
  place.users++
  return rescue(
    () => place.database,
    (error) => {
      if (places.get(path) === place) places.delete(path)
      throw error
    },
  )
}

function openPlace(path: string, options: DatabaseOptions, { sync, onError }: Context): Place {
  const database = sync ? openDatabaseNow(path, options, onError) : openDatabase(path, options)
  const place: Place = { database, users: 0 }
  places.set(path, place)
  if (isPromise(database)) {
    database.then(
      (opened) => (place.database = opened),
      () => undefined,
    )
  }
  return place
}

/** The last one who lets go of it closes it, once what is `written` is. */
export function releaseDatabase(
  path: string,
  { sync, onError }: Context,
  written: Promise<unknown> | undefined,
): PromiseOrValue<void> {
  const place = places.get(path)
  if (place === undefined || --place.users > 0) return
  places.delete(path)
  return chain(place.database, (database) => {
    const closeLater = (): Promise<void> => {
      const closed = Promise.resolve(written)
        .then(() => database.close())
        .finally(() => closing.delete(path))
      closing.set(path, closed)
      return closed
    }
    if (!sync) return closeLater()
    // Nobody waits for the removal of chunks that were read to the end, and it cannot be waited for here.
    const isIdle = written === undefined && database.isIdle
    try {
      if (isIdle) return database.closeNow(onError)
    } catch (error) {
      closeLater().catch(onError)
      throw error
    }
    closeLater().catch(onError)
  })
}

/** Its files are about to be removed. */
export function checkClosed(path: string): void {
  if (places.has(path) || closing.has(path)) throw busy(path)
}

function busy(path: string): BusyError {
  return new BusyError(
    `Asynchronous work on the database in ${path} is under way: await it before a call with { sync: true }.`,
  )
}
