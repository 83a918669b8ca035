import type { Call } from '../base/backend.ts'
import { ConflictError } from '../base/errors.ts'
import { type PromiseOrValue, chain, rescue } from '../base/promise-or-value.ts'

const MAX_ATTEMPTS = 32
const FIRST_DELAY = 5
const LONGEST_DELAY = 500

/**
 * Run `attempt` again after each lost race, after a random wait below a bound that doubles ("full jitter"), and give up
 * with the last `ConflictError`. A synchronous call does not wait.
 */
export function retryConflicts<T>(call: Call, attempt: () => PromiseOrValue<T>, lost = 1): PromiseOrValue<T> {
  return rescue(attempt, (error) => {
    if (!(error instanceof ConflictError) || lost === MAX_ATTEMPTS) throw error
    call.signal?.throwIfAborted()
    const bound = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** lost)
    return chain(call.sync ? undefined : wait(Math.random() * bound), () => retryConflicts(call, attempt, lost + 1))
  })
}

function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
