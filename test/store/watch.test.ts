import { beforeEach, expect, test } from 'vitest'
import { type Key, type Store, type WatchEvent, connectStore } from '../../src/browser.ts'
import { keyToName } from '../../src/store/names.ts'
import { registerMapBackend } from '../../src/testing/map-blobs.ts'

const places = registerMapBackend('map')
const LONG = 'k'.repeat(1000)

let id: string
let store: Store
let events: WatchEvent[]
const hear = (event: WatchEvent): unknown => events.push(event)

async function connect(fields: object = {}): Promise<Store> {
  id = crypto.randomUUID()
  return connectStore({ backend: 'map', id, ...fields } as never)
}

/** Flip a bit of the metadata behind the store's back. */
function damage(key: Key): void {
  places.get(id)!.get(keyToName(key))!.bytes[25]! ^= 1
}

beforeEach(async () => {
  events = []
  store = await connect()
})

test('updates that become one write are one event', async () => {
  store.watch({}, hear)
  await Promise.all(Array.from({ length: 100 }, () => store.update('n', (n: number = 0) => n + 1)))
  expect(await store.get('n')).toBe(100)
  expect(events.length).toBeLessThan(100)
})

test('an update to nothing is a deletion, and of what was not there no event', async () => {
  store.watch({}, hear)
  await store.deleteIn(['k'])
  await store.set('k', 1)
  await store.deleteIn(['k'])
  expect(events).toEqual([
    { type: 'set', key: 'k' },
    { type: 'delete', key: 'k' },
  ])
})

test('a failed batch, a failed append and clearing what is empty give no event', async () => {
  await store.append('log', 1)
  store.watch({}, hear)
  await expect(store.append('log', () => 1)).rejects.toThrow('function')
  await expect(store.batch([{ set: ['a', 1] }, { set: ['b', () => 1] }])).rejects.toThrow('function')
  await store.clear({ prefix: 'x' })
  expect(events).toEqual([])
})

test('every listener gets a key of its own, which it may change', async () => {
  const key = ['a', { b: 1 }]
  store.watch({ keys: [key] }, (event) => {
    if ('key' in event) (event.key as unknown[]).push('changed')
  })
  store.watch({}, hear)
  await store.set(key, 1)
  await store.set(key, 2)
  const event = { type: 'set', key: ['a', { b: 1 }] }
  expect(events).toEqual([event, event])
  expect(key).toEqual(['a', { b: 1 }])
})

test('the keys of a filter are those that it had when the watch began', async () => {
  const keys: Key[] = [['a', 1]]
  store.watch({ keys }, hear)
  ;(keys[0] as Key[])[1] = 2
  keys.push('b')
  await store.set(['a', 1], 1)
  await store.set('b', 1)
  expect(events).toEqual([{ type: 'set', key: ['a', 1] }])
})

test('the deletion of a damaged entry is told by its name', async () => {
  await store.set('k', 1)
  damage('k')
  store.watch({ keys: ['k'] }, hear)
  await store.delete('k')
  expect(events).toEqual([{ type: 'delete', key: 'k' }])
})

test('of a damaged entry with a long name only those hear by key who know it, all others that they have to read again', async () => {
  await store.set(LONG, 1)
  damage(LONG)
  store.watch({ keys: [LONG] }, hear)
  store.watch({}, hear)
  await store.delete(LONG)
  expect(events).toEqual([{ type: 'delete', key: LONG }, { type: 'resync' }])
})

test('a watch of keys that starts in an update function of one of them is told of that update', async () => {
  await store.update('k', () => {
    store.watch({ keys: ['k'] }, hear)
    return 1
  })
  expect(events).toEqual([{ type: 'set', key: 'k' }])
})

test('a string scope refuses to watch other keys and prefixes', () => {
  const scope = store.scope('a:')
  expect(() => scope.watch({ keys: [1] }, hear)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }))
  expect(() => scope.watch({ prefix: ['b'] }, hear)).toThrow(expect.objectContaining({ code: 'INVALID_KEY' }))
})
