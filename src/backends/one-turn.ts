import { nextTick } from 'node:process'

/**
 * Calls of one turn of the event loop as one call for all of them, for `most` at a time: for an engine to which a call costs
 * more than what it is asked for. `together` answers for each item in its place. A call that is alone does not wait for
 * others.
 */
export function inOneTurn<Item, Answer>(
  most: number,
  alone: (item: Item) => Promise<Answer>,
  together: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  let isBusy = false
  let items: Item[] = []
  let answers: Promise<readonly Answer[]>
  const rest = (): void => void (isBusy = false)
  return (item) => {
    if (!isBusy) {
      isBusy = true
      const answer = alone(item)
      answer.then(rest, rest)
      return answer
    }
    if (items.length === 0 || items.length === most) {
      const own: Item[] = (items = [])
      answers = new Promise((resolve, reject) => {
        nextTick(() => {
          if (items === own) items = []
          together(own).then(resolve, reject)
        })
      })
    }
    const place = items.push(item) - 1
    return answers.then((found) => found[place]!)
  }
}
