import { collect, equal, fails } from '../assert.ts'
import type { Rule } from '../rule.ts'
import { listen } from './hooks.ts'

export const scopeRules: readonly Rule[] = [
  {
    name: 'string-scope',
    title: 'A scope of a string puts it before string keys',
    fault: 'get in a scope puts a separator between the string and the key',
    async run({ store }) {
      const scope = store.scope('user:')
      await scope.set('ann', 1)
      equal(await store.get('user:ann'), 1, 'the value in the store')
      equal(await scope.get('ann'), 1, 'the value in the scope')
      await store.set('user:bob', 2)
      equal(await scope.get('bob'), 2, 'the value in the scope')
    },
  },
  {
    name: 'array-scope',
    title: 'A scope of an array makes a key the last element of the array',
    fault: 'get in a scope joins the elements of the array to one',
    async run({ store }) {
      const scope = store.scope(['user', 1])
      await scope.set('name', 'Ann')
      await scope.set(['a', 'b'], 2)
      equal(await store.get(['user', 1, 'name']), 'Ann', 'the value in the store')
      equal(await store.get(['user', 1, ['a', 'b']]), 2, 'the value of an array as key')
      equal(await scope.get('name'), 'Ann', 'the value in the scope')
    },
  },
  {
    name: 'scope-listings',
    title: 'The listings of a scope show its own keys',
    fault: "the keys() of a scope show the store's keys",
    async run({ store }) {
      for (const key of ['a:1', 'a:2', 'b', ['a', 1], ['a', 1, 2], ['b', 1]]) await store.set(key, key)
      for (const [scope, keys] of [
        [store.scope('a:'), ['1', '2']],
        [store.scope(['a']), [1]],
      ] as const) {
        equal(await collect(scope.keys()), keys, 'keys')
        equal(
          (await collect(scope.entries())).map(([key]) => key as unknown),
          keys,
          'entries',
        )
        equal(
          (await collect(scope.metas())).map(({ key }) => key),
          keys,
          'metas',
        )
        equal((await scope.getMeta(keys[0]))?.key, keys[0], 'the key in the metadata')
      }
      equal(await collect(store.scope('a:').keys({ prefix: '2' })), ['2'], 'keys under a prefix')
      equal(await collect(store.scope('a:').keys({ after: '1' })), ['2'], 'keys beyond one')
    },
  },
  {
    name: 'scope-clear',
    title: 'Clearing a scope leaves what is outside of it',
    fault: 'clearing a scope clears the store',
    async run({ store }) {
      for (const key of ['a:1', 'b', ['a', 1], ['b', 1]]) await store.set(key, 1)
      await store.scope('a:').clear()
      await store.scope(['a']).clear()
      for (const key of ['a:1', ['a', 1]]) equal(await store.has(key), false, `whether there is ${String(key)}`)
      for (const key of ['b', ['b', 1]]) equal(await store.has(key), true, `whether there is ${String(key)}`)
    },
  },
  {
    name: 'scope-hooks',
    title: 'A hook of a scope hears of the keys of the scope, as the scope knows them',
    fault: "a hook of a scope is told the store's keys",
    async run({ store }) {
      const scope = store.scope('a:')
      const [inside, outside] = [listen(scope, 'inside'), listen(store, 'outside')]
      await store.set('a:k', 1)
      await store.set('b', 1)
      equal(
        (await outside.arrived(2)).map(({ key }) => key),
        ['a:k', 'b'],
        'the keys that the store heard of',
      )
      equal(
        (await inside.arrived(1)).map(({ key }) => key),
        ['k'],
        'the keys that the scope heard of',
      )
    },
  },
  {
    name: 'scope-errors',
    title: 'The errors of a scope name its own keys',
    fault: "the errors of a scope name the store's keys",
    async run({ store }) {
      for (const scope of [store.scope('a:'), store.scope(['a'])]) {
        const { key } = await fails(async () => scope.set('k', () => 1), 'UNSERIALIZABLE_VALUE', 'set in a scope')
        equal(key, 'k', 'the key of the error')
      }
    },
  },
  {
    name: 'scope-keys-are-strings',
    title: 'In a scope of a string other keys are refused',
    fault: 'in a scope of a string other keys become strings',
    async run({ store }) {
      const scope = store.scope('a:')
      for (const key of [1, null, ['k']]) await fails(async () => scope.set(key, 1), 'INVALID_KEY', 'set of no string')
      equal(await collect(store.keys()), [], 'keys')
    },
  },
  {
    name: 'nested-scopes',
    title: 'A scope of a scope is under both prefixes',
    fault: 'a scope of a scope is under the second prefix only',
    async run({ store }) {
      await store.scope(['a']).scope('b:').set('k', 1)
      equal(await collect(store.keys()), [['a', 'b:k']], 'keys')
      equal(await collect(store.scope(['a']).scope('b:').keys()), ['k'], 'the keys of the scope')
    },
  },
]
