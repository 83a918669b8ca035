import type { Rule } from '../rule.ts'
import { binaryRules } from './binaries.ts'
import { callRules } from './calls.ts'
import { cloneRules } from './clones.ts'
import { hookRules } from './hooks.ts'
import { isolationRules } from './isolation.ts'
import { keyRules } from './keys.ts'
import { lifecycleRules } from './lifecycle.ts'
import { listingRules } from './listings.ts'
import { logRules } from './logs.ts'
import { manyRules } from './many.ts'
import { metadataRules } from './metadata.ts'
import { pathRules } from './paths.ts'
import { scopeRules } from './scopes.ts'
import { updateRules } from './updates.ts'
import { valueRules } from './values.ts'
import { watchRules } from './watch.ts'

/** Every rule, in the order in which a backend author would want them to pass. */
export const rules: readonly Rule[] = [
  ...lifecycleRules,
  ...valueRules,
  ...cloneRules,
  ...keyRules,
  ...listingRules,
  ...updateRules,
  ...pathRules,
  ...isolationRules,
  ...manyRules,
  ...metadataRules,
  ...binaryRules,
  ...logRules,
  ...hookRules,
  ...watchRules,
  ...scopeRules,
  ...callRules,
]
