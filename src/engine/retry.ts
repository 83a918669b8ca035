import type { Call } from '../base/backend.ts'
import { ConflictError } from '../base/errors.ts'
import { jitter } from '../base/jitter.ts'
import { type PromiseOrValue, chain, rescue } from '../base/promise-or-value.ts'

const MAX_ATTEMPTS = 32
/** Milliseconds. */
const FIRST_DELAY = 5
const LONGEST_DELAY = 500

/**
 * Run `attempt` again after each lost race, after a wait, and give up with the last `ConflictError`. A synchronous call
 * does not wait.
 */
export function retryConflicts<T>(call: Call, attempt: () => PromiseOrValue<T>, lost = 1): PromiseOrValue<T> {
  return rescue(attempt, (error) => {
    if (!(error instanceof ConflictError) || lost === MAX_ATTEMPTS) throw error
    call.signal?.throwIfAborted()
    const wait = call.sync || new Promise((resolve) => setTimeout(resolve, jitter(lost, FIRST_DELAY, LONGEST_DELAY)))
    return chain(wait, () => retryConflicts(call, attempt, lost + 1))
  })
}
