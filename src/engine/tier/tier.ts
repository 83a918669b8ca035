import type {
  Backend,
  BinaryReader,
  Call,
  Change,
  EntryOp,
  ListOptions,
  Notice,
  TierControl,
} from '../../base/backend.ts'
import { type Entry, type Meta, type Name, isLive } from '../../base/entry.ts'
import { atomicUnsupported } from '../../base/errors.ts'
import { type PromiseOrValue, chain, rescue } from '../../base/promise-or-value.ts'
import { collect, readStream } from '../chunks.ts'
import { isBounded } from '../config.ts'
import { KeyQueue } from '../queue.ts'
import { holdEntry, scanEntries } from '../scan.ts'
import { Watchers } from '../watchers.ts'
import { bounded } from './bounded.ts'
import { type PolicyOptions, tierContext } from './context.ts'
import { listBoth, listFront, scanBoth, scanFront } from './listing.ts'
import { isOwn, markOf, nameOf, visible } from './mark.ts'
import { Outbox, type OutboxOptions, PATIENTLY } from './outbox.ts'
import { OwnWrites } from './own-writes.ts'
import { Poll } from './poll.ts'
import { Populate } from './populate.ts'
import { Reading } from './reading.ts'
import type { Bounds } from './residents.ts'
import { Through } from './through.ts'

export interface TierOptions extends PolicyOptions {
  /** Of a front that answers at once, and does not outlive the process. None, if none of them is given. */
  readonly bounds?: Bounds | undefined
  /** Milliseconds after which the back is asked whether the copies in front are still right. Never, if nothing is said. */
  readonly poll?: number | undefined
  readonly outbox?: Pick<OutboxOptions, 'maxEntries' | 'maxBytes' | 'wait' | 'place'> | undefined
  /** Let the back go; the front is the tier's own. */
  close(call: Call): PromiseOrValue<void>
}

export interface TieredBackend extends Backend {
  readonly tier: TierControl
  /** Find what an earlier process has left to be sent. */
  start(call: Call): PromiseOrValue<void>
  /** Take no more calls; answers when those under way have ended. */
  stop(call: Call): PromiseOrValue<void>
}

/**
 * A fast front over a back that has the truth, but for what the front has of its own. Calls on one name keep their order
 * here, so that filling the front never races a write. Only whole values are kept in front, neither logs nor large binaries.
 */
