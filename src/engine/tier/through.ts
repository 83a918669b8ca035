import type { Call, Change, Pair } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import { LimitExceededError, UnserializableValueError, syncUnsupported } from '../../base/errors.ts'
import { type PromiseOrValue, chain, each, ensure, mapInOrder, onFailure, rescue } from '../../base/promise-or-value.ts'
import type { Outcome } from '../queue.ts'
import { type TierContext, Told } from './context.ts'
import { fold, remembered, startingFrom } from './fold.ts'
import { isOwn, markOf, visible } from './mark.ts'
import type { Outbox } from './outbox.ts'
import type { Reading } from './reading.ts'

/**
 * Writes that go to the back first; the front gets a copy, or forgets. Whatever error comes from the back may mean that the
 * write landed all the same, so the front forgets then, too. All of it within the order of the names.
 */
export class Through {
  readonly #context: TierContext
  readonly #reading: Reading
  readonly #outbox: Outbox
  /** What the back tells of names while they are being written. */
  readonly told: Told = new Told()

  constructor(context: TierContext, reading: Reading, outbox: Outbox) {
    this.#context = context
    this.#reading = reading
    this.#outbox = outbox
  }

  /** Write what `task` does to the back, after which it has `entries`. It is told what the front had of its own. */
  write<T>(
    entries: ReadonlyMap<Name, Entry | undefined>,
    call: Call,
    task: (own: ReadonlyMap<Name, Entry>) => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    const names = [...entries.keys()]
    return chain(this.settled(names, call), (own) =>
      this.#forgetting(names, call, (told) =>
        chain(task(own), (result) =>
          chain(
            each(entries, ([name, entry]) => this.#written(name, entry, call, told)),
            () => result,
          ),
        ),
      ),
    )
  }

  /** Several changes in order, in one write. Where its result cannot be stored, each goes by itself, and may fail alone. */
  update(name: Name, changes: readonly Change[], call: Call): PromiseOrValue<Outcome<Pair>[]> {
    const { copied } = this.#context
    const folded = fold(changes, copied)
    return rescue<Outcome<Pair>[]>(
      () => chain(this.#updateOnce(name, folded.change, call), folded.outcomes),
      (error) => {
        if (changes.length === 1 || !isOfValue(error)) throw error
        const outcomes = folded.outcomes()
        return mapInOrder(changes, (change, i) =>
          rescue<Outcome<Pair>>(
            () => chain(this.#updateOnce(name, remembered(change, outcomes[i]!), call), (value) => ({ value })),
            (reason) => ({ error: reason }),
          ),
        )
      },
    )
  }

  #updateOnce(name: Name, change: Change, call: Call): PromiseOrValue<Pair> {
    const { back } = this.#context
    return chain(this.settled([name], call), (own) => {
      const mine = own.get(name)
      const based = mine ? startingFrom(visible(mine), change) : change
      return this.#forgetting([name], call, (told) =>
        chain(back.update(name, based, call), (pair) => {
          const [old, next] = pair
          // What nobody has replaced stays, if it is the front's own.
          const kept = next === old ? this.#found(name, next, call, told) : this.#written(name, next, call, told)
          return chain(kept, () => pair)
        }),
      )
    })
  }

  /** A write that keeps no order with others until it is done: then `finish` runs within the order. */
  stream<T>(
    name: Name,
    call: Call,
    task: () => PromiseOrValue<T>,
    finish: (forget: () => PromiseOrValue<void>) => PromiseOrValue<void>,
  ): PromiseOrValue<T> {
    return this.#forgetting([name], call, (told) =>
      chain(task(), (result) =>
        chain(
          finish(() => this.#written(name, undefined, call, told)),
          () => result,
        ),
      ),
    )
  }

  /** What waits for the back goes there first. Answers what is here, and not in the back, of each name. */
  settled(names: readonly Name[], call: Call): PromiseOrValue<ReadonlyMap<Name, Entry>> {
    const { front } = this.#context
    const own = new Map<Name, Entry>()
    if (!front.mayHaveOwn) return own
    const metas = mapInOrder(names, (name) => front.readMeta(name, call))
    return chain(metas, (found) => {
      const left = names.filter((_, i) => isOwn(found[i]))
      if (left.length === 0) return own
      const drained = each(names, (name, i) => this.#outbox.drained(name, markOf(found[i]), call))
      return chain(drained, () =>
        chain(front.readMany(left, call), (entries) => {
          entries.forEach((entry, i) => {
            if (entry && isOwn(entry.meta)) own.set(left[i]!, entry)
          })
          return own
        }),
      )
    })
  }

  /** A front that outlives the process forgets first: a crash must not leave it older than the back. */
  #forgetting<T>(
    names: readonly Name[],
    call: Call,
    task: (told: ReturnType<Told['begin']>) => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    const { front, backAnswers } = this.#context
    if (!backAnswers(call)) throw syncUnsupported('tiered')
    const forget = (): PromiseOrValue<void> =>
      each(names, (name) => {
        this.#reading.outdate(name)
        return front.keep(name, undefined, call)
      })
    const told = this.told.begin(names)
    const isOutliving = front.backend.capabilities.persistent
    return ensure(() => chain(isOutliving ? forget() : undefined, () => onFailure(() => task(told), forget)), told.end)
  }

  /** What the front keeps of what was read, to be changed, and was not. */
  #found(name: Name, entry: Entry | undefined, call: Call, told: ReturnType<Told['begin']>): PromiseOrValue<void> {
    const isCurrent = (): boolean => told.of(name) === 0
    return this.#keep(name, entry, isCurrent, (copy) => this.#context.front.keep(name, copy, call))
  }

  /** What the front keeps of a write that went to the back, which tells of it once. */
  #written(name: Name, entry: Entry | undefined, call: Call, told: ReturnType<Told['begin']>): PromiseOrValue<void> {
    const { front, policyOf } = this.#context
    this.#reading.outdate(name)
    const kept = policyOf(call) === 'write-around' ? undefined : entry
    const isCurrent = (): boolean => told.of(name) <= 1
    return this.#keep(name, kept, isCurrent, (copy) =>
      front.mayHaveOwn ? front.replace(name, copy, { sync: call.sync }) : front.keep(name, copy, call),
    )
  }

  /** Where the back has told more of a name, somebody else has written it as well, and who was last is not known. */
  #keep(
    name: Name,
    entry: Entry | undefined,
    isCurrent: () => boolean,
    keep: (copy: Entry | undefined) => PromiseOrValue<void>,
  ): PromiseOrValue<void> {
    const { front, isCacheable } = this.#context
    const copy = isCurrent() && entry !== undefined && isCacheable(entry) ? entry : undefined
    return chain(keep(copy), () => (isCurrent() ? undefined : front.forget(name)))
  }
}

/** Whether it is the result that cannot be stored. */
function isOfValue(error: unknown): boolean {
  return error instanceof UnserializableValueError || error instanceof LimitExceededError
}
