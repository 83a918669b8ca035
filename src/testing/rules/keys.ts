import type { Key } from '../../base/entry.ts'
import { collect, equal, fails, ok } from '../assert.ts'
import type { Rule } from '../rule.ts'

export const keyRules: readonly Rule[] = [
  {
    name: 'keys-round-trip',
    title: 'Keys of every type come back from keys()',
    fault: 'Dates in keys() come back as text',
    async run({ store }) {
      const all: readonly Key[] = [
        '',
        'text',
        'ä€😀',
        0,
        -1.5,
        1e300,
        2n ** 70n,
        -(2n ** 65n),
        true,
        false,
        null,
        new Date(1_700_000_000_123),
        new Uint8Array([0, 255]),
        [],
        ['a', 1, null],
        [['nested'], new Date(0)],
        { a: 1, b: [true] },
      ]
      for (const [i, key] of all.entries()) await store.set(key, i)
      const found = new Map<unknown, Key>()
      for (const key of await collect(store.keys())) found.set(await store.get(key), key)
      for (const [i, key] of all.entries()) equal(found.get(i), key, `key ${i}`)
      equal(found.size, all.length, 'the number of keys')
    },
  },
  {
    name: 'keys-of-types-differ',
    title: 'Keys of different types are different keys',
    fault: 'a small bigint is the same key as the number',
    async run({ store }) {
      const all: readonly Key[] = [
        1,
        1n,
        '1',
        true,
        'true',
        null,
        'null',
        [1],
        ['1'],
        [[1]],
        { 0: 1 },
        new Uint8Array([1]),
      ]
      for (const [i, key] of all.entries()) await store.set(key, i)
      for (const [i, key] of all.entries()) equal(await store.get(key), i, `the value of key ${i}`)
    },
  },
  {
    name: 'equal-keys-are-one',
    title: 'Objects are one key whatever the order of their properties, and -0 is 0',
    fault: 'the order of the properties of an object makes another key',
    async run({ store }) {
      await store.set({ a: 1, b: 2 }, 'object')
      equal(await store.get({ b: 2, a: 1 }), 'object', 'the value under the other order')
      await store.set(-0, 'zero')
      equal(await store.get(0), 'zero', 'the value under 0')
      equal((await collect(store.keys())).length, 2, 'the number of keys')
    },
  },
  {
    name: 'strings-are-keys-as-they-are',
    title: 'Strings are keys as they are: case, spaces, separators, reserved words',
    fault: 'strings that differ in case only are one key',
    async run({ store }) {
      const all = ['Case', 'case', ' case', 'a/b', 'a\\b', '..', '.', '~d', '%41', 'con', '__proto__', 'é', 'e\u0301']
      for (const key of all) await store.set(key, `value of ${key}`)
      for (const key of all) equal(await store.get(key), `value of ${key}`, `the value of ${JSON.stringify(key)}`)
      equal((await collect(store.keys())).length, all.length, 'the number of keys')
    },
  },
  {
    name: 'long-keys',
    title: 'Keys of several kB are told apart and come back whole',
    fault: 'names are cut off after 120 characters',
    async run({ store }) {
      const long = 'k'.repeat(4000)
      const all: readonly Key[] = [`${long}1`, `${long}2`, [long, 1], [long, 2], 'short']
      for (const [i, key] of all.entries()) await store.set(key, i)
      for (const [i, key] of all.entries()) equal(await store.get(key), i, `the value of key ${i}`)
      const found = await collect(store.keys())
      ok(
        all.every((key) => found.some((each) => String(each) === String(key))),
        'keys() has the whole keys',
      )
      equal(found.length, all.length, 'the number of keys')
      equal((await collect(store.keys({ prefix: `${long}1` }))).length, 1, 'the keys under a long prefix')
    },
  },
  {
    name: 'invalid-keys',
    title: 'What is no key is refused',
    fault: 'NaN is taken as a key',
    async run({ store }) {
      const none: readonly unknown[] = [
        undefined,
        NaN,
        Infinity,
        () => 1,
        Symbol('s'),
        '\ud800',
        ['a', NaN],
        { a: undefined },
        new Map(),
        new Date(NaN),
      ]
      for (const key of none as readonly Key[]) {
        await fails(async () => store.set(key, 1), 'INVALID_KEY', `set of ${typeof key}`)
        await fails(async () => store.get(key), 'INVALID_KEY', `get of ${typeof key}`)
      }
      equal(await collect(store.keys()), [], 'keys')
    },
  },
  {
    name: 'numbers-in-numeric-order',
    title: 'Numbers are listed in numeric order',
    fault: 'numbers are listed in the order of their digits',
    async run({ store }) {
      const numbers = [-1e300, -10, -9.5, -1, -1e-300, 0, 1e-300, 0.1, 1, 2, 9, 10, 100, 2 ** 53, 1e300]
      for (const n of numbers.toReversed()) await store.set(n, 1)
      equal(await collect(store.keys()), numbers, 'the numbers')
      await store.clear()
      for (const n of numbers.toReversed()) await store.set(['n', n], 1)
      equal(
        await collect(store.keys()),
        numbers.map((n) => ['n', n]),
        'the numbers inside arrays',
      )
    },
  },
  {
    name: 'keys-in-order-of-names',
    title: 'keys(), entries() and metas() list all types in the byte order of names',
    fault: 'arrays are listed last',
    async run({ store }) {
      const ordered: readonly Key[] = [[], [1], ['a'], ['a', 'b'], ['b'], true, 5, 'a', 'a0', 'ab', 'b']
      for (const key of ordered.toReversed()) await store.set(key, 1)
      equal(await collect(store.keys()), ordered, 'keys')
      equal(
        (await collect(store.entries())).map(([key]) => key),
        ordered,
        'entries',
      )
      equal(
        (await collect(store.metas())).map(({ key }) => key),
        ordered,
        'metas',
      )
    },
  },
]
