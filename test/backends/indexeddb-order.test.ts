import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { CommitOrder } from '../../src/backends/indexeddb-order.ts'

let told: string[]
let order: CommitOrder
beforeEach(() => {
  vi.useFakeTimers()
  told = []
  order = new CommitOrder(
    (notices) => told.push(...notices.map((notice) => ('name' in notice ? notice.name : 'resync'))),
    () => told.push('missed'),
  )
})
afterEach(() => vi.useRealTimers())

const take = (sequence: number): void => order.take(sequence, [{ type: 'set', name: `s${sequence}`, key: sequence }])

test('commits are told in the order of their numbers, in whatever order they come', () => {
  order.start(10)
  for (const sequence of [12, 11, 15, 14, 13]) take(sequence)
  expect(told).toEqual(['s11', 's12', 's13', 's14', 's15'])
  vi.runAllTimers()
  expect(told).toHaveLength(5)
})

test('nothing is told before it is known which number was the last', () => {
  for (const sequence of [8, 7, 6]) take(sequence)
  expect(told).toEqual([])
  order.start(5)
  expect(told).toEqual(['s6', 's7', 's8'])
})

test('what was on its way when the last number was asked for is told', () => {
  take(5)
  order.start(5)
  expect(told).toEqual(['s5'])
  take(6)
  expect(told).toEqual(['s5', 's6'])
})

test('one that does not come is told as missed once, in place of all behind it, and what comes then goes on', () => {
  order.start(0)
  for (const sequence of [1, 3, 4]) take(sequence)
  vi.advanceTimersByTime(100)
  expect(told).toEqual(['s1'])
  vi.advanceTimersByTime(200)
  expect(told).toEqual(['s1', 'missed'])
  // Too late: who was told that something is missed has read again.
  take(2)
  take(5)
  vi.runAllTimers()
  expect(told).toEqual(['s1', 'missed', 's5'])
})

test('one that is late, but in time, is not told as missed', () => {
  order.start(0)
  take(2)
  vi.advanceTimersByTime(200)
  take(1)
  vi.runAllTimers()
  expect(told).toEqual(['s1', 's2'])
})

test('nothing is told after the end', () => {
  order.start(0)
  take(2)
  order.stop()
  vi.runAllTimers()
  expect(told).toEqual([])
})
