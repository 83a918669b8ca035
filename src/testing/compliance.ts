import type { Capabilities } from '../base/backend.ts'
import { findBackend } from '../base/backend.ts'
import { checkConfig } from '../engine/config.ts'
import type { ComplianceTarget, Rule } from './rule.ts'
import { rules } from './rules/index.ts'
import { onStage } from './scene.ts'

/** A rule as a test of one target in one mode, for any test framework. */
export interface ComplianceTest {
  /** The rule's name and the mode: `missing-id (sync)`. */
  readonly name: string
  /** The rule's title, in sync mode with a word on it. */
  readonly title: string
  readonly rule: Rule
  readonly sync: boolean
  /** Rejects if the backend breaks the rule. Makes a store of its own, and removes it. */
  run(): Promise<void>
}

/**
 * Every rule that applies to a backend, as tests: all in async mode and, where its capabilities say that it answers
 * synchronous calls, in sync mode too.
 *
 * @example
 * import { complianceTests } from 'konserve-ts/testing'
 * const target = { name: 'mine', config: () => ({ backend: 'mine', id: crypto.randomUUID() }) }
 * for (const { name, run } of complianceTests(target)) test(name, run)
 */
export function complianceTests(target: ComplianceTarget): ComplianceTest[] {
  const capabilities = capabilitiesOf(target)
  const tests: ComplianceTest[] = []
  for (const rule of rules) {
    if (rule.applies?.(capabilities, target) === false) continue
    for (const mode of ['async', 'sync'] as const) {
      if (rule.mode !== undefined && rule.mode !== mode) continue
      const sync = mode === 'sync'
      if (sync && capabilities.sync !== true) continue
      tests.push({
        name: `${rule.name} (${mode})`,
        title: sync ? `${rule.title} (sync)` : rule.title,
        rule,
        sync,
        run: () => onStage(target, sync, (scene) => rule.run(scene)),
      })
    }
  }
  return tests
}

function capabilitiesOf(target: ComplianceTarget): Capabilities {
  const { config } = checkConfig(target.config())
  const { capabilities } = findBackend(config.backend)!
  return typeof capabilities === 'function' ? capabilities(config) : capabilities
}
