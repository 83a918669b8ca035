import { describe, expect, test } from 'vitest'
import { type Operation, violations } from './linearizable.ts'

/** An operation on `k` between two moments. */
function at(called: number, answered: number, operation: Omit<Operation, 'key' | 'called' | 'answered'>): Operation {
  return { key: 'k', called, answered, ...operation }
}

const set = (called: number, answered: number, value: string): Operation => at(called, answered, { kind: 'set', value })
const get = (called: number, answered: number, seen?: string): Operation => at(called, answered, { kind: 'get', seen })
const update = (called: number, answered: number, seen: string | undefined, value: string): Operation =>
  at(called, answered, { kind: 'update', seen, value })
const remove = (called: number, answered: number, found: boolean): Operation =>
  at(called, answered, { kind: 'delete', found })
const has = (called: number, answered: number, found: boolean): Operation =>
  at(called, answered, { kind: 'has', found })

const possible: Record<string, Operation[]> = {
  'one after the other': [set(0, 1, 'a'), get(2, 3, 'a'), remove(4, 5, true), has(6, 7, false), get(8, 9)],
  'a read beside a write sees the old or the new value': [
    set(0, 1, 'a'),
    set(2, 9, 'b'),
    get(3, 4, 'a'),
    get(5, 6, 'b'),
  ],
  'two writes at once end in either order': [set(0, 9, 'a'), set(0, 9, 'b'), get(10, 11, 'a')],
  'updates at once, each on what the other left': [
    update(0, 9, 'a', 'b'),
    update(0, 9, undefined, 'a'),
    get(10, 11, 'b'),
  ],
  'a write that never answered has happened': [set(0, Infinity, 'a'), get(5, 6), get(7, 8, 'a')],
  'a write that never answered has not happened': [set(0, Infinity, 'a'), get(5, 6), get(700, 800)],
}

const impossible: Record<string, Operation[]> = {
  'a stale read': [set(0, 1, 'a'), set(2, 3, 'b'), get(4, 5, 'a')],
  'a lost update': [update(0, 9, undefined, 'a'), update(0, 9, undefined, 'b'), get(10, 11, 'b')],
  'a value that nobody wrote': [set(0, 1, 'a'), get(2, 3, 'z')],
  'a value from the future': [get(0, 1, 'a'), set(2, 3, 'a')],
  'a delete without effect': [set(0, 1, 'a'), remove(2, 3, true), get(4, 5, 'a')],
  'a delete that found what was not there': [remove(0, 1, true)],
  'a value that comes back': [set(0, 9, 'a'), set(0, 9, 'b'), get(10, 11, 'a'), get(12, 13, 'b')],
  'two readers who disagree on the order': [set(0, 1, 'a'), set(2, 20, 'b'), get(3, 4, 'b'), get(5, 6, 'a')],
  'has denies what is there': [set(0, 1, 'a'), has(2, 3, false)],
}

describe('the checker of histories accepts', () => {
  test.each(Object.entries(possible))('%s', (_, history) => expect(violations(history)).toEqual([]))
})

describe('the checker of histories rejects', () => {
  test.each(Object.entries(impossible))('%s', (_, history) => expect(violations(history)).toEqual(['k']))
})

test('keys are checked by themselves', () => {
  const other = impossible['a stale read']!.map((each) => ({ ...each, key: 'other' }))
  expect(violations([...possible['one after the other']!, ...other])).toEqual(['other'])
})
