// Compiled, never run: what the calls take and give back, asynchronous and synchronous.
import { cached, connectStore, releaseStore, type Store } from 'konserve-ts'

const config = { backend: 'memory', id: '5f0b6c1e-51d8-4a5c-9f5e-0d6b1c2a3f40' } as const

const store: Store = await connectStore(config)
const sameStore: Store = connectStore(config, { sync: true })
// @ts-expect-error without sync it is a promise
const promised: Store = connectStore(config)

const has: Promise<boolean> = store.has('key')
const hasNow: boolean = store.has('key', { sync: true })
// @ts-expect-error without sync it is a promise
const hasLater: boolean = store.has('key')
const removed: Promise<boolean> = store.delete(['a', 1, null])
const keys: AsyncIterable<unknown> = store.keys({ prefix: ['a'] })
const keyArray: Promise<unknown[]> = store.keys().toArray()
const keysNow: Iterable<unknown> = store.keys({ sync: true })
// @ts-expect-error with sync it is no AsyncIterable
const keysLater: AsyncIterable<unknown> = store.keys({ sync: true })
// @ts-expect-error undefined is no key
store.has(undefined)
// @ts-expect-error a symbol is no key
store.has(Symbol('key'))

interface User {
  readonly name: string
}

declare const typed: Store<{ count: number; [user: `user:${string}`]: User }>

const count: Promise<number | undefined> = typed.get('count')
const countOrZero: number = typed.get('count', { default: 0, sync: true })
const user: User | undefined = typed.get('user:1', { sync: true })
typed.set('user:1', { name: 'Ada' })
typed.update('count', (old) => (old ?? 0) + 1)
const loaded: Promise<User> = typed.getOrSet('user:1', async () => ({ name: 'Ada' }), {
  ttl: 1000,
  staleWhileRevalidate: 1000,
})
const loadedNow: number = typed.getOrSet('count', () => 1, { sync: true })
// @ts-expect-error a count is a number
typed.getOrSet('count', () => 'one')
const quick: Promise<Store<{ count: number; [user: `user:${string}`]: User }>> = cached(typed, { maxEntries: 100 })
// @ts-expect-error there is no such option
cached(typed, { most: 100 })
const stopPending: (() => void) | undefined = typed.tier?.watchPending(({ entries }) => entries + 1)
releaseStore(config, store)
releaseStore(config, typed, { sync: true })
// @ts-expect-error a count is a number
typed.set('count', 'one')
// @ts-expect-error a user has a name
typed.set('user:1', {})
// @ts-expect-error the schema has no such key
typed.get('colour')
// @ts-expect-error the new value has the type of the old
typed.update('count', () => 'two')
// @ts-expect-error a count may be missing
const surely: number = typed.get('count', { sync: true })

store.watch({}, (event) => void (event.type === 'resync' ? event.type : event.key))
store.watch({ prefix: ['a'] }, async () => undefined, { signal: new AbortController().signal })
const stopWatching: () => void = typed.watch({ keys: ['count', 'user:1'] }, (event) => {
  if (event.type === 'resync') return
  const watched: 'count' | `user:${string}` = event.key
  void watched
})
// @ts-expect-error the schema has no such key
typed.watch({ keys: ['colour'] }, () => undefined)
// @ts-expect-error a watch has a listener
store.watch({})
// @ts-expect-error an event that says to read again has no key
store.watch({}, (event) => event.key)

export {
  count,
  countOrZero,
  has,
  hasLater,
  hasNow,
  keys,
  keysLater,
  keyArray,
  keysNow,
  loaded,
  loadedNow,
  promised,
  quick,
  removed,
  sameStore,
  stopPending,
  stopWatching,
  surely,
  user,
}
