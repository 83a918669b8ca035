import type { Backend, Call, EntriesPage, ListOptions } from '../base/backend.ts'
import type { Entry, Name } from '../base/entry.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'

/** A page of entries, from the backend's own scan or by listing names and reading them. */
export function scanEntries(backend: Backend, options: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
  if (backend.scan) return backend.scan(options, call)
  const limit = Math.min(options.limit ?? Infinity, MOST_READ)
  return chain(backend.list({ ...options, limit }, call), ({ names, next }) =>
    chain(backend.readMany(names, call), (found) => ({
      entries: names.map((name, i) => [name, found[i]]).filter(([, entry]) => entry) as [Name, Entry][],
      next,
    })),
  )
}

/** Entries that are in memory at a time: each may have a mebibyte. */
const MOST_READ = 100

/** Read an entry and use it before its next write, where `backend` can tell. */
export function holdEntry<T>(
  backend: Backend,
  name: Name,
  call: Call,
  use: (entry: Entry | undefined) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  return backend.hold ? backend.hold(name, call, use) : chain(backend.read(name, call), use)
}
