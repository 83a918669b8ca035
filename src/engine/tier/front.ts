import type { Backend, Call, Condition, EntryOp } from '../../base/backend.ts'
import type { Entry, Meta, Name } from '../../base/entry.ts'
import { BusyError } from '../../base/errors.ts'
import { type PromiseOrValue, chain, each, mapInOrder, onFailure, repeat, rescue } from '../../base/promise-or-value.ts'
import { KeyQueue } from '../queue.ts'
import { isOwn, markOf } from './mark.ts'

export interface FrontOptions {
  /** It may hold more than copies, now or later. */
  readonly mayHaveOwn: boolean
  /** Where its errors go, as long as the back has everything. */
  readonly onError: (error: unknown) => void
}

/** The fast store of a tier. What it fails to forget it is not believed; where it has nothing of its own, it need not work at all. */
export class Front {
  readonly backend: Backend
  mayHaveOwn: boolean
  /** Between two of its calls nothing else can happen to it. */
  readonly isAlone: boolean
  readonly #onError: (error: unknown) => void
  readonly #tasks = new KeyQueue()
  /** Names whose copies are not to be believed, each with a number of its own. */
  readonly #distrusted = new Map<Name, number>()
  #distrusts = 0
  /** While all copies are being forgotten: names of which it has taken one since. */
  #fresh: Set<Name> | undefined

  constructor(backend: Backend, { mayHaveOwn, onError }: FrontOptions) {
    this.backend = backend
    this.isAlone = backend.capabilities.sync === true && !backend.capabilities.persistent
    // Others may have put it there.
    this.mayHaveOwn = mayHaveOwn || !this.isAlone
    this.#onError = onError
  }

