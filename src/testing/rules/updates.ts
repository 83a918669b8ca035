import { equal, fails, failsByType, ok, outcome } from '../assert.ts'
import type { Rule } from '../rule.ts'

const increment = (n: number | undefined): number => (n ?? 0) + 1

export const updateRules: readonly Rule[] = [
  {
    name: 'update-answers-old-and-new',
    title: 'update gives its function the old value and answers with the old and the new one',
    fault: 'the old value of a missing key is null',
    async run({ store }) {
      equal(await store.update('k', increment), [undefined, 1], 'the answer for a missing key')
      equal(await store.update('k', increment), [1, 2], 'the answer for a value')
      equal(await store.get('k'), 2, 'the value')
    },
  },
  {
    name: 'update-concurrent',
    title: '200 concurrent updates through two handles give exactly 200',
    fault: 'of many updates that wait for one key, those above 64 are lost',
    async run({ store, connect }) {
      const other = await connect()
      const updates = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? store : other).update('k', increment))
      const answers = await Promise.all(updates)
      equal(await store.get('k'), 200, 'the count')
      equal(
        answers.map(([, after]) => Number(after)).toSorted((a, b) => a - b),
        Array.from({ length: 200 }, (_, i) => i + 1),
        'the answers',
      )
    },
  },
  {
    name: 'order-per-key',
    title: 'Calls on one key take effect in the order in which they were made',
    fault: 'a delete lets the calls behind it go first',
    async run({ store }) {
      const calls = [
        store.set('k', 1),
        store.get('k'),
        store.update('k', increment),
        store.get('k'),
        store.delete('k'),
        store.has('k'),
        store.set('k', 10),
        store.updateIn(['k'], increment),
        store.get('k'),
        store.setBinary('k', new Uint8Array([1])),
        store.getBinary('k'),
        store.delete('k'),
        store.append('k', 'a'),
        store.append('k', 'b'),
        store.log('k'),
        store.set('k', 'end'),
      ]
      const answers = await Promise.all(calls)
      const expected = [undefined, 1, [1, 2], 2, true, false, undefined, [10, 11], 11]
      equal(answers.slice(0, 9), expected, 'the answers of values')
      equal(
        answers.slice(10),
        [new Uint8Array([1]), true, undefined, undefined, ['a', 'b'], undefined],
        'the other answers',
      )
      equal(await store.get('k'), 'end', 'the value in the end')
    },
  },
  {
    name: 'update-is-synchronous',
    title: 'An update function that answers with a promise is a TypeError and changes nothing',
    fault: "an update function's promise is awaited",
    async run({ store }) {
      await store.set('k', 1)
      await failsByType(async () => store.update('k', async () => 2), 'an asynchronous update function')
      await failsByType(async () => store.updateIn(['k'], async () => 2), 'an asynchronous updateIn function')
      equal(await store.get('k'), 1, 'the value')
    },
  },
  {
    name: 'update-runs-once',
    title: 'An update function runs once',
    fault: 'an update function runs a first time to see whether it throws',
    async run({ store }) {
      let runs = 0
      await store.update('k', () => ++runs)
      await store.update('k', () => ++runs)
      equal([runs, await store.get('k')], [2, 2], 'the number of runs, and the value')
    },
  },
  {
    name: 'update-is-not-reentrant',
    title: 'Touching a key inside its own update function is an error, not a hang; other keys can be touched',
    fault: 'get inside an update function of the same key answers undefined',
    async run({ store }) {
      const inside: Promise<unknown>[] = []
      const touch = (fn: () => unknown): void => void inside.push(outcome(attempt(fn)))
      await store.update('k', (old) => {
        for (const fn of [
          () => store.get('k'),
          () => store.set('k', 1),
          () => store.update('k', increment),
          () => store.delete('k'),
        ]) {
          touch(fn)
        }
        return increment(old as number | undefined)
      })
      for (const each of (await Promise.all(inside)) as { error?: { code?: string } }[]) {
        equal(each.error?.code, 'REENTRANT_UPDATE', 'the code of the error')
      }
      equal(await store.get('k'), 1, 'the value')
    },
  },
  {
    name: 'throwing-update',
    title: 'An update whose function throws fails with that very error and changes nothing',
    fault: 'an update whose function throws deletes the entry',
    async run({ store }) {
      await store.set('old', 1)
      for (const key of ['old', 'new']) {
        const thrown = new RangeError('no')
        const fn = (): never => {
          throw thrown
        }
        ok(
          (await fails(async () => store.update(key, fn), undefined, 'update')) === (thrown as unknown),
          'the error is its own',
        )
        ok(
          (await fails(async () => store.updateIn([key], fn), undefined, 'updateIn')) === (thrown as unknown),
          'the error is its own',
        )
      }
      equal(await store.get('old'), 1, 'the value of the old key')
      equal(await store.has('new'), false, 'has of the new key')
    },
  },
  {
    name: 'unserializable-update',
    title: 'An update to what cannot be stored changes nothing, and does not hurt the updates beside it',
    fault: 'the entry is gone after an update to what cannot be stored',
    async run({ store }) {
      await store.set('k', 1)
      const outcomes = await Promise.all([
        outcome(attempt(() => store.update('k', increment))),
        outcome(attempt(() => store.update('k', () => [() => 1]))),
        outcome(attempt(() => store.update('k', increment))),
      ])
      equal(await store.get('k'), 3, 'the value')
      const failed = outcomes[1] as { error?: { code?: string } }
      equal(failed.error?.code, 'UNSERIALIZABLE_VALUE', 'the code of the error')
      await fails(async () => store.update('new', () => [() => 1]), 'UNSERIALIZABLE_VALUE', 'an update of a new key')
      equal(await store.has('new'), false, 'has of the new key')
    },
  },
]

async function attempt<T>(fn: () => T): Promise<Awaited<T>> {
  return await fn()
}
