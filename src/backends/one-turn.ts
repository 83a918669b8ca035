import { nextTick } from 'node:process'

/**
 * Calls of one turn of the event loop as one call for all of them, for `most` at a time: for an engine to which a call costs
 * more than what it is asked for. `run` answers for each item in its place.
 */
export function inOneTurn<Item, Answer>(
  most: number,
  run: (items: readonly Item[]) => Promise<readonly Answer[]>,
): (item: Item) => Promise<Answer> {
  let items: Item[] = []
  let answers: Promise<readonly Answer[]>
  return (item) => {
    if (items.length === 0 || items.length === most) {
      const own: Item[] = (items = [])
      answers = new Promise((resolve, reject) => {
        nextTick(() => {
          if (items === own) items = []
          run(own).then(resolve, reject)
        })
      })
    }
    const place = items.push(item) - 1
    return answers.then((found) => found[place]!)
  }
}
