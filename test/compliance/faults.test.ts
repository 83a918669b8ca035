import { describe, expect, test } from 'vitest'
import { complianceTests } from '../../src/testing/compliance.ts'
import { faults, faultyTarget } from '../../src/testing/faults.ts'
import { rules } from '../../src/testing/rules/index.ts'

test('every rule has a name of its own, a sentence and a fault', () => {
  const names = rules.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(Object.keys(faults).toSorted()).toEqual(names.toSorted())
  for (const { title, fault } of rules) {
    expect(title.length).toBeGreaterThan(20)
    expect(fault.length).toBeGreaterThan(10)
  }
  expect(() => faultyTarget('no-such-rule')).toThrow(RangeError)
})

describe('a planted fault fails its own rule and no other', () => {
  test.each(rules.map(({ name }) => name))('%s', async (name) => {
    const failing = new Map<string, string>()
    await Promise.all(
      complianceTests(faultyTarget(name)).map(async ({ rule, run }) => {
        try {
          await run()
        } catch (error) {
          failing.set(rule.name, String(error))
        }
      }),
    )
    expect([...failing.keys()], JSON.stringify([...failing])).toEqual([name])
  })
})
