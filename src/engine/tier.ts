import type { Backend, Call, Capabilities, Change, EntryOp, ListOptions, Pair } from '../base/backend.ts'
import type { Entry, Name } from '../base/entry.ts'
import { NotResidentError, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, all, chain, each, onFailure, repeat, rescue } from '../base/promise-or-value.ts'
import { cloneBy } from '../codec/platform-clone.ts'
import { CHUNK_SIZE, readStream } from './chunks.ts'
import { type Outcome, KeyQueue } from './queue.ts'
import { holdEntry, scanEntries } from './scan.ts'

export interface TierOptions {
  readonly capabilities: Capabilities
  /** Writes empty the front in place of filling it. */
  readonly writeAround: boolean
  /** Where the front's errors go: the back has the truth, so that no caller has to fail of them. */
  readonly onError: (error: unknown) => void
  /** Let the back go; the front is the tier's own. */
  close(call: Call): PromiseOrValue<void>
}

export interface TieredBackend extends Backend {
  /** Take no more calls; answers when those under way have ended. */
  stop(call: Call): PromiseOrValue<void>
}

/**
 * A fast front over a back that has the truth. Reads and writes of one name keep their order here, so that filling the
 * front never races a write. Every write goes to the back first; whatever error comes from there may mean that it landed
 * all the same, so the front forgets the name. Only whole values are kept in front, neither logs nor large binaries.
 */
