import { type Database, openDatabase } from './rocksdb-database.ts'

interface Place {
  readonly database: Promise<Database>
  users: number
}

const places = new Map<string, Place>()
const closing = new Map<string, Promise<void>>()

/** A database that may be open in this process already: RocksDB opens none twice, not even to see whose it is. */
export async function takeDatabase(path: string, options: { readonly compression: boolean }): Promise<Database> {
  await closing.get(path)
  const place = places.get(path) ?? { database: openDatabase(path, options), users: 0 }
  places.set(path, place)
  place.users++
  try {
    return await place.database
  } catch (error) {
    places.delete(path)
    throw error
  }
}

/** The last one who lets go of it closes it. */
export async function releaseDatabase(path: string): Promise<void> {
  const place = places.get(path)
  if (place === undefined || --place.users > 0) return
  places.delete(path)
  const closed = place.database.then((database) => database.close()).finally(() => closing.delete(path))
  closing.set(path, closed)
  await closed
}
