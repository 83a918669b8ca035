import type { Call, Change, EntryOp, Notice, Pair } from '../../base/backend.ts'
import { type Entry, type Name, isLive } from '../../base/entry.ts'
import { type PromiseOrValue, chain, ensure, mapInOrder, onFailure, rescue } from '../../base/promise-or-value.ts'
import { checkVersion } from '../condition.ts'
import { randomId } from '../parts.ts'
import type { Outcome } from '../queue.ts'
import { retryConflicts } from '../retry.ts'
import type { Watchers } from '../watchers.ts'
import type { TierContext } from './context.ts'
import { fold, remembered } from './fold.ts'
import { LOCAL, type Mark, WAITING, markOf, nameOf, newRow, rowEntry, tombstone, visible, withMark } from './mark.ts'
import type { Outbox } from './outbox.ts'
import type { Reading } from './reading.ts'
import type { Through } from './through.ts'

interface OwnWrite {
  readonly names: readonly Name[]
  /** Whether they go to the back in their turn, or stay. */
  readonly state: 'behind' | 'local'
  /** Those of the names whose old entries the change depends on. */
  readonly needs: ReadonlySet<Name>
  /** All or none. */
  readonly isAtomic: boolean
  /** From what readers see under each name to what they shall see; the very same where nothing changes. */
  readonly change: (olds: readonly (Entry | undefined)[]) => readonly (Entry | undefined)[]
}

/** Writes of the front alone, all in one step with the rows that send them to the back, within the order of the names. */
export class OwnWrites {
  readonly #context: TierContext
  readonly #reading: Reading
  readonly #outbox: Outbox
  readonly #through: Through
  readonly #watchers: Watchers
  #saysLocal = false

  constructor(context: TierContext, reading: Reading, outbox: Outbox, through: Through, watchers: Watchers) {
    this.#context = context
    this.#reading = reading
    this.#outbox = outbox
    this.#through = through
    this.#watchers = watchers
  }

