import type { ListOptions } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { answerOf } from './indexeddb-requests.ts'

/*
 * Reading by key ranges: a request for a range costs little more than one for a single key.
 */

/** From so many names on it is worth while to look which of them stand side by side. */
export const BULK = 64
/** A run that is read as a range; a shorter one is read name by name. */
const SHORTEST_RUN = 8

/**
 * What is stored under each of the names, as many answers as names, each an object of its own. What the first request
 * throws is thrown.
 */
export function getAll(
  store: IDBObjectStore,
  names: readonly Name[],
  onAnswer: (stored: unknown[]) => void,
  onError?: (error: unknown) => void,
): void {
  if (names.length >= BULK) return void getRuns(store, names).then(onAnswer, onError ?? (() => undefined))
  const requests = names.map((name) => store.get(name))
  const last = requests.at(-1)
  if (last === undefined) return onAnswer([])
  last.onsuccess = () => onAnswer(requests.map(({ result }) => result as unknown))
  if (onError) last.onerror = () => onError(last.error)
}

/** Runs of names with no other name of the store between them are read as ranges. */
function getRuns(store: IDBObjectStore, names: readonly Name[]): Promise<unknown[]> {
  const sorted = [...new Set(names)].sort()
  const most = 4 * names.length
  const range = IDBKeyRange.bound(sorted[0], sorted.at(-1))
  return answerOf(store.getAllKeys(range, most)).then(async (found) => {
    const wanted = new Set(names)
    const requests: IDBRequest<unknown>[] = []
    /** By name: which request has its answer, and at which place of it, if that is a range. */
    const places = new Map<Name, readonly [request: number, place?: number]>()
    const get = (name: Name): void => {
      places.set(name, [requests.push(store.get(name)) - 1])
    }
    const getRun = (run: readonly Name[]): void => {
      if (run.length < SHORTEST_RUN) return run.forEach(get)
      const found = store.getAll(IDBKeyRange.bound(run[0], run.at(-1))) as IDBRequest<unknown>
      const request = requests.push(found) - 1
      run.forEach((name, i) => places.set(name, [request, i]))
    }
    let run: Name[] = []
    for (const name of found as Name[]) {
      if (wanted.has(name)) {
        run.push(name)
      } else {
        getRun(run)
        run = []
      }
    }
    getRun(run)
    if (found.length === most) sorted.filter((name) => name > (found.at(-1) as Name)).forEach(get)
    // What is asked for twice is answered with two objects.
    const repeated = names.map((name) => (wanted.delete(name) ? undefined : store.get(name)))
    await lastAnswer([...requests, ...repeated.filter((request) => request !== undefined)])
    // WebKit makes the result anew each time that it is read.
    const results = requests.map(({ result }) => result)
    return names.map((name, i) => {
      if (repeated[i]) return repeated[i].result as unknown
      const [request = -1, at] = places.get(name) ?? []
      return at === undefined ? results[request] : (results[request] as unknown[])[at]
    })
  })
}

/** Requests of a transaction are answered in their order, or with its end. */
function lastAnswer(requests: readonly IDBRequest[]): Promise<unknown> {
  const last = requests.at(-1)
  return last ? answerOf<unknown>(last) : Promise.resolve()
}

export interface Page {
  readonly names: Name[]
  /** What is stored under each; nothing where only names were asked for. */
  readonly stored: unknown[]
  readonly next: Name | undefined
}

/** At most `most` names of a listing, with what is stored under them if asked for. What the first request throws is thrown. */
export function readPage(
  store: IDBObjectStore,
  { prefix = '', after = '', reverse, skipsOwn, onNext }: ListOptions,
  most: number,
  { values }: { readonly values: boolean },
): Promise<Page> {
  // Names are ASCII: nothing that starts with the prefix comes after this. Our own names come after all others.
  const end = skipsOwn && prefix === '' ? '~' : `${prefix}\x7f`
  const lower = !reverse && after > prefix ? after : prefix
  const upper = reverse && after && after < end ? after : end
  if (most === 0 || lower >= upper) return Promise.resolve({ names: [], stored: [], next: undefined })
  const range = IDBKeyRange.bound(lower, upper, lower === after, upper === after)
  // Of names, one more tells whether there is another page.
  const asked = values ? most : most + 1
  const read = reverse ? readBackwards(store, range, asked, values) : readForwards(store, range, asked, values)
  return pageOf(read, most, asked, onNext)
}

async function pageOf(read: Promise<Found>, most: number, asked: number, onNext: ListOptions['onNext']): Promise<Page> {
  const found = await read
  const names = found.keys as Name[]
  const hasMore = names.length === asked
  if (names.length > most) names.pop()
  const next = hasMore ? names.at(-1) : undefined
  onNext?.(next)
  // If that has asked for the next page, the engine is to have it before this one is decoded.
  if (onNext) await undefined
  return { names, stored: found.values(), next }
}

interface Found {
  readonly keys: IDBValidKey[]
  /** They are decoded when they are asked for. */
  values(): unknown[]
}

/** Not in every browser, and not yet in TypeScript: https://w3c.github.io/IndexedDB/#dom-idbobjectstore-getallrecords */
interface WithRecords {
  getAllRecords?(options: {
    query: IDBKeyRange
    count: number
    direction: IDBCursorDirection
  }): IDBRequest<{ readonly key: IDBValidKey; readonly value: unknown }[]>
}

/** In one request, where the browser can. */
function readRecords(
  store: IDBObjectStore & WithRecords,
  query: IDBKeyRange,
  count: number,
  direction: IDBCursorDirection,
): Promise<Found> | undefined {
  const request = store.getAllRecords?.({ query, count, direction })
  return (
    request &&
    answerOf(request).then((records) => ({
      keys: records.map(({ key }) => key),
      values: () => records.map(({ value }) => value),
    }))
  )
}

function readForwards(store: IDBObjectStore, range: IDBKeyRange, most: number, values: boolean): Promise<Found> {
  const records = values ? readRecords(store, range, most, 'next') : undefined
  if (records) return records
  const keys = store.getAllKeys(range, most)
  if (!values) return answerOf(keys).then((found) => ({ keys: found, values: () => [] }))
  const stored: IDBRequest<unknown[]> = store.getAll(range, most)
  return answerOf(stored).then(() => ({ keys: keys.result, values: () => stored.result }))
}

function readBackwards(store: IDBObjectStore, range: IDBKeyRange, most: number, values: boolean): Promise<Found> {
  const records = values ? readRecords(store, range, most, 'prev') : undefined
  if (records) return records
  const keys: IDBValidKey[] = []
  const stored: unknown[] = []
  const request = values ? store.openCursor(range, 'prev') : store.openKeyCursor(range, 'prev')
  return new Promise((resolve, reject) => {
    request.onerror = () => reject(request.error!)
    request.onsuccess = () => {
      const cursor = request.result
      if (cursor) {
        keys.push(cursor.key)
        if (values) stored.push((cursor as IDBCursorWithValue).value)
      }
      if (cursor && keys.length < most) cursor.continue()
      else resolve({ keys, values: () => stored })
    }
  })
}
