import type { ListedTest } from './jobs.ts'
import type { Features } from './probe.ts'

/** What the browser does not let a rule do. */
export interface Limit {
  readonly rule: string
  /** The row of docs/browsers.md. */
  readonly feature: string
  /** How the rule fails without it, on a backend that keeps clones. */
  readonly error: RegExp
}

const LIMITS: readonly Limit[] = [
  { rule: 'objects-round-trip', feature: 'clones of the cause of an Error', error: /value 6: expected TypeError: no/ },
  { rule: 'clones-of-platform-objects', feature: 'clones of a CryptoKey', error: /DataCloneError/ },
]

/** Why the rule must fail in a context with these features, if it must. */
export function limitOf({ rule, clones }: ListedTest, features: Features): Limit | undefined {
  return clones ? LIMITS.find((limit) => limit.rule === rule && features[limit.feature] !== 'yes') : undefined
}
