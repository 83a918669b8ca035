import { equal, fails, ok } from '../assert.ts'
import type { Rule } from '../rule.ts'

export const logRules: readonly Rule[] = [
  {
    name: 'log-append',
    title: 'append adds an element of any type at the end of a log',
    fault: 'undefined elements of a log are left out',
    async run({ store }) {
      equal(await store.log('k'), [], 'a missing log')
      const elements = [1, undefined, null, { a: [new Date(0)] }, 'text', new Uint8Array([1])]
      for (const element of elements) await store.append('k', element)
      equal(await store.log('k'), elements, 'the elements')
      equal(await store.has('k'), true, 'has')
    },
  },
  {
    name: 'log-ranges',
    title: 'log takes from, limit and reverse, with indices from the start of the log',
    fault: 'in reverse from counts from the end',
    async run({ store }) {
      for (let i = 0; i < 10; i++) await store.append('k', i, { durability: 'relaxed' })
      equal(await store.log('k', { from: 7 }), [7, 8, 9], 'from')
      equal(await store.log('k', { limit: 2 }), [0, 1], 'limit')
      equal(await store.log('k', { from: 3, limit: 2 }), [3, 4], 'from and limit')
      equal(await store.log('k', { reverse: true, limit: 2 }), [9, 8], 'reverse and limit')
      equal(await store.log('k', { reverse: true, from: 2 }), [2, 1, 0], 'reverse and from')
      equal(await store.log('k', { from: 10 }), [], 'from the end')
      equal(await store.log('k', { limit: 0 }), [], 'limit 0')
    },
  },
  {
    name: 'reduce-log',
    title: 'reduceLog folds the elements, oldest first',
    fault: 'reduceLog starts with the newest element',
    async run({ store }) {
      for (const element of ['a', 'b', 'c']) await store.append('k', element)
      equal(await store.reduceLog('k', (text, element) => text + String(element), ''), 'abc', 'the answer')
      equal(await store.reduceLog('missing', (n) => n + 1, 0), 0, 'the answer for a missing log')
    },
  },
  {
    name: 'log-concurrent',
    title: '200 concurrent appends through two handles give 200 elements in the order of the calls',
    fault: 'of many appends that wait for one log, those above 64 are lost',
    async run({ store, connect }) {
      const other = await connect()
      const numbers = Array.from({ length: 200 }, (_, i) => i)
      await Promise.all(numbers.map((i) => (i % 2 === 0 ? store : other).append('k', i, { durability: 'relaxed' })))
      equal(await store.log('k'), numbers, 'the elements')
    },
  },
  {
    name: 'log-starts-anew',
    title: 'A log that was deleted or replaced starts anew',
    fault: 'a deleted log comes back with the next append',
    async run({ store }) {
      await store.append('k', 'old')
      await store.delete('k')
      equal(await store.log('k'), [], 'the deleted log')
      await store.append('k', 'new')
      equal(await store.log('k'), ['new'], 'the elements')
      await store.set('k', 1)
      equal(await store.get('k'), 1, 'the value in its place')
    },
  },
  {
    name: 'not-a-log',
    title: 'append and log on a value or a binary are refused',
    fault: 'append replaces a value',
    async run({ store }) {
      await store.set('value', 1)
      await store.setBinary('binary', new Uint8Array(1))
      for (const key of ['value', 'binary']) {
        await fails(async () => store.append(key, 1), 'NOT_A_LOG', `append to a ${key}`)
        await fails(async () => store.log(key), 'NOT_A_LOG', `log of a ${key}`)
        await fails(async () => store.reduceLog(key, (n) => n, 0), 'NOT_A_LOG', `reduceLog of a ${key}`)
      }
      equal(await store.get('value'), 1, 'the value')
    },
  },
  {
    name: 'not-a-value',
    title: 'get, getIn and update on a log are refused',
    fault: 'get on a log answers with its elements',
    async run({ store }) {
      await store.append('k', 1)
      await fails(async () => store.get('k'), 'NOT_A_VALUE', 'get of a log')
      await fails(async () => store.getIn(['k', 0]), 'NOT_A_VALUE', 'getIn of a log')
      await fails(async () => store.update('k', () => 1), 'NOT_A_VALUE', 'update of a log')
      equal(await store.log('k'), [1], 'the elements')
    },
  },
  {
    name: 'failed-append',
    title: 'An append of what cannot be stored leaves the log as it is',
    fault: 'a failed append leaves an empty element',
    async run({ store }) {
      await store.append('k', 1)
      for (const key of ['k', 'new']) {
        await fails(async () => store.append(key, [() => 1]), 'UNSERIALIZABLE_VALUE', 'append')
      }
      equal(await store.log('k'), [1], 'the elements')
      ok(!(await store.has('new')), 'there is no new log')
    },
  },
]
