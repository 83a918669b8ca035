import type { Backend, Call, EntryOp } from '../../base/backend.ts'
import type { Entry, Meta, Name } from '../../base/entry.ts'
import { LimitExceededError } from '../../base/errors.ts'
import { isReserved } from '../../base/name.ts'
import { type PromiseOrValue, chain, each, onFailure } from '../../base/promise-or-value.ts'
import { isOwn, nameOf } from './mark.ts'
import { type Bounds, type ResidentStats, Residents } from './residents.ts'
import { sizeOf } from './size.ts'

export interface BoundedBackend extends Backend {
  readonly stats: ResidentStats
}

/**
 * A front that keeps no more than `bounds` say: copies of what the back has leave when there is no room, or after their time.
 * What is its own stays; if there is nothing else, more of it is LIMIT_EXCEEDED. `front` must answer at once.
 */
export function bounded(front: Backend, bounds: Bounds): BoundedBackend {
  const residents = new Residents(bounds)

  /** What it answers for a name, which is asked for: nothing after its time. */
  const current = <T extends Pick<Entry, 'meta'>>(name: Name, found: T | undefined): T | undefined =>
    isReserved(name) || (residents.hit(name) && found) || isOwn(found?.meta) ? found : undefined

  const room = (name: Name, entry: Entry): Name[] => {
    const { meta } = entry
    const wasPinned = residents.isPinned(name)
    if (isOwn(meta)) residents.pin(name)
    else residents.unpin(name)
    try {
      return residents.admit(name, sizeOf(entry), meta.expires?.getTime())
    } catch (error) {
      if (!wasPinned) residents.unpin(name)
      throw error instanceof LimitExceededError ? full(error, residents.stats, bounds) : error
    }
  }

  const drop = (names: readonly Name[], call: Call): PromiseOrValue<void> =>
    each(names, (name) => front.delete(name, {}, call))

  /** Let the books say what is there. */
  const note = (name: Name, entry: Entry | undefined, call: Call): PromiseOrValue<void> => {
    if (isReserved(name)) return
    if (entry) return drop(room(name, entry), call)
    residents.unpin(name)
    residents.forget(name)
  }

  /** Room for all that is written, before it is. */
  const reserve = (ops: readonly EntryOp[], call: Call): PromiseOrValue<readonly EntryOp[]> => {
    const leaving = new Set<Name>()
    for (const op of ops) {
      if ('delete' in op || isReserved(op.write[0])) continue
      for (const name of room(...op.write)) leaving.add(name)
    }
    // A copy for which there is none is not kept at all.
    const kept = ops.map((op): EntryOp => ('write' in op && leaving.has(op.write[0]) ? { delete: op.write[0] } : op))
    return chain(drop([...leaving], call), () => kept)
  }

  const recount = (ops: readonly EntryOp[], call: Call): PromiseOrValue<void> =>
    each(ops, (op) => {
      const name = nameOf(op)
      return chain(front.read(name, call), (entry) => note(name, entry, call))
    })

  const result: BoundedBackend = {
    ...front,
    get stats() {
      return residents.stats
    },
    read: (name, call) => chain(front.read(name, call), (entry) => current(name, entry)),
    readMany: (names, call) =>
      chain(front.readMany(names, call), (found) => names.map((name, i) => current(name, found[i]))),
    readMeta: (name, call) =>
      chain(front.readMeta(name, call), (meta): Meta | undefined => current(name, meta && { meta })?.meta),
    write: (name, entry, condition, call) =>
      chain(result.batch([{ write: [name, entry], ...condition }], { atomic: false }, call), () => undefined),
    delete: (name, condition, call) =>
      chain(front.delete(name, condition, call), (deleted) => chain(note(name, undefined, call), () => deleted)),
    update: (name, change, call) =>
      chain(front.update(name, change, call), (pair) => chain(note(name, pair[1], call), () => pair)),
    batch: (ops, options, call) =>
      onFailure(
        () =>
          chain(reserve(ops, call), (kept) =>
            chain(front.batch(kept, options, call), (answers) =>
              chain(
                each(kept, (op) => ('delete' in op ? note(op.delete, undefined, call) : undefined)),
                () => answers,
              ),
            ),
          ),
        () => recount(ops, call),
      ),
  }
  return result
}

function full(
  cause: LimitExceededError,
  { pinned }: ResidentStats,
  { maxEntries, maxBytes }: Bounds,
): LimitExceededError {
  const bounds = [maxEntries && `maxEntries ${maxEntries}`, maxBytes && `maxBytes ${maxBytes}`].filter(Boolean)
  return new LimitExceededError(
    `There is no more room in front of this store (${bounds.join(', ')}): ${pinned} entries are there alone, or wait for the ` +
      'back. Await flush(), or connect with larger bounds.',
    { cause },
  )
}
