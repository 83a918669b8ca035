import { expect, test } from 'vitest'
import { inOneTurn } from '../../src/backends/one-turn.ts'

test('calls of one turn are one call, for so many at a time, each with its own answer', async () => {
  const runs: (readonly number[])[] = []
  const double = inOneTurn(3, async (items: readonly number[]) => {
    runs.push(items)
    return items.map((item) => 2 * item)
  })
  const first = [1, 2, 3, 4].map(double)
  // Also what comes by microtasks.
  const second = Promise.resolve().then(() => double(5))
  expect(await Promise.all([...first, second])).toEqual([2, 4, 6, 8, 10])
  expect(runs).toEqual([
    [1, 2, 3],
    [4, 5],
  ])
  expect(await double(6)).toBe(12)
  expect(runs.at(-1)).toEqual([6])
})

test('a call that fails fails for those who share it, and for nobody else', async () => {
  let fails = true
  const call = inOneTurn(10, async (items: readonly string[]) => {
    if (fails) throw new Error(items.join(' '))
    return items
  })
  const [a, b] = await Promise.allSettled([call('a'), call('b')])
  expect(a).toMatchObject({ status: 'rejected', reason: { message: 'a b' } })
  expect(b).toMatchObject({ status: 'rejected', reason: { message: 'a b' } })
  fails = false
  expect(await call('c')).toBe('c')
})
