import { complianceTests } from '../../src/testing/compliance.ts'
import { rules } from '../../src/testing/rules/index.ts'
import { targets as browserTargets } from '../browser/compliance-targets.ts'
import { targets as nodeTargets } from './node-targets.ts'

export interface Row {
  readonly rule: string
  readonly title: string
  readonly fault: string
  /** By mode, the backends on which the rule is tested. */
  readonly runsOn: Readonly<Record<'async' | 'sync', readonly string[]>>
}

/** What is tested where. */
export function table(): Row[] {
  const places = [
    ...nodeTargets,
    ...browserTargets.map((target) => ({ ...target, name: `${target.name} in pages and workers` })),
  ]
  const tests = places.flatMap((target) =>
    complianceTests(target).map(({ rule, sync }) => ({ target: target.name, rule: rule.name, sync })),
  )
  const runsOn = (rule: string, sync: boolean): string[] =>
    tests.filter((each) => each.rule === rule && each.sync === sync).map(({ target }) => target)
  return rules.map(({ name, title, fault }) => ({
    rule: name,
    title,
    fault,
    runsOn: { async: runsOn(name, false), sync: runsOn(name, true) },
  }))
}
