import { collect, equal, fails, ok } from '../assert.ts'
import type { Rule } from '../rule.ts'

const unserializable = (): number => 1

export const manyRules: readonly Rule[] = [
  {
    name: 'get-many',
    title: 'getMany leaves missing keys out',
    fault: 'getMany has undefined for missing keys',
    async run({ store }) {
      await store.setMany([
        ['a', 1],
        ['b', undefined],
      ])
      equal(
        [...(await store.getMany(['b', 'missing', 'a', 'b']))],
        [
          ['b', undefined],
          ['a', 1],
        ],
        'the entries found',
      )
      equal((await store.getMany([])).size, 0, 'the size for no keys')
    },
  },
  {
    name: 'get-many-answers-own-keys',
    title: "getMany answers with the caller's own key objects",
    fault: 'getMany answers with copies of the keys',
    async run({ store }) {
      const key = ['a', { b: 1 }]
      await store.set(['a', { b: 1 }], 'value')
      equal((await store.getMany([key])).get(key), 'value', 'the value under the very key')
    },
  },
  {
    name: 'set-many',
    title: 'setMany writes every entry, of one key the last',
    fault: 'of one key setMany writes the first entry',
    async run({ store }) {
      await store.set('a', 0)
      await store.setMany([
        ['a', 1],
        [['b'], 2],
        ['a', 3],
      ])
      await store.setMany([])
      equal([await store.get('a'), await store.get(['b'])], [3, 2], 'the values')
      equal((await collect(store.keys())).length, 2, 'the number of keys')
    },
  },
  {
    name: 'set-many-metadata',
    title: 'setMany takes the metadata of each key from metaOf, or one for all',
    fault: 'setMany ignores metaOf',
    async run({ store }) {
      await store.setMany(
        [
          ['a', 1],
          ['b', 2],
        ],
        { metaOf: (key: unknown) => ({ of: key }) },
      )
      equal(
        [(await store.getMeta('a'))?.['of'], (await store.getMeta('b'))?.['of']],
        ['a', 'b'],
        'the metadata of each',
      )
      await store.setMany(
        [
          ['c', 1],
          ['d', 1],
        ],
        { meta: { tag: 1 } },
      )
      equal([(await store.getMeta('c'))?.['tag'], (await store.getMeta('d'))?.['tag']], [1, 1], 'the metadata for all')
    },
  },
  {
    name: 'set-many-fails-whole',
    title: 'A setMany with a value that cannot be stored applies nothing',
    fault: 'setMany writes the entries one after the other until one fails',
    async run({ store }) {
      await store.set('a', 1)
      const entries: [string, unknown][] = [
        ['a', 2],
        ['b', 2],
        ['c', unserializable],
      ]
      await fails(async () => store.setMany(entries), 'UNSERIALIZABLE_VALUE', 'setMany')
      equal([await store.get('a'), await store.has('b')], [1, false], 'the value of a, and whether there is b')
    },
  },
  {
    name: 'set-many-checks-keys',
    title: 'A setMany with what is no key applies nothing',
    fault: 'setMany skips what is no key',
    async run({ store }) {
      await fails(
        async () =>
          store.setMany([
            ['a', 1],
            [NaN, 2],
          ]),
        'INVALID_KEY',
        'setMany',
      )
      equal(await store.has('a'), false, 'whether there is a')
    },
  },
  {
    name: 'delete-many',
    title: 'deleteMany tells for each key whether there was something to delete',
    fault: 'deleteMany answers true for every key',
    async run({ store }) {
      await store.setMany([
        ['a', 1],
        ['b', 2],
      ])
      equal(
        [...(await store.deleteMany(['a', 'missing']))],
        [
          ['a', true],
          ['missing', false],
        ],
        'the answers',
      )
      equal((await store.deleteMany([])).size, 0, 'the size for no keys')
      equal(await collect(store.keys()), ['b'], 'the keys that are left')
    },
  },
  {
    name: 'batch-in-order',
    title: 'The operations of a batch take effect in their order',
    fault: 'a batch deletes first and sets then',
    async run({ store }) {
      await store.batch([{ set: ['a', 1] }, { delete: 'a' }, { set: ['b', 1] }, { set: ['b', 2] }, { delete: 'none' }])
      await store.batch([])
      equal([await store.has('a'), await store.get('b')], [false, 2], 'whether there is a, and the value of b')
    },
  },
  {
    name: 'batch-metadata',
    title: 'Each set of a batch has its own metadata and time to live',
    fault: 'a batch ignores metadata',
    async run({ store }) {
      await store.batch([{ set: ['a', 1], meta: { tag: 1 }, ttl: 60_000 }, { set: ['b', 1] }])
      const [a, b] = [await store.getMeta('a'), await store.getMeta('b')]
      equal([a?.['tag'], b?.['tag']], [1, undefined], 'the metadata')
      ok(a?.expires instanceof Date && b?.expires === undefined, 'only one expires')
    },
  },
  {
    name: 'batch-fails-whole',
    title: 'A batch with a value that cannot be stored applies nothing',
    fault: 'a batch applies its operations one after the other until one fails',
    async run({ store }) {
      await store.set('a', 1)
      const ops = [{ set: ['a', 2] as const }, { delete: 'a' }, { set: ['b', unserializable] as const }]
      await fails(async () => store.batch(ops), 'UNSERIALIZABLE_VALUE', 'batch')
      equal([await store.get('a'), await store.has('b')], [1, false], 'the value of a, and whether there is b')
    },
  },
  {
    name: 'batch-is-atomic',
    title: 'Nobody sees an atomic batch half done',
    fault: 'an atomic batch is applied one operation after the other',
    mode: 'async',
    applies: ({ atomicBatch }) => atomicBatch >= 5,
    async run({ store }) {
      const keys = ['a', 'b', 'c', 'd', 'e']
      await store.setMany(keys.map((key) => [key, 0]))
      const written = store.batch(
        keys.map((key) => ({ set: [key, 1] as const })),
        { atomic: true },
      )
      for (let i = 0; i < 5; i++) {
        const values = new Set((await store.getMany(keys)).values())
        equal(values.size, 1, 'the number of different values')
      }
      await written
      equal([...(await store.getMany(keys)).values()], [1, 1, 1, 1, 1], 'the values')
    },
  },
  {
    name: 'batch-atomic-unsupported',
    title: 'An atomic batch of more operations than the backend can apply at once is refused',
    fault: 'atomic is ignored',
    applies: ({ atomicBatch }) => atomicBatch < 1000,
    async run({ store }) {
      const { atomicBatch } = store.capabilities
      const ops = Array.from({ length: atomicBatch + 1 }, (_, i) => ({ set: [`k${i}`, i] as const }))
      await fails(async () => store.batch(ops, { atomic: true }), 'ATOMIC_UNSUPPORTED', 'an atomic batch')
      equal(await collect(store.keys()), [], 'keys')
      await store.batch(ops)
      equal((await collect(store.keys())).length, ops.length, 'the number of keys')
    },
  },
  {
    name: 'clear-all',
    title: 'clear deletes values, binaries and logs',
    fault: 'clear leaves logs',
    async run({ store }) {
      await store.set(['a'], 1)
      await store.append('b', 1)
      await store.setBinary('c', new Uint8Array(1))
      await store.clear()
      equal(await collect(store.keys()), [], 'keys')
      equal(await store.log('b'), [], 'the elements of the log')
    },
  },
  {
    name: 'clear-prefix',
    title: 'clear with a prefix deletes what is under it',
    fault: 'clear ignores the prefix',
    async run({ store }) {
      for (const key of ['a1', 'a2', 'b', ['a', 1], ['b', 1]]) await store.set(key, 1)
      await store.clear({ prefix: 'a' })
      await store.clear({ prefix: ['a'] })
      for (const key of ['a1', 'a2', ['a', 1]]) equal(await store.has(key), false, `whether there is ${String(key)}`)
      for (const key of ['b', ['b', 1]]) equal(await store.has(key), true, `whether there is ${String(key)}`)
    },
  },
]
