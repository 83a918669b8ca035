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

  /** Let the books say what is there, and remove what has to leave for it. */
  const note = (name: Name, entry: Entry | undefined, call: Call): PromiseOrValue<void> => {
    if (isReserved(name)) return
    if (entry === undefined) {
      residents.unpin(name)
      residents.forget(name)
      return
    }
    if (isOwn(entry.meta)) residents.pin(name)
    else residents.unpin(name)
    const leaving = residents.admit(name, sizeOf(entry), entry.meta.expires?.getTime())
    return each(leaving, (each) => front.delete(each, {}, call))
  }

  /** What is the front's own must find room before anything is touched. */
  const check = (ops: readonly EntryOp[]): void => {
    const own = new Map<Name, number>()
    for (const op of ops) if ('write' in op && isOwn(op.write[1].meta)) own.set(op.write[0], sizeOf(op.write[1]))
    if (own.size > 0 && !residents.canPin(own)) throw full(residents.stats, bounds)
  }

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
    ...(front.peek && {
      peek: (key, allows) =>
        front.peek!(
          key,
          (name, meta) =>
            (!allows || allows(name, meta)) && (isOwn(meta) || (residents.has(name) && residents.hit(name))),
        ),
    }),
    write: (name, entry, condition, call) =>
      chain(result.batch([{ write: [name, entry], ...condition }], { atomic: false }, call), () => undefined),
    delete: (name, condition, call) =>
      chain(result.batch([{ delete: name, ...condition }], { atomic: false }, call), ([deleted]) => deleted!),
    update: (name, change, call) =>
      chain(front.update(name, change, call), (pair) => chain(note(name, pair[1], call), () => pair)),
    batch(ops, options, call) {
      check(ops)
      const last = new Map(ops.map((op) => [nameOf(op), 'write' in op ? op.write[1] : undefined]))
      // None of those that stay may have to leave for another. If it fails, they may be there all the same.
      const pin = (): void => {
        for (const [name, entry] of last) if (isOwn(entry?.meta)) residents.pin(name)
      }
      const applied = onFailure(() => front.batch(ops, options, call), pin)
      return chain(applied, (answers) => {
        pin()
        // The place of one before this must not be what has to leave for another.
        if (last.size > 1) for (const [name, entry] of last) if (!isOwn(entry?.meta)) residents.forget(name)
        return chain(
          each(last, ([name, entry]) => note(name, entry, call)),
          () => answers,
        )
      })
    },
  }
  return result
}

function full({ pinned }: ResidentStats, { maxEntries, maxBytes }: Bounds): LimitExceededError {
  const said = [maxEntries && `maxEntries ${maxEntries}`, maxBytes && `maxBytes ${maxBytes}`].filter(Boolean)
  return new LimitExceededError(
    `There is no more room in front of this store (${said.join(', ')}): ${pinned} entries are there alone, or wait for the ` +
      'back. Await flush(), or connect with larger bounds.',
  )
}
