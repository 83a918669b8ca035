import { expect, test } from 'vitest'
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
