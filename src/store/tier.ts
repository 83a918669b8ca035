import type { PendingWrites, PopulateOptions, PopulateProgress, TierControl, TierStats } from '../base/backend.ts'
import { type Key, isLive } from '../base/entry.ts'
import { type Context, checkOpen, nameAndKey } from './context.ts'

/** A write that was given up, and why. */
export interface DeadLetter {
  readonly key: Key
  /** The code of the error, and its message. */
  readonly code: string
  readonly message: string
  readonly at: Date
}

/** What only a tiered store can do. */
export interface Tier {
  /** How often the front could answer, and, if it is bounded, what is in it. */
  stats(): TierStats
  /** Writes that wait for the back. */
  pending(): PendingWrites
  /**
   * Call `listener` whenever that changes, in every tab that has this front, until the answer is called.
   *
   * @example
   * const stop = store.tier?.watchPending(({ entries }) => (badge.textContent = `${entries} to be sent`))
   */
  watchPending(listener: (pending: PendingWrites) => void): () => void
  /** Writes that were given up; readers still see them. */
  deadLetters(): Promise<DeadLetter[]>
  /** Send writes that were given up once more: those of these keys, or all. Answers how many. */
  retry(keys?: Iterable<Key>): Promise<number>
  /** Forget writes that were given up, and see again what the back has: those of these keys, or all. Answers how many. */
  drop(keys?: Iterable<Key>): Promise<number>
  /**
   * Let the front have entries of the back: those that it does not have (`missing`), all of them anew (`full`), or what is
   * reachable from some keys. Answers how many were looked at, and how many of them the front did not have, or got anew.
   *
   * @example
   * await store.tier?.populate('missing', { onProgress: ({ seen }) => console.log(seen) })
   */
  populate(which: 'missing' | 'full' | Walk, options?: PopulateOptions): Promise<PopulateProgress>
  /** Let the front have these entries as they are in the back now. */
  syncKeys(keys: Iterable<Key>, options?: PopulateOptions): Promise<PopulateProgress>
}

/** The keys of `roots`, and, of each entry, the keys that it leads to. */
export interface Walk {
  readonly roots: Iterable<Key>
  readonly walk: (value: unknown, key: Key) => Iterable<Key>
}

/** Of a store that is not tiered there is none. */
export function tierOf(context: Context): Tier | undefined {
  const { tier } = context.handle.engine.backend
  if (tier === undefined) return undefined
  const open = (): TierControl => {
    checkOpen(context.handle)
    return tier
  }
  const namesOf = (keys: Iterable<Key>): string[] => Array.from(keys, (key) => nameAndKey(context, key)[0])
  const { scope } = context
  const namesOfLetters = async (): Promise<string[]> => {
    const found = await open().dead()
    return found.filter(({ key }) => scope.outer(key) !== undefined).map(({ name }) => name)
  }
  return {
    stats: () => open().stats(),
    pending: () => open().pending(),
    watchPending: (listener) => open().watchPending(listener),
    async deadLetters() {
      const found = await open().dead()
      return found.flatMap(({ key: inner, code, message, at }) => {
        const key = scope.outer(inner)
        return key === undefined ? [] : [{ key, code, message, at }]
      })
    },
    retry: async (keys) => open().revive('retry', keys ? namesOf(keys) : await namesOfLetters()),
    drop: async (keys) => open().revive('drop', keys ? namesOf(keys) : await namesOfLetters()),
    async populate(which, options = {}) {
      if (typeof which === 'string') return open().populate(which, options)
      const { roots, walk } = which
      return open().reach(namesOf(roots), options, (_, { meta, value }) => {
        const key = scope.outer(meta.key)
        return meta.type === 'value' && isLive(meta) && key !== undefined ? namesOf(walk(value, key)) : []
      })
    },
    syncKeys: async (keys, options = {}) => open().reach(namesOf(keys), options),
  }
}
