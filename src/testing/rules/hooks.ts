import type { Store, WriteEvent } from '../../store/types.ts'
import { equal, ok, until, wait } from '../assert.ts'
import type { Rule } from '../rule.ts'

export const hookRules: readonly Rule[] = [
  {
    name: 'hooks-of-one-key',
    title:
      'A hook is told of every write of one key: what, which key, the new value, the old if it was read, the metadata',
    fault: 'the event of an update has no old value',
    async run({ store }) {
      const events = listen(store)
      await store.set('k', 1, { meta: { tag: 1 } })
      await store.update('k', () => 2)
      await store.delete('k')
      await store.append('log', 'a')
      await store.setBinary('b', new Uint8Array(1))
      const found = await events.arrived(5)
      const short = found.map(({ op, key, value, oldValue, meta }) => [op, key, value, oldValue, meta?.type])
      equal(
        short,
        [
          ['set', 'k', 1, undefined, 'value'],
          ['update', 'k', 2, 1, 'value'],
          ['delete', 'k', undefined, undefined, undefined],
          ['append', 'log', 'a', undefined, 'log'],
          ['setBinary', 'b', undefined, undefined, 'binary'],
        ],
        'the events',
      )
      equal(found[0]?.meta?.['tag'], 1, 'the custom metadata of the first event')
    },
  },
  {
    name: 'hooks-of-paths',
    title: 'The event of a write at a path has the path and the whole values',
    fault: 'the event of a write at a path has the value at the path',
    async run({ store }) {
      const events = listen(store)
      await store.setIn(['k', 'a'], 1)
      await store.updateIn(['k', 'a'], () => 2)
      await store.deleteIn(['k', 'a'])
      const found = await events.arrived(3)
      const short = found.map(({ op, key, path, oldValue, value }) => [op, key, path, oldValue, value])
      const path = ['k', 'a']
      equal(
        short,
        [
          ['setIn', 'k', path, undefined, { a: 1 }],
          ['updateIn', 'k', path, { a: 1 }, { a: 2 }],
          ['deleteIn', 'k', path, { a: 2 }, {}],
        ],
        'the events',
      )
    },
  },
  {
    name: 'hooks-of-many-keys',
    title: 'A write of many keys is one event with the keys that were written or deleted',
    fault: 'a write of many keys is one event for each key',
    async run({ store }) {
      const events = listen(store)
      await store.setMany([
        ['a', 1],
        ['b', 2],
      ])
      await store.deleteMany(['a', 'missing'])
      await store.batch([{ set: ['c', 1] }, { delete: 'b' }, { delete: 'missing' }])
      await store.clear()
      const found = await events.arrived(4)
      equal(
        found.map(({ op, key, keys }) => [op, key, keys]),
        [
          ['setMany', undefined, ['a', 'b']],
          ['deleteMany', undefined, ['a']],
          ['batch', undefined, ['c', 'b']],
          ['clear', undefined, ['c']],
        ],
        'the events',
      )
    },
  },
  {
    name: 'hooks-after-the-commit',
    title: 'A hook runs after the commit: what it reads is the new value',
    fault: 'hooks run before the write',
    async run({ store }) {
      await store.set('k', 'old')
      const read: unknown[] = []
      store.addWriteHook('reader', ({ op, key }) => {
        if (op === 'set' && key === 'k') read.push(store.get('k'))
      })
      await store.set('k', 'new')
      await until(() => read.length > 0)
      equal(await Promise.all(read), ['new'], 'what the hook read')
    },
  },
  {
    name: 'hooks-before-the-call-settles',
    title: 'Hooks have been told when the call settles',
    fault: 'hooks are told a moment after the call has settled',
    async run({ store }) {
      const { events } = listen(store)
      await store.set('k', 1)
      equal(events.length, 1, 'the number of events')
      await store.update('k', () => 2)
      equal(events.length, 2, 'the number of events')
    },
  },
  {
    name: 'hooks-not-without-change',
    title: 'A call that changes nothing has no event',
    fault: 'deleting a missing key has an event',
    async run({ store }) {
      const events = listen(store)
      await store.clear()
      store.removeWriteHook('listener')
      await store.set('k', { a: 1 })
      store.addWriteHook('listener', (event) => void events.events.push(event))
      await store.delete('missing')
      await store.deleteMany(['missing'])
      await store.deleteMany([])
      await store.deleteIn(['k', 'missing'])
      await store.deleteIn(['missing', 'a'])
      await store.setMany([])
      await store.batch([{ delete: 'missing' }])
      equal(await events.arrived(0), [], 'the events')
    },
  },
  {
    name: 'hooks-not-of-failed-writes',
    title: 'A write that fails has no event',
    fault: 'a set that fails has an event',
    async run({ store }) {
      const events = listen(store)
      const failed = [() => store.set('k', () => 1), () => store.update('k', () => () => 1)]
      for (const write of failed) {
        try {
          await write()
        } catch {
          // It has to fail; what counts here is the event.
        }
      }
      equal(await events.arrived(0), [], 'the events')
    },
  },
  {
    name: 'hooks-of-every-handle',
    title: 'The hooks of every handle on the store are told',
    fault: 'a hook is told of the writes of its own handle only',
    async run({ store, connect }) {
      const other = await connect()
      const [mine, others] = [listen(store), listen(other)]
      await store.set('a', 1)
      await other.set('b', 1)
      for (const events of [mine, others]) {
        equal(
          (await events.arrived(2)).map(({ key }) => key),
          ['a', 'b'],
          'the keys of the events',
        )
      }
    },
  },
  {
    name: 'hooks-by-id',
    title: 'A hook replaces the one under the same id, and is told nothing once it is removed',
    fault: 'a hook under the same id is added to the first',
    async run({ store }) {
      const heard: string[] = []
      store.addWriteHook('one', () => heard.push('first'))
      store.addWriteHook('one', () => heard.push('second'))
      await store.set('k', 1)
      await until(() => heard.length > 0)
      await wait(2)
      equal(heard, ['second'], 'the hooks that were told')
      equal(
        [store.removeWriteHook('one'), store.removeWriteHook('one')],
        [true, false],
        'the answers of removeWriteHook',
      )
      await store.set('k', 2)
      await wait(5)
      equal(heard, ['second'], 'the hooks that were told')
    },
  },
  {
    name: 'hooks-that-fail',
    title: 'A hook that throws or rejects does not hurt the call: its error goes to onError',
    fault: 'a hook that throws makes the call fail',
    async run({ connect, config }) {
      const errors: unknown[] = []
      const store = await connect(config, { onError: (error) => errors.push(error) })
      const [thrown, rejected] = [new Error('thrown'), new Error('rejected')]
      store.addWriteHook('throwing', () => {
        throw thrown
      })
      store.addWriteHook('rejecting', async () => Promise.reject(rejected))
      await store.set('k', 1)
      equal(await store.get('k'), 1, 'the value')
      await until(() => errors.length === 2)
      ok(errors.includes(thrown) && errors.includes(rejected), 'both errors went to onError')
    },
  },
  {
    name: 'hooks-are-not-awaited',
    title: 'A call does not wait for what a hook answers',
    fault: 'a set waits for the promises of the hooks',
    mode: 'async',
    async run({ store }) {
      let end: (() => void) | undefined
      let over = false
      store.addWriteHook('slow', () => {
        const timer = wait(2000)
        return Promise.race([timer, new Promise<void>((resolve) => (end = resolve))]).then(() => (over = true))
      })
      await Promise.race([store.set('k', 1), wait(1000)])
      const settled = !over && (await Promise.race([store.get('k'), wait(100)])) === 1
      const again = await Promise.race([store.set('k', 2).then(() => 'settled'), wait(1000)])
      end?.()
      ok(settled && again === 'settled', 'the write settles before the hook ends')
    },
  },
]

/** The events that a hook of `store` hears. */
export function listen(
  store: Store,
  id = 'listener',
): { events: WriteEvent[]; arrived(count: number): Promise<WriteEvent[]> } {
  const events: WriteEvent[] = []
  store.addWriteHook(id, (event) => void events.push(event))
  return {
    events,
    async arrived(count) {
      await until(() => events.length >= count)
      // One too many would come now.
      await wait(2)
      return events
    },
  }
}
