import type { Store, WatchEvent, WatchFilter } from '../../store/types.ts'
import { equal, fails, failsByType, ok, pattern, until, wait } from '../assert.ts'
import type { Rule } from '../rule.ts'

export const watchRules: readonly Rule[] = [
  {
    name: 'watch-every-write',
    title: 'A watch is told of every kind of write by its key, and never of the parts of an entry',
    fault: 'a watch is not told of what is appended',
    async run({ store }) {
      const told = watching(store)
      const writes: readonly (readonly [() => unknown, ...string[]])[] = [
        [() => store.set('v', { a: 1 }), 'set v'],
        [() => store.update('v', () => ({ a: 2 })), 'set v'],
        [() => store.setIn(['v', 'b'], 1), 'set v'],
        [() => store.updateIn(['v', 'b'], () => 2), 'set v'],
        [() => store.deleteIn(['v', 'b']), 'set v'],
        [() => store.delete('v'), 'delete v'],
        [() => store.setMany([['m', 1]]), 'set m'],
        [() => store.deleteMany(['m']), 'delete m'],
        [() => store.batch([{ set: ['m', 1] }]), 'set m'],
        [() => store.batch([{ delete: 'm' }]), 'delete m'],
        [() => store.append('l', 1), 'set l'],
        [() => store.append('l', 2), 'set l'],
        [() => store.set('l', 'no log any more'), 'set l'],
        [() => store.setBinary('b', new Uint8Array(1)), 'set b'],
        [() => store.setBinary('b', pattern(LARGE)), 'set b'],
        [() => store.setBinary('b', [pattern(LARGE), pattern(LARGE)]), 'set b'],
        [() => store.deleteMany(['b']), 'delete b'],
        [() => store.clear(), 'delete l'],
      ]
      for (const [write, ...events] of writes) {
        await write()
        equal(await told.next(events.length), events, `the events of ${String(write)}`)
      }
    },
  },
  {
    name: 'watch-every-handle',
    title: 'A watch is told of the writes of every handle on the store',
    fault: 'a watch is told of the writes of its own handle only',
    async run({ store, connect }) {
      const other = await connect()
      const [mine, others] = [watching(store), watching(other)]
      await store.set('a', 1)
      await other.set('b', 1)
      for (const told of [mine, others]) equal(await told.next(2), ['set a', 'set b'], 'the events')
    },
  },
  {
    name: 'watch-by-prefix',
    title: 'A watch of a prefix is told of the strings that start so, or of the arrays that start with these elements',
    fault: 'a watch of an array is told of what starts with its first element',
    async run({ store }) {
      const strings = watching(store, { prefix: 'a:' })
      const arrays = watching(store, { prefix: ['a', 1] })
      for (const key of ['a:1', 'a;', 'b', 'a', ['a', 1], ['a', 1, 'x'], ['a', 10], ['a:', 1], 'a:']) {
        await store.set(key, 1)
      }
      equal(await strings.next(2), ['set a:1', 'set a:'], 'the events of strings')
      equal(await arrays.next(2), ['set a,1', 'set a,1,x'], 'the events of arrays')
    },
  },
  {
    name: 'watch-by-keys',
    title: 'A watch of keys is told of these alone, by value',
    fault: 'a watch of several keys is told of the first only',
    async run({ store }) {
      const date = new Date(5)
      const told = watching(store, { keys: new Set(['a', ['b', date]]) })
      date.setTime(6)
      const keys = ['a', ['b', new Date(5)]]
      for (const key of ['aa', ...keys, ['b', date], ['a']]) await store.set(key, 1)
      const events = keys.map((key) => `set ${String(key)}`)
      equal(await told.next(2), events, 'the events')
    },
  },
  {
    name: 'watch-checks-its-filter',
    title: 'A watch of what is no filter, or without a listener, is refused',
    fault: 'of a prefix and keys together the keys are watched',
    async run({ store }) {
      const none: readonly unknown[] = [undefined, 'a', ['a'], { keys: 'a' }, { keys: 1 }, { prefix: 'a', keys: ['a'] }]
      for (const filter of none) {
        await failsByType(async () => store.watch(filter as WatchFilter, () => undefined), 'a wrong filter')
      }
      await failsByType(async () => store.watch({}, undefined as never), 'no listener')
      for (const filter of [{ prefix: 1 }, { prefix: [NaN] }, { keys: [NaN] }]) {
        await fails(async () => store.watch(filter as WatchFilter, () => undefined), 'INVALID_KEY', 'what is no key')
      }
    },
  },
  {
    name: 'watch-in-order',
    title: 'Events of one key come in the order of the commits, those of a batch in the order of its operations',
    fault: 'the events of a batch come in reverse',
    async run({ store }) {
      const told = watching(store)
      const writes = Array.from({ length: 3 }, () => [store.batch([{ set: ['k', 1] }]), store.batch([{ delete: 'k' }])])
      await Promise.all(writes.flat())
      const events = await told.next(6)
      equal(events, ['set k', 'delete k', 'set k', 'delete k', 'set k', 'delete k'], 'the events of one key')
      await store.batch(['b', 'a', 'c'].map((key) => ({ set: [key, 1] })))
      equal(await told.next(3), ['set b', 'set a', 'set c'], 'the events of a batch of sets')
      await store.batch([{ delete: 'a' }, { delete: 'c' }, { delete: 'b' }])
      equal(await told.next(3), ['delete a', 'delete c', 'delete b'], 'the events of a batch of deletes')
    },
  },
  {
    name: 'watch-after-the-commit',
    title: 'A watch is told after the commit: what its listener reads is the new value',
    fault: 'a listener reads the value of before the write',
    async run({ store }) {
      await store.set('k', 'old')
      const read: unknown[] = []
      store.watch({ keys: ['k'] }, () => read.push(store.get('k')))
      await store.set('k', 'new')
      await until(() => read.length > 0)
      equal(await Promise.all(read), ['new'], 'what the listener read')
    },
  },
  {
    name: 'watch-not-without-change',
    title: 'A call that changes nothing has no event, nor has an entry that expires',
    fault: 'deleting a missing key has an event',
    async run({ store }) {
      await store.set('k', { a: 1 })
      await store.set('brief', 1, { ttl: 1 })
      const told = watching(store)
      await wait(5)
      await store.delete('brief')
      await store.delete('missing')
      await store.deleteMany(['missing'])
      await store.deleteIn(['k', 'missing'])
      await store.deleteIn(['missing', 'a'])
      await store.setMany([])
      await store.batch([{ delete: 'missing' }])
      await store.set('last', 1)
      equal(await told.next(1), ['set last'], 'the events')
    },
  },
  {
    name: 'watch-not-of-failed-writes',
    title: 'A write that fails has no event',
    fault: 'a set that fails has an event',
    async run({ store }) {
      await store.set('old', 1)
      const told = watching(store)
      const failing = [
        () => store.set('new', () => 1),
        () => store.set('old', () => 1),
        () => store.update('other', () => () => 1),
      ]
      for (const write of failing) await fails(async () => write(), undefined, String(write))
      await store.set('last', 1)
      equal(await told.next(1), ['set last'], 'the events')
    },
  },
  {
    name: 'watch-ends',
    title: 'A watch ends with the function that it answered, or with its signal; others go on',
    fault: 'a watch does not look at its signal',
    async run({ store }) {
      const controller = new AbortController()
      const ended = watching(store)
      const aborted = watching(store, {}, controller.signal)
      const going = watching(store)
      await store.set('a', 1)
      equal(await aborted.next(1), ['set a'], 'the events of the watch with a signal')
      equal(await ended.next(1), ['set a'], 'the events of the watch without')
      ended.end()
      ended.end()
      controller.abort()
      await store.set('b', 1)
      equal(await going.next(2), ['set a', 'set b'], 'the events of the watch that goes on')
      equal([...(await ended.next(0)), ...(await aborted.next(0))], [], 'the events of the watches that have ended')
      const reason = new Error('aborted')
      const late = (): unknown => store.watch({}, () => undefined, { signal: AbortSignal.abort(reason) })
      ok((await fails(async () => late(), undefined, 'an aborted signal')) === (reason as unknown), 'it is the reason')
    },
  },
  {
    name: 'watch-ends-with-its-store',
    title: 'The watches of a handle end when it is released',
    fault: 'the watches of a handle go on when it is released',
    async run({ store, connect, release }) {
      const other = await connect()
      const [ended, going] = [watching(store), watching(other)]
      await release(store)
      await fails(async () => store.watch({}, () => undefined), 'STORE_RELEASED', 'a watch of a released store')
      await other.set('k', 1)
      equal(await going.next(1), ['set k'], 'the events of the other handle')
      equal(await ended.next(0), [], 'the events of the released one')
    },
  },
  {
    name: 'watch-in-a-scope',
    title: 'A watch of a scope is told of the keys of the scope, as the scope knows them',
    fault: "a watch of a scope is told the store's keys",
    async run({ store }) {
      const scope = store.scope('a:')
      const [all, some, one] = [watching(scope), watching(scope, { prefix: 'x' }), watching(scope, { keys: ['y'] })]
      const array = watching(store.scope(['a']))
      for (const key of ['a:x', 'b', 'a:y', 'x', 'y', ['a', 'z'], ['a', 'z', 'z'], ['b', 'z']]) await store.set(key, 1)
      equal(await all.next(2), ['set x', 'set y'], 'the events of the scope')
      equal(await some.next(1), ['set x'], 'the events of a prefix')
      equal(await one.next(1), ['set y'], 'the events of a key')
      equal(await array.next(1), ['set z'], 'the events of the scope of an array')
    },
  },
  {
    name: 'watch-long-keys',
    title: 'A watch is told of writes and deletes of keys of several kB, by prefix and by key too',
    fault: 'a watch is not told that an entry with a long key was deleted',
    async run({ store }) {
      const long = 'k'.repeat(4000)
      const [key, other] = [`${long}1`, `${long}2`]
      const told = [watching(store), watching(store, { prefix: key }), watching(store, { keys: [key] })]
      await store.set(key, 1)
      await store.delete(key)
      for (const filter of [{}, { prefix: other }, { keys: [other] }]) told.push(watching(store, filter))
      await store.set(other, 1)
      await store.batch([{ delete: other }])
      const changes = (of: string): string[] => [`set ${of}`, `delete ${of}`]
      const expected = [[...changes(key), ...changes(other)], changes(key), changes(key)]
      expected.push(changes(other), changes(other), changes(other))
      for (const [i, events] of expected.entries()) equal(await told[i]!.next(events.length), events, `watch ${i}`)
    },
  },
  {
    name: 'watch-listeners-that-fail',
    title: 'A listener that throws or rejects hurts neither the call nor other watches: its error goes to onError',
    fault: 'a listener that throws makes the call fail',
    async run({ connect, config }) {
      const errors: unknown[] = []
      const store = await connect(config, { onError: (error) => errors.push(error) })
      const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
      store.watch({}, () => {
        throw thrown
      })
      store.watch({}, async () => Promise.reject(rejected))
      const told = watching(store)
      await store.set('k', 1)
      equal(await store.get('k'), 1, 'the value')
      equal(await told.next(1), ['set k'], 'the events of the other watch')
      await until(() => errors.length >= 2)
      ok(errors.includes(thrown) && errors.includes(rejected), 'both errors went to onError')
    },
  },
]

/** Bytes of a binary in several parts. */
const LARGE = 1_600_000

/** A watch; `next` answers with the events since it was last asked, once there are `count` of them. */
function watching(
  store: Store,
  filter: WatchFilter = {},
  signal?: AbortSignal,
): { end: () => void; next(count: number): Promise<string[]> } {
  const events: string[] = []
  const hear = (event: WatchEvent): unknown =>
    events.push(event.type === 'resync' ? event.type : `${event.type} ${String(event.key)}`)
  return {
    end: store.watch(filter, hear, { signal }),
    async next(count) {
      await until(() => events.length >= count)
      // One too many would come now.
      await wait(2)
      return events.splice(0)
    },
  }
}
