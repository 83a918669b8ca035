import { nextTick } from 'node:process'
import { type CodedErrorClass, KonserveError } from '../base/errors.ts'

/**
 * Calls of one turn of the event loop as one call for all of them, for `most` at a time: for an engine to which a call costs
 * more than what it is asked for. `together` answers for each item in its place. A call that is alone does not wait for
 * others.
 */
export function inOneTurn<Item, Answer>(
  most: number,
  alone: (item: Item) => Promise<Answer>,
  together: (items: readonly Item[]) => Promise<readonly (Answer | Promise<Answer>)[]>,
): (item: Item) => Promise<Answer> {
  let isBusy = false
  let next: { readonly items: Item[]; readonly answers: ReturnType<typeof together> } | undefined
  const rest = (): void => void (isBusy = false)
  const begin = (): NonNullable<typeof next> => {
    const items: Item[] = []
    const answers: ReturnType<typeof together> = new Promise((resolve, reject) => {
      nextTick(() => {
        if (next === group) next = undefined
        together(items).then(resolve, reject)
      })
    })
    const group = { items, answers }
    return group
  }
  return (item) => {
    if (!isBusy) {
      isBusy = true
      const answer = alone(item)
      answer.then(rest, rest)
      return answer
    }
    if (next === undefined || next.items.length === most) next = begin()
    const place = next.items.push(item) - 1
    return next.answers.then((found) => found[place]!, failed)
  }
}

/** Each caller gets an error of its own, which says its own key. */
function failed(error: unknown): never {
  if (!(error instanceof KonserveError)) throw error
  const { message, cause, usage, quota } = error
  const Own = error.constructor as CodedErrorClass<typeof error.code>
  throw new Own(message, { cause, ...(usage !== undefined && { usage, quota }) })
}
