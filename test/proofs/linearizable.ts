/*
 * Whether a history of operations on registers could have been: for each key there must be one order of all operations,
 * in which each is somewhere between its call and its answer, and every answer is what the operations before it left.
 * The search is that of Wing and Gong (1993) with the memory of Lowe (2017): operations that were done, and the state.
 */

export type State = string | undefined

export interface Operation {
  readonly key: string
  readonly kind: 'get' | 'has' | 'set' | 'delete' | 'update'
  /** What `set` writes, and what `update` made of the old value. */
  readonly value?: State
  /** What `get` answered, and what `update` saw. */
  readonly seen?: State
  /** What `has` answered, and `delete`: whether there was something. */
  readonly found?: boolean
  readonly called: number
  /** `Infinity` if it never answered: then it may have happened, or not. */
  readonly answered: number
}

/** The keys of which the history is impossible. */
export function violations(history: readonly Operation[]): string[] {
  const keys = [...new Set(history.map(({ key }) => key))]
  return keys.filter((key) => !isLinearizable(history.filter((each) => each.key === key)))
}

function isLinearizable(history: readonly Operation[]): boolean {
  const operations = [...history].sort((a, b) => a.called - b.called)
  const seen = new Set<string>()
  /** What is left to try: the operations that are done, and the state that they left. */
  const open: { readonly done: bigint; readonly state: State }[] = [{ done: 0n, state: undefined }]
  const answered = operations.reduce(
    (mask, { answered: at }, i) => (at < Infinity ? mask | (1n << BigInt(i)) : mask),
    0n,
  )
  for (let now = open.pop(); now; now = open.pop()) {
    const { done, state } = now
    if ((done & answered) === answered) return true
    // The next one was called before any that is left had answered.
    let end = Infinity
    const left: number[] = []
    for (const [i, operation] of operations.entries()) {
      if (operation.called > end) break
      if (done & (1n << BigInt(i))) continue
      left.push(i)
      end = Math.min(end, operation.answered)
    }
    for (const i of left) {
      const operation = operations[i]!
      const next = after(state, operation)
      if (operation.called > end || next === 'impossible') continue
      const step = { done: done | (1n << BigInt(i)), state: next.state }
      const id = `${step.done.toString(36)} ${step.state ?? '-'}`
      if (seen.has(id)) continue
      seen.add(id)
      open.push(step)
    }
  }
  return false
}

function after(state: State, { kind, value, seen, found }: Operation): { readonly state: State } | 'impossible' {
  switch (kind) {
    case 'get':
      return seen === state ? { state } : 'impossible'
    case 'has':
      return found === (state !== undefined) ? { state } : 'impossible'
    case 'set':
      return { state: value }
    case 'delete':
      return found === undefined || found === (state !== undefined) ? { state: undefined } : 'impossible'
    case 'update':
      return seen === state ? { state: value } : 'impossible'
  }
}
