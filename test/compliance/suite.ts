import { describe, test } from 'vitest'
import { type ComplianceTest, complianceTests } from '../../src/testing/compliance.ts'
import type { ComplianceTarget } from '../../src/testing/rule.ts'

export type NamedTest = Pick<ComplianceTest, 'name' | 'title' | 'run'>

/** Run every rule on each target, one test a rule and mode. */
export function runSuite(targets: readonly ComplianceTarget[]): void {
  for (const target of targets) runTests(target.name, complianceTests(target))
}

export interface RunOptions {
  /** Several at a time. Each makes a store of its own. */
  readonly concurrent?: boolean
}

export function runTests(target: string, tests: readonly NamedTest[], { concurrent = false }: RunOptions = {}): void {
  describe(`every rule on ${target}`, { concurrent }, () => {
    for (const { name, title, run } of tests) {
      // oxlint-disable-next-line vitest/expect-expect -- a rule throws where it is broken
      test(`${name}: ${title}`, run)
    }
  })
}