export function tieredBackend(
  front: Backend,
  back: Backend,
  { capabilities, writeAround, onError, close }: TierOptions,
): TieredBackend {
  const { serializer = 'cbor' } = back.capabilities
  const queue = new KeyQueue()
  /** Reads of the back that are under way, for all who miss the same name meanwhile. */
  const flights = new Map<Name, Promise<Entry | undefined>>()
  /** Names of which the front failed to forget or to take an entry: it is not asked for them. */
  const distrusted = new Set<Name>()

  /** The front keeps values as the back does: what was written before the back's serializer changed is the back's alone. */
  const isCacheable = ({ meta, value, serializer: kept = serializer }: Entry): boolean =>
    meta.type === 'binary'
      ? (value as Uint8Array).byteLength <= CHUNK_SIZE
      : meta.type === 'value' && kept === serializer

  /** The entry with a value of its own. */
  const copied = <E extends Entry | undefined>(entry: E): E =>
    entry && { ...entry, version: entry.version, value: cloneBy(entry.serializer ?? serializer)(entry.value) }

  const backAnswers = ({ sync }: Call): boolean => !sync || back.capabilities.sync === true

  const askFront = <T>(ask: (tier: Backend) => PromiseOrValue<T>): PromiseOrValue<T | undefined> =>
    rescue<T | undefined>(
      () => ask(front),
      (error) => void onError(error),
    )

  const askBack = <T>(call: Call, ask: (tier: Backend) => PromiseOrValue<T>): PromiseOrValue<T> => {
    if (backAnswers(call)) return ask(back)
    throw new NotResidentError('This is not in memory: await the call.')
  }

  /** Ask the front, and where it has nothing the back. */
  const askBoth = <T>(
    name: Name,
    call: Call,
    ask: (tier: Backend) => PromiseOrValue<T | undefined>,
  ): PromiseOrValue<T | undefined> =>
    queue.shared([name], call, () =>
      chain(askFront(ask), (found) => (found && !distrusted.has(name) ? found : askBack(call, ask))),
    )

  /** Let the front agree that there is now this entry, or none, in the back. */
  const keep = (name: Name, entry: Entry | undefined, { sync }: Call): PromiseOrValue<void> => {
    const call: Call = { sync, durability: 'relaxed' }
    return rescue(
      () =>
        chain<unknown, void>(
          entry && isCacheable(entry) ? front.write(name, entry, {}, call) : front.delete(name, {}, call),
          () => void distrusted.delete(name),
        ),
      (error) => {
        distrusted.add(name)
        onError(error)
      },
    )
  }

  const forgetAll = (): PromiseOrValue<void> => {
    const call: Call = { sync: false }
    let after: Name | undefined
    const page = (): PromiseOrValue<boolean> =>
      chain(front.list({ after }, call), ({ names, next }) => {
        after = next
        return chain(
          each(names, (name) => keep(name, undefined, call)),
          () => after !== undefined,
        )
      })
    return rescue(() => repeat(page), onError)
  }

  /** Read names from the back, and fill the front. */
  const fetch = (names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> =>
    chain(back.readMany(names, call), (found) =>
      chain(
        each(found, (entry, i) => entry && isCacheable(entry) && keep(names[i]!, entry, call)),
        () => found,
      ),
    )

  /** The same, each name only once for all who ask meanwhile. */
  const share = (names: readonly Name[]): Promise<(Entry | undefined)[]> => {
    const fresh = names.filter((name) => !flights.has(name))
    if (fresh.length > 0) {
      const flight = Promise.resolve(fetch(fresh, { sync: false }))
      fresh.forEach((name, i) =>
        flights.set(
          name,
          flight.then((found) => found[i]).finally(() => flights.delete(name)),
        ),
      )
    }
    return Promise.all(names.map(async (name) => copied(await flights.get(name))))
  }

  const readMany = (names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> =>
    queue.shared(names, call, () =>
      chain(
        askFront((tier) => tier.readMany(names, call)),
        (found = []) => {
          const known = names.map((name, i) => (distrusted.has(name) ? undefined : found[i]))
          const missing = names.filter((_, i) => !known[i])
          if (missing.length === 0) return known
          const fetched = call.sync ? askBack(call, () => fetch(missing, call)) : share(missing)
          return chain(fetched, (entries) => {
            const rest = entries.values()
            return known.map((entry) => entry ?? rest.next().value)
          })
        },
      ),
    )

  /** Run a write of the back. A front that outlives the process forgets first: a crash must not leave it older. */
  const forgetting = <T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> => {
    if (!backAnswers(call)) throw syncUnsupported('tiered')
    const forget = (): PromiseOrValue<void> => each(names, (name) => keep(name, undefined, call))
    return chain(front.capabilities.persistent ? forget() : undefined, () => onFailure(task, forget))
  }

  /** What the front keeps of a write. */
  const written = (name: Name, entry: Entry | undefined, call: Call): PromiseOrValue<void> =>
    keep(name, writeAround ? undefined : entry, call)

  const writing = <T>(
    entries: ReadonlyMap<Name, Entry | undefined>,
    call: Call,
    task: () => PromiseOrValue<T>,
  ): PromiseOrValue<T> => {
    const names = [...entries.keys()]
    return queue.exclusive(names, call, () =>
      forgetting(names, call, () =>
        chain(task(), (result) =>
          chain(
            each(entries, ([name, entry]) => written(name, entry, call)),
            () => result,
          ),
        ),
      ),
    )
  }

  const listing = <T>(
    { prefix }: ListOptions,
    call: Call,
    ask: (tier: Backend) => PromiseOrValue<T>,
  ): PromiseOrValue<T> => chain(prefix?.startsWith('~') ? undefined : queue.idle(call), () => askBack(call, ask))

  return {
    capabilities,
    read: (name, call) => chain(readMany([name], call), ([entry]) => entry),
    hold: (name, call, use) =>
      queue.shared([name], call, () => askBack(call, (tier) => holdEntry(tier, name, call, use))),
    readMeta: (name, call) => askBoth(name, call, (tier) => tier.readMeta(name, call)),
    readMany,
    write(name, entry, condition, call) {
      const own = copied(entry)
      return writing(new Map([[name, own]]), call, () => back.write(name, own, condition, call))
    },
    delete: (name, condition, call) =>
      writing(new Map([[name, undefined]]), call, () => back.delete(name, condition, call)),
    update(name, change, call) {
      const own: Change = (old) => {
        const next = change(old)
        return next === old ? next : copied(next)
      }
      const run = (changes: readonly Change[]): PromiseOrValue<Outcome<Pair>[]> =>
        forgetting([name], call, () => {
          // All at once, so that the back can fold them into one write.
          const pairs = changes.map((each) =>
            rescue<Outcome<Pair>>(
              () => chain(back.update(name, each, call), (value) => ({ value })),
              (error) => ({ error }),
            ),
          )
          return chain(all(pairs), (outcomes) => {
            const last = outcomes.every((outcome) => 'value' in outcome) ? outcomes.at(-1)?.value[1] : undefined
            return chain(written(name, last, call), () => outcomes)
          })
        })
      return queue.fold(name, call, own, run)
    },
    batch(ops, options, call) {
      const own = ops.map((op): EntryOp => ('write' in op ? { ...op, write: [op.write[0], copied(op.write[1])] } : op))
      const entries = own.map((op) => ('write' in op ? op.write : ([op.delete, undefined] as const)))
      return writing(new Map<Name, Entry | undefined>(entries), call, () => back.batch(own, options, call))
    },
    list: (options, call) => listing(options, call, (tier) => tier.list(options, call)),
    scan: (options, call) => listing(options, call, (tier) => scanEntries(tier, options, call)),
    readStream: (name, call) => askBoth(name, call, (tier) => readStream(tier, name, call)),
    ...(back.writeStream && {
      writeStream: (name, meta, pieces, call) =>
        forgetting([name], call, () =>
          // Whatever its signal says by now: it is written.
          chain(back.writeStream!(name, meta, pieces, call), () =>
            queue.exclusive([name], { sync: call.sync }, () => keep(name, undefined, call)),
          ),
        ),
    }),
    /** Who is told of a change reads again: by then the front has forgotten what was there. */
    watch: (watcher) =>
      back.watch((notice) => {
        if (notice.type === 'resync') return void chain(forgetAll(), () => watcher(notice))
        distrusted.add(notice.name)
        void keep(notice.name, undefined, { sync: false })
        watcher(notice)
      }),
    flush: (call) => chain(queue.idle(call), () => back.flush(call)),
    stop: (call) => queue.close(call),
    close: (call) => chain(queue.close(call), () => chain(front.close(call), () => close(call))),
  }
}
