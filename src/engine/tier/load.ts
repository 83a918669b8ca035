import type { Call } from '../../base/backend.ts'
import { syncUnsupported } from '../../base/errors.ts'
import type { PromiseOrValue } from '../../base/promise-or-value.ts'

type Tiers = Pick<typeof import('./index.ts'), 'openBack' | 'tieredBackend'>

let tiers: Tiers | undefined

/** Give the engine of tiers from the start, so that synchronous calls find it. */
export function useTiers(engine: Tiers): void {
  tiers = engine
}

/** Pages load it when the first tiered store is opened. SYNC_UNSUPPORTED if it is not there yet, and the call cannot wait. */
export function loadTiers({ sync }: Pick<Call, 'sync'>): PromiseOrValue<Tiers> {
  if (tiers) return tiers
  if (sync) throw syncUnsupported('tiered')
  return import('./index.ts').then((engine) => (tiers = engine))
}
