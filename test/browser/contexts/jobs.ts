import { type ComplianceTest, complianceTests } from '../../../src/testing/compliance.ts'
import { targets } from '../compliance-targets.ts'
import { probe, scriptType } from './probe.ts'
import { together } from './together.ts'

/** What a page can ask of a context. Arguments and answers are cloned on the way. */
export const jobs = {
  probe,
  scriptType,
  /** Another number after the browser has stopped the worker and started it again. */
  startedAt: (): number => performance.timeOrigin,
  /** Every rule on every backend. */
  tests: (): ListedTest[] =>
    tests.map(({ target, name, title, rule, clones }) => ({ target, name, title, rule, clones })),
  /** Rejects if the rule is broken. */
  run: async (wanted: TestId): Promise<void> =>
    tests.find(({ target, name }) => target === wanted.target && name === wanted.name)!.run(),
  ...together,
}

export type Jobs = typeof jobs
export type Job = keyof Jobs

export type Response = { readonly answer: unknown } | { readonly error: string }

export interface TestId {
  readonly target: string
  readonly name: string
}

export interface ListedTest extends TestId {
  readonly title: string
  readonly rule: string
  /** Whether the backend keeps values as the platform clones them. */
  readonly clones: boolean
}

const tests: readonly (ListedTest & Pick<ComplianceTest, 'run'>)[] = targets.flatMap((target) => {
  const clones = JSON.stringify(target.config()).includes('"serializer":"structured-clone"')
  return complianceTests(target).map(({ name, title, rule, run }) => {
    return { target: target.name, name, title, rule: rule.name, clones, run }
  })
})
