import type { Change, Pair } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import type { Outcome } from '../queue.ts'

/** Several changes of one entry as one, and what each of them came to when it was last applied. */
export interface Fold {
  readonly change: Change
  readonly outcomes: () => Outcome<Pair>[]
}

/** Each change gets what the one before has left; one that throws fails alone. `copied` keeps them apart. */
export function fold(changes: readonly Change[], copied: (entry: Entry | undefined) => Entry | undefined): Fold {
  let outcomes: Outcome<Pair>[] = []
  const change: Change = (old) => {
    let current = old
    const parts: [Name, Entry][] = []
    outcomes = changes.map((each) => {
      try {
        // What one does to it before it throws, the next does not see.
        const seen = changes.length === 1 ? current : copied(current)
        const next = each(seen)
        if (next !== seen) {
          current = next
          parts.push(...(next?.parts ?? []))
        }
        return { value: [seen, next] }
      } catch (error) {
        return { error }
      }
    })
    return current && current !== old && parts.length > 0 ? { ...current, parts } : current
  }
  return { change, outcomes: () => outcomes }
}

/** A change that has been worked out already; only if it is asked for again, it is worked out anew. */
export function remembered(change: Change, outcome: Outcome<Pair>): Change {
  let isUsed = false
  return (old) => {
    if (isUsed) return change(old)
    isUsed = true
    if ('error' in outcome) throw outcome.error
    const [seen, next] = outcome.value
    return next === seen ? old : next
  }
}

/** A change that starts from what is here in the place of what the back has, unless there is nothing to change. */
export function startingFrom(mine: Entry | undefined, change: Change): Change {
  return (old) => {
    const next = change(mine)
    return next === mine ? old : next
  }
}