export function tieredBackend(frontend: Backend, back: Backend, options: TierOptions): TieredBackend {
  const { capabilities, bounds, onConflict = 'overwrite', onError, close } = options
  const fenced = bounds && isBounded(bounds) ? bounded(frontend, bounds) : undefined
  const fast = fenced ?? frontend
  const { persistent } = fast.capabilities
  const queue = new KeyQueue()
  const watchers = new Watchers()
  const context = tierContext(fast, back, options)
  const { front, isOverlay, stateOf, asksBack, askBack, isCacheable, copied } = context
  const outbox = new Outbox(front, back, {
    ...options.outbox,
    onConflict,
    onError,
    onLanded: (name) => reading.outdate(name),
    onChanged: (notice) => announce(notice),
    onNotices(notices) {
      for (const notice of notices) reading.outdateBy(notice)
      watchers.tell(notices)
    },
  })
  const reading = new Reading(context)
  const through = new Through(context, reading, outbox)
  const own = new OwnWrites(context, reading, outbox, through, watchers)

  /** The back has something else now. What is the front's own stays. */
  const invalidate = (notice: Notice): PromiseOrValue<void> => {
    reading.outdateBy(notice)
    return notice.type === 'resync' ? front.forgetAll() : front.forget(notice.name)
  }

  /** Readers see something else now. */
  const changed = (notice: Notice): void => {
    const forgotten = invalidate(notice)
    if (notice.type === 'resync') void chain(forgotten, () => watchers.tell([notice]))
    else watchers.tell([notice])
  }

  /** The same, also in other tabs that have this front. */
  const announce = (notice: Notice): void => {
    changed(notice)
    outbox.tell([notice])
  }

  const hears = back.capabilities.watch === 'process' ? announce : changed
  const unwatch = back.watch((notice) => {
    through.told.hear(notice.type === 'resync' ? undefined : notice.name)
    if (outbox.heard(notice)) return
    if (!isOverlay || notice.type === 'resync') return hears(notice)
    // Of what is hidden here nothing is told.
    const meta = rescue(
      () => front.readMeta(notice.name, { sync: false }),
      () => undefined,
    )
    void chain(meta, (found) => (isOwn(found) ? void invalidate(notice) : hears(notice)))
  })

  const poll =
    options.poll === undefined
      ? undefined
      : new Poll({
          front,
          back,
          interval: options.poll,
          inOrder: (name, task) => queue.shared([name], { sync: false }, task),
          onChanged: announce,
          onError,
        })

  const listing = <T>(
    { prefix }: ListOptions,
    call: Call,
    ask: Record<'front' | 'both' | 'back', () => PromiseOrValue<T>>,
  ): PromiseOrValue<T> =>
    chain(prefix?.startsWith('~') ? undefined : queue.idle(call), () => {
      if (!asksBack(call)) return ask.front()
      return askBack(call, front.mayHaveOwn ? ask.both : ask.back)
    })

  /** Whether what the front has is what a reader would be told, without any wait. */
  const canShow = (name: Name, meta: Meta): boolean => queue.isFree(name) && front.believes(name, meta)

  const filling = new Populate(back, {
    copy: async (names, isAnew, call) => queue.shared(names, call, () => reading.copy(names, isAnew, call)),
    copyPage: (range, isAnew, call) =>
      reading.copyPage(range, isAnew, call, (names, task) => queue.shared(names, call, task)),
  })

  const tier: TierControl = {
    stats: () => ({ ...fenced?.stats, hits: reading.hits, misses: reading.misses }),
    pending: () => outbox.pending,
    watchPending: (listener) => outbox.watch(listener),
    dead: () => outbox.dead(),
    async revive(what, names) {
      const rows = (await outbox.dead()).filter(({ name }) => names === undefined || names.includes(name))
      let revived = 0
      for (const each of rows) {
        revived += Number(await queue.exclusive([each.name], { sync: false }, () => outbox.revive(each, what)))
      }
      return revived
    },
    populate: (which, populating) => filling.all(which === 'full', populating),
    reach: (names, populating, next) => filling.reachable(names, populating, next),
  }

  /** What waits in a front that outlives the process can wait for the next one. */
  const patience = persistent ? BRIEFLY : PATIENTLY

  /** Let the back have what waits; answers why it has not, if that is known nowhere else. */
  const drain = (call: Call): PromiseOrValue<unknown> => {
    if (outbox.pending.entries === 0 || call.discards || !outbox.leads)
      return call.sync ? outbox.halt() : outbox.stop(patience)
    if (call.sync) return chain(persistent ? undefined : outbox.flush(call), () => outbox.halt())
    const signal = AbortSignal.timeout(patience)
    const flushed = rescue<unknown>(
      () => outbox.flush({ sync: false, signal }),
      () => (persistent ? undefined : outbox.unsent()),
    )
    return chain(flushed, (error) => chain(outbox.stop(patience), () => error))
  }

  const backend: TieredBackend = {
    capabilities,
    tier,
    start: (call) => outbox.open(call),
    read: (name, call) => chain(backend.readMany([name], call), ([entry]) => entry),
    readMany: (names, call) => queue.shared(names, call, () => reading.readMany(names, call)),
    ...(fast.peek && {
      peek(key, allows) {
        const value = fast.peek!(key, allows ? (name, meta) => canShow(name, meta) && allows(name, meta) : canShow)
        if (value !== undefined) reading.hits++
        return value
      },
      learn: fast.learn!,
    }),
    readMeta: (name, call) => queue.shared([name], call, () => reading.readMeta(name, call)),
    hold: (name, call, use) =>
      queue.shared([name], call, () =>
        chain(front.mayHaveOwn ? front.readMeta(name, call) : undefined, (meta) =>
          isOwn(meta)
            ? chain(reading.readMany([name], call), ([entry]) => use(entry))
            : askBack(call, () => holdEntry(back, name, call, use)),
        ),
      ),
    write(name, entry, condition, call) {
      const copy = copied(entry)
      const state = stateOf(call)
      return queue.exclusive([name], call, () =>
        state !== undefined && (state === 'local' || isCacheable(copy))
          ? chain(own.batch([{ write: [name, copy], ...condition }], state, false, call), () => undefined)
          : through.write(new Map([[name, copy]]), call, () => back.write(name, copy, condition, call)),
      )
    },
    delete(name, condition, call) {
      const state = stateOf(call)
      return queue.exclusive([name], call, () => {
        if (state !== undefined)
          return chain(own.batch([{ delete: name, ...condition }], state, false, call), ([deleted]) => deleted!)
        return through.write(new Map([[name, undefined]]), call, (owned) => {
          const mine = owned.get(name)
          const seen = mine && visible(mine)
          return chain(back.delete(name, condition, call), (deleted) =>
            mine ? seen !== undefined && isLive(seen.meta) : deleted,
          )
        })
      })
    },
    update(name, change, call) {
      const state = stateOf(call)
      const isolated: Change = (old) => {
        const next = change(old)
        return next === old ? next : copied(next)
      }
      return queue.fold(name, call, isolated, (changes: readonly Change[]) => {
        // What is done for several is not one caller's to end.
        const all = changes.length === 1 ? call : { ...call, signal: undefined }
        return state === undefined ? through.update(name, changes, all) : own.update(name, changes, state, all)
      })
    },
    batch(ops, apply, call) {
      const copies = ops.map((op): EntryOp =>
        'write' in op ? { ...op, write: [op.write[0], copied(op.write[1])] } : op,
      )
      const state = stateOf(call)
      const canWait = state === 'local' || copies.every((op) => !('write' in op) || isCacheable(op.write[1]))
      if (apply.atomic && ops.length > capabilities.atomicBatch) throw atomicUnsupported(ops.length, capabilities)
      return queue.exclusive([...new Set(copies.map(nameOf))], call, () => {
        if (state !== undefined && canWait) return own.batch(copies, state, apply.atomic, call)
        const entries = copies.map((op) => ('write' in op ? op.write : ([op.delete, undefined] as const)))
        return through.write(new Map<Name, Entry | undefined>(entries), call, () => back.batch(copies, apply, call))
      })
    },
    list: (range, call) =>
      listing(range, call, {
        back: () => back.list(range, call),
        both: () => listBoth(fast, back, range, call),
        front: () => listFront(fast, range, call),
      }),
    scan: (range, call) =>
      listing(range, call, {
        back: () => scanEntries(back, range, call),
        both: () => scanBoth(fast, back, range, call),
        front: () => scanFront(fast, range, call),
      }),
    readStream: (name, call) =>
      queue.shared([name], call, (): PromiseOrValue<BinaryReader | undefined> =>
        chain(front.readMeta(name, call), (meta): PromiseOrValue<BinaryReader | undefined> => {
          if (markOf(meta)?.gone) return undefined
          if (meta) return readStream(fast, name, call)
          return asksBack(call) ? askBack(call, () => readStream(back, name, call)) : undefined
        }),
      ),
    ...(back.writeStream && {
      writeStream(name, meta, pieces, call) {
        if (stateOf(call) === 'local') {
          // Whoever makes them may use one buffer for all.
          const bytes = collect(() => chain(pieces(), (piece) => piece?.slice()))
          return chain(bytes, (value) => backend.write(name, { meta: meta(), value }, {}, call)) as PromiseOrValue<void>
        }
        const settled = queue.exclusive([name], call, () => through.settled([name], call))
        return chain(settled, () =>
          through.stream(
            name,
            call,
            () => back.writeStream!(name, meta, pieces, call),
            // Whatever its signal says by now: it is written.
            (forget) => queue.exclusive([name], { sync: call.sync }, forget),
          ),
        )
      },
    }),
    watch: (watcher) => watchers.add(watcher),
    flush: (call) => chain(queue.idle(call), () => chain(outbox.flush(call), () => back.flush(call))),
    stop(call) {
      poll?.end()
      return chain(queue.close(call), () => (call.sync ? outbox.halt() : outbox.stop(patience)))
    },
    close(call) {
      poll?.end()
      return chain(queue.close(call), () =>
        chain(drain(call), (error) => {
          unwatch()
          return chain(fast.close(call), () =>
            chain(close(call), () => {
              if (error) throw error
            }),
          )
        }),
      )
    },
  }
  return backend
}

/** Milliseconds that a close waits for the back if what waits is kept in front. */
const BRIEFLY = 2000
