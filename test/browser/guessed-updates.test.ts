import { type IDBPObjectStore, openDB } from 'idb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Store, type StoreConfig, connectStore, deleteStore } from '../../src/browser.ts'

/*
 * An update of a key that this page has updated before is worked out, and written, from what it wrote then, while the
 * transaction reads what is really there. Here another connection has written in between.
 */

type Entries = Pick<IDBPObjectStore<unknown, ['entries'], 'entries', 'readwrite'>, 'get' | 'put' | 'delete'>

let config: StoreConfig & { readonly name: string }
let store: Store
/** What is stored of `n` when it is 1. */
let one: unknown

beforeEach(async () => {
  const id = crypto.randomUUID()
  config = { backend: 'indexeddb', id, name: `guess-${id}` }
  store = await connectStore(config)
  await store.update('n', () => 1)
  one = await inDatabase((entries) => entries.get('sn'))
  await store.update('n', () => 2)
})
afterEach(() => deleteStore(config))

/** On a connection of its own, as another tab has it. */
async function inDatabase<T>(use: (entries: Entries) => Promise<T>): Promise<T> {
  const database = await openDB(config.name)
  const transaction = database.transaction('entries', 'readwrite')
  const answer = await use(transaction.objectStore('entries') as Entries)
  await transaction.done
  database.close()
  return answer
}

/** An update function that notes what it was called with. */
function noted(seen: unknown[], fn: (old: unknown) => unknown): (old: unknown) => unknown {
  return (old) => (seen.push(old), fn(old))
}
const increment = (old: unknown): number => (old as number) + 1

test('nobody has written: the function runs once', async () => {
  const seen: unknown[] = []
  expect(await store.update('n', noted(seen, increment))).toEqual([2, 3])
  expect(seen).toEqual([2])
  await store.set('n', 10)
  expect(await store.update('n', noted(seen, increment))).toEqual([10, 11])
  expect(seen).toEqual([2, 10])
})

test('another value: the function runs again on it, and its result is stored', async () => {
  await inDatabase((entries) => entries.put(one, 'sn'))
  const seen: unknown[] = []
  expect(await store.update('n', noted(seen, increment))).toEqual([1, 2])
  expect(seen).toEqual([2, 1])
  expect(await store.get('n')).toBe(2)
})

test('on which the function throws: it stays', async () => {
  await inDatabase((entries) => entries.put(one, 'sn'))
  const onlyTwo = (old: unknown): unknown => {
    if (old !== 2) throw new RangeError(`${String(old)} is not 2.`)
    return 3
  }
  await expect(store.update('n', onlyTwo)).rejects.toThrow('1 is not 2.')
  expect(await store.get('n')).toBe(1)
  expect(await inDatabase((entries) => entries.get('sn'))).toEqual(one)
})

test('nothing any more: it is not there again', async () => {
  await inDatabase((entries) => entries.delete('sn'))
  const onlyIfThere = (old: unknown): unknown => {
    if (old === undefined) throw new RangeError('It is gone.')
    return 3
  }
  await expect(store.update('n', onlyIfThere)).rejects.toThrow('It is gone.')
  expect(await store.has('n')).toBe(false)
  expect(await inDatabase((entries) => entries.get('sn'))).toBeUndefined()
})

test('in a shared transaction the others are not touched by a wrong guess', async () => {
  await store.update('m', () => 5)
  await inDatabase((entries) => entries.put(one, 'sn'))
  const answers = await Promise.all([store.update('n', increment), store.update('m', increment), store.set('k', 7)])
  expect(answers.slice(0, 2)).toEqual([
    [1, 2],
    [5, 6],
  ])
  expect([...(await store.getMany(['n', 'm', 'k']))]).toEqual([
    ['n', 2],
    ['m', 6],
    ['k', 7],
  ])
})

test('a function that throws on the guess has thrown if the guess was right, and runs again if not', async () => {
  const never = (old: unknown): unknown => {
    if (old === 2) throw new RangeError('Not 2.')
    return increment(old)
  }
  const seen: unknown[] = []
  await expect(store.update('n', noted(seen, never))).rejects.toThrow('Not 2.')
  expect(seen).toEqual([2])
  await inDatabase((entries) => entries.put(one, 'sn'))
  expect(await store.update('n', never)).toEqual([1, 2])
})

test('watchers hear of what was stored, not of the guess', async () => {
  const heard: unknown[] = []
  const stop = store.watch({}, (event) => heard.push(event))
  await inDatabase((entries) => entries.put(one, 'sn'))
  await expect(
    store.update('n', (old) => {
      if (old !== 2) throw new RangeError('No.')
      return 3
    }),
  ).rejects.toThrow('No.')
  await store.update('n', increment)
  await store.set('last', 0)
  await expect.poll(() => heard).toMatchObject([{ key: 'n' }, { key: 'last' }])
  stop()
})
