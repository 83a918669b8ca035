import { collect, equal, failsByType, ok, wait } from '../assert.ts'
import type { Store } from '../../store/types.ts'
import type { Rule } from '../rule.ts'

type Meta = Readonly<Record<string, unknown>>

export const metadataRules: readonly Rule[] = [
  {
    name: 'built-in-metadata',
    title: 'Built-in metadata cannot be overridden',
    fault: 'metadata given to set hides the built-in type',
    async run({ store }) {
      await store.set('k', 1, { meta: { key: 'x', type: 'x', lastWrite: 0, expires: 0, own: 1 } })
      await store.update('k', (n) => n, { meta: (old: Meta) => ({ ...old, type: 'y' }) })
      const { lastWrite, ...meta } = (await store.getMeta('k'))!
      ok(lastWrite instanceof Date, 'lastWrite is a Date')
      equal(meta, { key: 'k', type: 'value', own: 1 }, 'the metadata')
    },
  },
  {
    name: 'metadata-has-the-type',
    title: 'Metadata says whether an entry is a value, a binary or a log',
    fault: 'the type of a binary is value',
    async run({ store }) {
      await store.set('value', 1)
      await store.setBinary('binary', new Uint8Array(1))
      await store.append('log', 1)
      for (const type of ['value', 'binary', 'log']) equal((await store.getMeta(type))?.type, type, 'the type')
    },
  },
  {
    name: 'set-replaces-metadata',
    title: 'set replaces the metadata',
    fault: 'set without metadata keeps the old',
    async run({ store }) {
      await store.set('k', 1, { meta: { a: 1 } })
      equal((await store.getMeta('k'))?.['a'], 1, 'the metadata')
      await store.set('k', 2)
      ok(!('a' in (await store.getMeta('k'))!), 'a set without metadata leaves none')
    },
  },
  {
    name: 'updates-keep-metadata',
    title: 'update, setIn, updateIn and deleteIn keep the metadata',
    fault: 'updates drop the metadata',
    async run({ store }) {
      await store.set('k', { a: 1 }, { meta: { tag: 1 } })
      const writes = [
        () => store.update('k', (old) => ({ ...old, b: 1 })),
        () => store.setIn(['k', 'c'], 1),
        () => store.updateIn(['k', 'c'], () => 2),
        () => store.deleteIn(['k', 'c']),
      ]
      for (const write of writes) {
        await write()
        equal((await store.getMeta('k'))?.['tag'], 1, 'the metadata')
      }
    },
  },
  {
    name: 'update-changes-metadata',
    title: 'An update changes metadata by a function of the old in the same step',
    fault: 'the meta function of an update is ignored',
    async run({ store }) {
      await store.set('k', 1, { meta: { count: 1 } })
      await store.update('k', (n) => n, { meta: ({ count }: Meta) => ({ count: Number(count) + 1 }) })
      await store.setIn(['k'], 1, { meta: ({ count }: Meta) => ({ count: Number(count) + 1 }) })
      equal((await store.getMeta('k'))?.['count'], 3, 'the metadata')
    },
  },
  {
    name: 'last-write-is-of-the-last-write',
    title: 'lastWrite is the time of the last write, whether set or update',
    fault: 'updates keep the time of the first write',
    async run({ store }) {
      for (const write of [() => store.set('k', 1), () => store.update('k', () => 2), () => store.set('k', 3)]) {
        await wait(2)
        const before = Date.now()
        await write()
        const time = (await store.getMeta('k'))!.lastWrite.getTime()
        ok(time >= before && time <= Date.now(), 'lastWrite is between the call and its end')
      }
    },
  },
  {
    name: 'last-write-never-goes-back',
    title: 'lastWrite does not go backwards when the clock does',
    fault: 'lastWrite is what the clock says',
    async run({ store }) {
      await store.set('a', 1)
      const { lastWrite } = (await store.getMeta('a'))!
      const { now } = Date
      let written: unknown
      try {
        Date.now = () => now() - 3_600_000
        written = store.set('b', 1)
      } finally {
        Date.now = now
      }
      await written
      ok((await store.getMeta('b'))!.lastWrite >= lastWrite, 'the later write has the later time')
    },
  },
  {
    name: 'ttl-is-positive',
    title: 'A ttl that is no number above 0 is a TypeError and writes nothing',
    fault: 'a ttl of 0 means that the entry does not expire',
    async run({ store }) {
      for (const ttl of [0, -1, NaN, '5' as unknown as number]) {
        await failsByType(async () => store.set('k', 1, { ttl }), `a ttl of ${ttl}`)
      }
      equal(await store.has('k'), false, 'has')
    },
  },
  {
    name: 'ttl-in-milliseconds',
    title: 'A ttl is in milliseconds from the call on, and getMeta shows the deadline',
    fault: 'a ttl is rounded up to whole seconds',
    async run({ store }) {
      const before = Date.now()
      await store.set('k', 1, { ttl: 90_001 })
      const deadline = (await store.getMeta('k'))?.expires?.getTime() ?? 0
      ok(deadline >= before + 90_001 && deadline <= Date.now() + 90_001, 'the deadline is so many milliseconds away')
      equal(await store.get('k'), 1, 'the value before the deadline')
    },
  },
  {
    name: 'expired-is-missing',
    title: 'An expired entry is missing to every call but keys()',
    fault: 'get answers with expired values',
    async run({ store }) {
      await expired(store, 'k')
      equal(await store.get('k', { default: 'd' }), 'd', 'get')
      equal(await store.getIn(['k', 'a'], { default: 'd' }), 'd', 'getIn')
      equal(await store.has('k'), false, 'has')
      equal(await store.getMeta('k'), undefined, 'getMeta')
      equal((await store.getMany(['k'])).get('k'), undefined, 'getMany')
      equal((await collect(store.entries())).length, 0, 'entries')
      equal((await collect(store.metas())).length, 0, 'metas')
      await store.setBinary('b', new Uint8Array(3), { ttl: 1 })
      await wait(10)
      ok((await store.getBinary('b')) === undefined, 'getBinary')
    },
  },
  {
    name: 'update-of-expired',
    title: 'An update of an expired entry starts anew, without a deadline',
    fault: 'an update of an expired entry keeps its deadline',
    async run({ store }) {
      await expired(store, 'k')
      let given: unknown = 'nothing'
      await store.update('k', (old) => {
        given = old
        return 1
      })
      equal(given, undefined, 'what the function was given')
      equal(await store.get('k'), 1, 'the value')
      equal((await store.getMeta('k'))?.expires, undefined, 'the deadline')
    },
  },
  {
    name: 'delete-of-expired',
    title: 'Deleting an expired entry answers false',
    fault: 'deleting an expired entry answers true',
    async run({ store }) {
      await expired(store, 'k')
      ok(!(await store.delete('k')), 'the answer is not true')
    },
  },
  {
    name: 'updates-keep-the-deadline',
    title: 'update, setIn, updateIn and deleteIn keep the deadline',
    fault: 'updates drop the deadline',
    async run({ store }) {
      await store.set('k', { a: 1 }, { ttl: 60_000 })
      const deadline = (await store.getMeta('k'))?.expires
      ok(deadline instanceof Date, 'there is a deadline')
      await store.update('k', () => ({ a: 2 }))
      await store.setIn(['k', 'b'], 1)
      equal((await store.getMeta('k'))?.expires, deadline, 'the deadline')
    },
  },
  {
    name: 'set-resets-the-deadline',
    title: 'set without a ttl makes an entry that does not expire',
    fault: 'set without a ttl keeps the deadline',
    async run({ store }) {
      await store.set('k', 1, { ttl: 60_000 })
      await store.set('k', 2)
      equal((await store.getMeta('k'))?.expires, undefined, 'the deadline')
    },
  },
  {
    name: 'collecting-spares-new-values',
    title: 'Collecting an expired entry never deletes a value written since',
    fault: 'a read that finds an expired entry deletes it a moment later',
    async run({ store }) {
      await expired(store, 'k')
      const calls = [store.get('k'), store.has('k'), store.set('k', 'new')]
      await Promise.all(calls)
      await wait(10)
      equal(await store.get('k'), 'new', 'the value')
    },
  },
]

async function expired(store: Store, key: string): Promise<void> {
  await store.set(key, { a: 1 }, { ttl: 1 })
  await wait(10)
}
