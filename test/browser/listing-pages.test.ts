import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Store, type StoreConfig, connectStore, deleteStore } from '../../src/browser.ts'

/*
 * Listings over IndexedDB: arrays of all that is left, and how many requests they take.
 */

const COUNT = 600

let config: StoreConfig
let store: Store

beforeEach(async () => {
  config = { backend: 'indexeddb', id: crypto.randomUUID() }
  store = await connectStore(config)
  await store.setMany(Array.from({ length: COUNT }, (_, i) => [i, { i }]))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await deleteStore(config)
})

test('toArray answers all pages, and what is left of a listing', async () => {
  const keys = Array.from({ length: COUNT }, (_, i) => i)
  expect(await store.keys().toArray()).toEqual(keys)
  expect(await store.entries().toArray()).toEqual(keys.map((i) => [i, { i }]))
  expect(await store.entries({ reverse: true, limit: 300 }).toArray()).toHaveLength(300)
  expect((await store.metas({ after: 590 }).toArray()).map(({ key }) => key)).toEqual(keys.slice(591))
  const listing = store.entries()
  expect((await listing.next()).value).toEqual([0, { i: 0 }])
  const [second, rest] = await Promise.all([listing.next(), listing.toArray()])
  expect(second.value).toEqual([1, { i: 1 }])
  expect(rest.map(([key]) => key)).toEqual(keys.slice(2))
  expect(await listing.toArray()).toEqual([])
  expect((await listing.next()).done).toBe(true)
})

test('toArray of nothing, of a listing that was ended, and of one that fails', async () => {
  expect(await store.keys({ prefix: 'none' }).toArray()).toEqual([])
  const ended = store.keys()
  await ended.return!()
  expect(await ended.toArray()).toEqual([])
  await expect(store.keys({ limit: -1 }).toArray()).rejects.toThrow('limit must be')
})

test('the keys of a store are one request, though names of our own stand behind them', async () => {
  await store.append('log', 1)
  const requests = vi.spyOn(IDBObjectStore.prototype, 'getAllKeys')
  expect(await store.keys().toArray()).toHaveLength(COUNT + 1)
  expect(requests).toHaveBeenCalledTimes(1)
})
