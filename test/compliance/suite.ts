import { describe, test } from 'vitest'
import { complianceTests } from '../../src/testing/compliance.ts'
import type { ComplianceTarget } from '../../src/testing/rule.ts'

/** Run every rule on each target, one test a rule and mode. */
export function runSuite(targets: readonly ComplianceTarget[]): void {
  for (const target of targets) {
    describe(`every rule on ${target.name}`, () => {
      for (const { name, title, run } of complianceTests(target)) {
        // oxlint-disable-next-line vitest/expect-expect -- a rule throws where it is broken
        test(`${name}: ${title}`, run)
      }
    })
  }
}