  /** What it has, marks and all. Nothing: ask the back. */
  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    return chain(
      this.#asked(() => this.backend.readMany(names, call)),
      (found) => names.map((name, i) => this.believed(name, found?.[i])),
    )
  }

  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined> {
    return chain(
      this.#asked(() => this.backend.readMeta(name, call)),
      (meta) => this.believed(name, meta && { meta })?.meta,
    )
  }

  /** What of an entry it has can be told to readers: its own is always true. */
  believed<T extends Pick<Entry, 'meta'>>(name: Name, found: T | undefined): T | undefined {
    if (found === undefined || isOwn(found.meta)) return found
    return this.#distrusted.has(name) || this.#fresh?.has(name) === false ? undefined : found
  }

  /** The same of what says this of itself. */
  believes(name: Name, meta: Meta): boolean {
    return (this.#distrusted.size === 0 && !this.#fresh) || this.believed(name, { meta }) !== undefined
  }

  #asked<T>(ask: () => PromiseOrValue<T>): PromiseOrValue<T | undefined> {
    return rescue<T | undefined>(ask, (error) => {
      if (this.mayHaveOwn) throw error
      this.#onError(error)
      return undefined
    })
  }

  /** Let it have this copy, or none. What is its own stays. */
  keep(name: Name, copy: Entry | undefined, { sync }: Pick<Call, 'sync'>): PromiseOrValue<void> {
    return rescue(
      () => this.#trustAfter(name, copy, { sync, durability: 'relaxed' }),
      (error) => {
        this.#distrust(name)
        this.#onError(error)
      },
    )
  }

  /**
   * Let it have these copies, all at once where that can be. What is its own stays. `there` is what it was seen to have of
   * each; nothing, if that is not known. Where it takes some by themselves later, `isCurrent` says which of them still hold.
   */
  keepAll(
    copies: readonly (readonly [Name, Entry])[],
    { sync, gives }: Pick<Call, 'sync' | 'gives'>,
    isCurrent: (name: Name) => boolean,
    there: ReadonlyMap<Name, Entry> = NONE,
  ): PromiseOrValue<void> {
    const { backend, isAlone } = this
    const call: Call = { sync, gives, durability: 'relaxed' }
    const before = copies.map(([name]) => this.#distrusted.get(name))
    const put = (owned: readonly (Meta | undefined)[]): PromiseOrValue<unknown> => {
      const left = owned.length > 0 ? copies.filter((_, i) => !isOwn(owned[i])) : copies
      const ifVersion = (name: Name): Condition['ifVersion'] =>
        isAlone ? undefined : (there.get(name)?.version ?? null)
      const ops = left.map((write): EntryOp => ({ write, ifVersion: ifVersion(write[0]) }))
      return backend.batch(ops, { atomic: false, ordered: false }, call)
    }
    return rescue(
      () =>
        chain(
          chain(isAlone && this.mayHaveOwn ? mapInOrder(copies, ([name]) => backend.readMeta(name, call)) : [], put),
          () => copies.forEach(([name], i) => this.#trust(name, before[i])),
        ),
      // Not what was seen is there, or not all of them can be kept.
      () => each(copies, ([name, copy]) => (isCurrent(name) ? this.keep(name, copy, call) : undefined)),
    )
  }

  /** Forget a copy that is not one any more. */
  forget(name: Name): PromiseOrValue<void> {
    this.#distrust(name)
    return rescue(() => this.atOnce((call) => this.#trustAfter(name, undefined, call)), this.#onError)
  }

  /** What it has under `name` is not a copy any more. */
  #distrust(name: Name): void {
    this.#distrusted.set(name, ++this.#distrusts)
  }

  #trustAfter(name: Name, copy: Entry | undefined, call: Call): PromiseOrValue<void> {
    const before = this.#distrusted.get(name)
    return chain(this.#put(name, copy, call), () => this.#trust(name, before))
  }

  /** What was put is believed, unless something newer was told since it was distrusted `before`. */
  #trust(name: Name, before: number | undefined): void {
    if (this.#distrusted.get(name) === before) this.#distrusted.delete(name)
    this.#fresh?.add(name)
  }

  #put(name: Name, copy: Entry | undefined, call: Call): PromiseOrValue<unknown> {
    const { backend } = this
    const put = (): PromiseOrValue<unknown> =>
      copy ? backend.write(name, copy, {}, call) : backend.delete(name, {}, call)
    if (!this.mayHaveOwn) return put()
    if (this.isAlone) return chain(backend.readMeta(name, call), (meta) => isOwn(meta) || put())
    return backend.update(name, (found) => (isOwn(found?.meta) ? found : copy), call)
  }

  /**
   * Let it have this copy, or none, in the place of what is its own, too. Where that fails it would still hide what the back
   * has, and the call fails.
   */
  replace(name: Name, copy: Entry | undefined, call: Call): PromiseOrValue<void> {
    const { backend } = this
    return onFailure(
      () =>
        chain(backend.readMeta(name, call), (meta) => {
          const mark = markOf(meta)
          if (mark?.state === undefined) return this.keep(name, copy, call)
          const row: EntryOp[] = mark.row === undefined ? [] : [{ delete: mark.row }]
          const put: EntryOp = copy ? { write: [name, copy] } : { delete: name }
          return chain(backend.batch([put, ...row], { atomic: false, ordered: true }, call), () => undefined)
        }),
      () => this.#distrust(name),
    )
  }

  /**
   * Run `task`, which reads `names` and writes what follows from that, while no other task of this process does so: nobody's
   * update function has to run twice because the outbox came between.
   */
  alone<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return this.isAlone ? task() : this.#tasks.exclusive(names, call, task)
  }

  /** A call of nobody's: at once where that can be, so that no synchronous call meets it. */
  atOnce<T>(task: (call: Call) => PromiseOrValue<T>): PromiseOrValue<T> {
    if (this.backend.capabilities.sync !== true) return task({ sync: false })
    return rescue(
      () => task({ sync: true }),
      (error) => {
        if (error instanceof BusyError) return task({ sync: false })
        throw error
      },
    )
  }

  /** Forget all copies. None of them is believed from now on. */
  forgetAll(): PromiseOrValue<void> {
    const fresh = new Set<Name>()
    this.#fresh = fresh
    let after: Name | undefined
    const page = (): PromiseOrValue<boolean> =>
      chain(
        this.atOnce((call) => this.backend.list({ after, limit: PAGE }, call)),
        ({ names, next }) => {
          after = next
          return chain(
            each(names, (name) => (fresh.has(name) ? undefined : this.forget(name))),
            () => after !== undefined,
          )
        },
      )
    return rescue(
      () =>
        chain(repeat(page), () => {
          if (this.#fresh === fresh) this.#fresh = undefined
        }),
      this.#onError,
    )
  }
}

const PAGE = 1000
const NONE: ReadonlyMap<Name, Entry> = new Map()