  /** One answer an op, as a backend's `batch` gives. */
  batch(ops: readonly EntryOp[], state: OwnWrite['state'], isAtomic: boolean, call: Call): PromiseOrValue<boolean[]> {
    const names = [...new Set(ops.map(nameOf))]
    const needs = new Set(ops.flatMap((op) => ('delete' in op || op.ifVersion !== undefined ? [nameOf(op)] : [])))
    let answers: boolean[] = []
    const change: OwnWrite['change'] = (olds) => {
      const now = new Map(names.map((name, i) => [name, olds[i]]))
      answers = ops.map((op) => {
        const name = nameOf(op)
        const old = now.get(name)
        checkVersion(name, old?.version, op)
        now.set(name, 'write' in op ? op.write[1] : undefined)
        return 'write' in op || (old !== undefined && isLive(old.meta))
      })
      return names.map((name) => now.get(name))
    }
    return chain(this.#commit({ names, state, needs, isAtomic, change }, call), () => answers)
  }

  /** Several changes in order, each of what the one before left. What cannot wait in front goes to the back at once. */
  update(
    name: Name,
    changes: readonly Change[],
    state: OwnWrite['state'],
    call: Call,
  ): PromiseOrValue<Outcome<Pair>[]> {
    const { copied, isCacheable } = this.#context
    const folded = fold(changes, copied)
    const change: OwnWrite['change'] = ([old]) => {
      const next = folded.change(old)
      if (state === 'behind' && next && next !== old && !isCacheable(next)) throw new CannotWait()
      return [next]
    }
    const task: OwnWrite = { names: [name], state, needs: new Set([name]), isAtomic: false, change }
    return rescue<Outcome<Pair>[]>(
      () => chain(this.#commit(task, call), folded.outcomes),
      (error) => {
        if (!(error instanceof CannotWait)) throw error
        const outcomes = folded.outcomes()
        return this.#through.update(
          name,
          changes.map((each, i) => remembered(each, outcomes[i]!)),
          call,
        )
      },
    )
  }

  #commit(task: OwnWrite, call: Call): PromiseOrValue<Pair[]> {
    const { front, isOverlay } = this.#context
    const { names, state } = task
    front.mayHaveOwn = true
    const outdate = (): void => {
      for (const name of names) this.#reading.outdate(name)
    }
    const write = (): PromiseOrValue<Pair[]> =>
      chain(
        onFailure(
          () => front.alone(names, call, () => retryConflicts(call, () => this.#attempt(task, call, new Map()))),
          () => {
            outdate()
            this.#outbox.refresh()
          },
        ),
        (pairs) => {
          outdate()
          const notices = pairs.flatMap(([old, next], i) => noticeOf(names[i]!, old, next))
          this.#watchers.tell(notices)
          this.#outbox.tell(notices)
          return pairs
        },
      )
    if (state === 'behind') return chain(this.#outbox.room(call), (free) => ensure(write, free))
    return isOverlay ? write() : chain(this.#through.settled(names, call), write)
  }

  /** `fetched` is what the back was asked for. */
  #attempt(task: OwnWrite, call: Call, fetched: Map<Name, Entry | undefined>): PromiseOrValue<Pair[]> {
    const { names, needs } = task
    return chain(this.#look(task, call), (there) => {
      const found = there.map((entry, i) => this.#context.front.believed(names[i]!, entry))
      const missing = names.filter((name, i) => !found[i] && needs.has(name) && !fetched.has(name))
      if (missing.length === 0) return this.#put(task, there, found, fetched, call)
      return chain(this.#reading.ask(missing, call), (entries) => {
        missing.forEach((name, i) => fetched.set(name, entries[i]))
        // The front may have them now.
        return this.#attempt(task, call, fetched)
      })
    })
  }

  /** What is there, to be believed or not: whole, or its metadata where nobody looks at the values. */
  #look({ names, needs }: OwnWrite, call: Call): PromiseOrValue<(Entry | undefined)[]> {
    const { front } = this.#context
    const { backend } = front
    if (!front.isAlone || needs.size > 0) return backend.readMany(names, call)
    return mapInOrder(names, (name) =>
      chain(backend.readMeta(name, call), (meta) => meta && { meta, value: undefined }),
    )
  }

  #put(
    task: OwnWrite,
    there: readonly (Entry | undefined)[],
    found: readonly (Entry | undefined)[],
    fetched: ReadonlyMap<Name, Entry | undefined>,
    call: Call,
  ): PromiseOrValue<Pair[]> {
    const { names, state, isAtomic } = task
    const { front, seesConflicts } = this.#context
    const olds = names.map((name, i) => (found[i] ? visible(found[i]) : fetched.get(name)))
    const nexts = task.change(olds)
    const rows: EntryOp[] = []
    const entries: EntryOp[] = []
    const added: [row: Name, name: Name, entry: Entry][] = []
    names.forEach((name, i) => {
      const next = nexts[i]
      const old = olds[i]
      if (next === old) return
      const { key } = (next ?? old)!.meta
      const before = markOf(found[i]?.meta)
      const row = state === 'behind' ? (waiting(before) ?? newRow()) : undefined
      const base = before ? before.base : baseOf(found[i], name, fetched)
      const mark: Mark = seesConflicts ? { state, row, base, id: randomId() } : { state, row }
      const entry = next ? withMark(next, mark) : tombstone(key, mark)
      // What another tab has put there meanwhile must not get lost.
      const ifVersion = front.isAlone ? undefined : (there[i]?.version ?? null)
      const newest = row ?? (this.#saysLocal ? undefined : LOCAL)
      if (newest !== undefined && newest !== before?.row) {
        rows.push({ write: [newest, rowEntry(entry.meta, { name })] })
      }
      if (before?.row !== undefined && before.row !== row) rows.push({ delete: before.row })
      for (const part of next?.parts ?? []) rows.push({ write: part })
      entries.push({ write: [name, entry], ifVersion })
      if (row !== undefined) added.push([row, name, entry])
    })
    const pairs = (): Pair[] => olds.map((old, i) => [old, nexts[i]])
    if (entries.length === 0) return pairs()
    // Rows first: without what they send they are nothing.
    return chain(front.backend.batch([...rows, ...entries], { atomic: isAtomic, ordered: true }, call), () => {
      if (state === 'local') this.#saysLocal = true
      for (const each of added) this.#outbox.added(...each)
      return pairs()
    })
  }
}

/** A result that cannot wait in front: a log, or a large binary. */
class CannotWait extends Error {}

function noticeOf(name: Name, old: Entry | undefined, next: Entry | undefined): Notice[] {
  const shown = next ?? old
  if (old === next || shown === undefined || !(next || isLive(shown.meta))) return []
  return [{ type: next ? 'set' : 'delete', name, key: shown.meta.key }]
}

/** The row that sends what is there; not one that was given up. */
function waiting(mark: Mark | undefined): Name | undefined {
  return mark?.state === 'behind' && mark.row?.startsWith(WAITING) ? mark.row : undefined
}

function baseOf(copy: Entry | undefined, name: Name, fetched: ReadonlyMap<Name, Entry | undefined>): Mark['base'] {
  if (copy || !fetched.has(name)) return undefined
  return fetched.get(name)?.version ?? null
}
