import { expect, test } from 'vitest'
import { QuotaExceededError } from '../../src/base/errors.ts'
import { inOneTurn } from '../../src/backends/one-turn.ts'

test('calls of one turn are one call, for so many at a time, each with its own answer; one alone is not delayed', async () => {
  const runs: (readonly number[])[] = []
  const double = inOneTurn(
    3,
    async (item: number) => {
      runs.push([item])
      return 2 * item
    },
    async (items) => {
      runs.push(items)
      return items.map((item) => 2 * item)
    },
  )
  const first = [0, 1, 2, 3, 4].map(double)
  expect(runs).toEqual([[0]])
  // Also what comes by microtasks, while the first is under way.
  expect(await Promise.all(first)).toEqual([0, 2, 4, 6, 8])
  expect(runs).toEqual([[0], [1, 2, 3], [4]])
  expect(await double(6)).toBe(12)
  expect(runs.at(-1)).toEqual([6])
})

test('a call that fails fails for those who share it, and for nobody else', async () => {
  let fails = true
  const check = (items: readonly string[]): readonly string[] => {
    if (fails) throw new Error(items.join(' '))
    return items
  }
  const call = inOneTurn(
    10,
    async (item: string) => check([item])[0]!,
    async (items) => check(items),
  )
  const answers = await Promise.allSettled(['a', 'b', 'c'].map(call))
  expect(answers.map((each) => each.status === 'rejected' && (each.reason as Error).message)).toEqual([
    'a',
    'b c',
    'b c',
  ])
  fails = false
  expect(await call('d')).toBe('d')
})

test('errors of a call that is shared are one each, so that each can say its own key', async () => {
  const full = async (): Promise<never> => {
    throw new QuotaExceededError('It is full.', { usage: 1, quota: 2, cause: 'why' })
  }
  const call = inOneTurn<string, never>(10, full, full)
  const set = async (key: string): Promise<unknown> =>
    call(key).catch((error: QuotaExceededError) => Object.assign(error, { key: error.key ?? key }))
  const errors = await Promise.all(['a', 'b', 'c'].map(set))
  for (const [i, error] of errors.entries()) {
    expect(error).toBeInstanceOf(QuotaExceededError)
    expect(error).toMatchObject({ key: 'abc'[i], message: 'It is full.', usage: 1, quota: 2, cause: 'why' })
  }
})

test('an answer can come later than those beside it, or fail by itself', async () => {
  const call = inOneTurn(
    10,
    async (item: string) => item,
    async (items) => items.map((item) => (item === 'c' ? Promise.reject(new Error(item)) : item)),
  )
  const answers = await Promise.allSettled(['a', 'b', 'c'].map(call))
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected'])
})
