import type { Key } from '../../base/entry.ts'
import type { ListingOptions, Store } from '../../store/types.ts'
import { collect, equal, ok } from '../assert.ts'
import type { Rule } from '../rule.ts'

const LETTERS = ['a', 'b', 'c', 'd', 'e']

export const listingRules: readonly Rule[] = [
  {
    name: 'list-string-prefix',
    title: 'A string as prefix lists the strings that start so',
    fault: 'a string as prefix lists the strings that contain it',
    async run({ store }) {
      await fill(store, ['user:1', 'user:2', 'user', 'a user:3', ['user:', 1], 5])
      await listed(store, { prefix: 'user:' }, ['user:1', 'user:2'])
      await listed(store, { prefix: 'none' }, [])
    },
  },
  {
    name: 'list-array-prefix',
    title: 'An array as prefix lists the arrays that start with its elements',
    fault: 'an array as prefix is compared as text, so that ["a", 1] finds ["a", 10]',
    async run({ store }) {
      await fill(store, [['a', 1], ['a', 1, 'x'], ['a', 10], ['a'], ['b', 1], 'a'])
      await listed(store, { prefix: ['a', 1] }, [
        ['a', 1],
        ['a', 1, 'x'],
      ])
      await listed(store, { prefix: ['b'] }, [['b', 1]])
    },
  },
  {
    name: 'list-after',
    title: 'A listing starts beyond the key in after, whether that is there or not',
    fault: 'keys() lists the key in after too',
    async run({ store }) {
      await fill(store, LETTERS)
      await listed(store, { after: 'b' }, ['c', 'd', 'e'])
      await listed(store, { after: 'bb' }, ['c', 'd', 'e'])
      await listed(store, { after: 'e' }, [])
    },
  },
  {
    name: 'list-limit',
    title: 'A listing has at most limit items, none with limit 0',
    fault: 'to keys() a limit of 0 means no limit',
    async run({ store }) {
      await fill(store, LETTERS)
      await listed(store, { limit: 2 }, ['a', 'b'])
      await listed(store, { limit: 99 }, LETTERS)
      await listed(store, { limit: 0 }, [])
    },
  },
  {
    name: 'list-reverse',
    title: 'A listing in reverse is the listing backwards',
    fault: 'entries() ignores reverse',
    async run({ store }) {
      await fill(store, LETTERS)
      await listed(store, { reverse: true }, LETTERS.toReversed())
      await listed(store, { reverse: true, after: 'd', limit: 2 }, ['c', 'b'])
      await listed(store, { reverse: true, prefix: 'b' }, ['b'])
    },
  },
  {
    name: 'entries-list-values',
    title: 'entries() gives values and the bytes of binaries, and leaves logs out',
    fault: 'entries() gives logs too, without a value',
    async run({ store }) {
      await store.set('a', { x: 1 })
      await store.append('b', 1)
      await store.setBinary('c', new Uint8Array([1, 2]))
      const expected = [
        ['a', { x: 1 }],
        ['c', new Uint8Array([1, 2])],
      ]
      equal(await collect(store.entries()), expected, 'the entries')
    },
  },
  {
    name: 'metas-list-all-types',
    title: 'metas() gives the metadata of values, binaries and logs',
    fault: 'metas() leaves logs out',
    async run({ store }) {
      await store.set('a', 1, { meta: { tag: 7 } })
      await store.append('b', 1)
      await store.setBinary('c', new Uint8Array([1, 2]))
      const found = await collect(store.metas())
      equal(
        found.map(({ key }) => key),
        ['a', 'b', 'c'],
        'the keys in the metadata',
      )
      equal(found[0]?.['tag'], 7, 'the custom metadata')
      ok(
        found.every(({ lastWrite }) => lastWrite instanceof Date),
        'each has the time of its last write',
      )
    },
  },
  {
    name: 'list-while-deleting',
    title: 'A listing whose keys are deleted on the way misses none and repeats none',
    fault: 'the next page of a listing starts at an offset',
    async run({ store }) {
      // Several pages, of which one is read ahead.
      const all = Array.from({ length: 800 }, (_, i) => `k${String(i).padStart(4, '0')}`)
      await store.setMany(
        all.map((key) => [key, key]),
        { durability: 'relaxed' },
      )
      const seen: unknown[] = []
      for await (const [key] of store.entries()) {
        seen.push(key)
        await store.delete(key, { durability: 'relaxed' })
      }
      equal(seen, all, 'the keys')
      equal(await collect(store.keys()), [], 'the keys that are left')
    },
  },
  {
    name: 'list-broken-off',
    title: 'A listing can be broken off, and the store goes on',
    fault: 'after a listing that was broken off, writes are refused',
    async run({ store }) {
      await fill(store, LETTERS)
      for await (const key of store.keys()) if (key === 'b') break
      for await (const [key] of store.entries()) if (key === 'b') break
      await store.set('f', 1)
      equal((await collect(store.keys())).length, 6, 'the number of keys')
    },
  },
  {
    name: 'parts-are-not-listed',
    title: 'The parts of large binaries and logs are never listed',
    fault: 'listings have the chunks of a large binary too',
    async run({ store }) {
      await store.setBinary('binary', new Uint8Array(2_200_000))
      await store.append('log', 1)
      await store.append('log', 2)
      equal(await collect(store.keys()), ['binary', 'log'], 'keys')
      const entries = (await collect(store.entries())).map(([key]) => key)
      equal(
        entries.filter((key) => key !== 'log'),
        ['binary'],
        'the binaries in entries',
      )
      const metas = (await collect(store.metas())).map(({ key }) => key)
      equal(
        metas.filter((key) => key !== 'log'),
        ['binary'],
        'the binaries in metas',
      )
      ok(metas.length <= 2, 'there is one log in metas')
      equal(await collect(store.keys({ reverse: true })), ['log', 'binary'], 'keys in reverse')
    },
  },
]

async function fill(store: Store, keys: readonly Key[]): Promise<void> {
  for (const key of keys) await store.set(key, 1)
}

/** All three listings agree on the keys. */
async function listed(store: Store, options: ListingOptions, expected: readonly Key[]): Promise<void> {
  const what = JSON.stringify(options)
  equal(await collect(store.keys(options)), expected, `keys(${what})`)
  equal(
    (await collect(store.entries(options))).map(([key]) => key),
    expected,
    `entries(${what})`,
  )
  equal(
    (await collect(store.metas(options))).map(({ key }) => key),
    expected,
    `metas(${what})`,
  )
}
