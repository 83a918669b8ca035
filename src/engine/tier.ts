import type {
  Backend,
  BinaryReader,
  Call,
  Capabilities,
  Condition,
  EntriesPage,
  EntryOp,
  ListOptions,
  NamesPage,
} from '../base/backend.ts'
import type { Entry, Meta, Name, Version } from '../base/entry.ts'
import { NotResidentError, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, all, chain, each, onFailure, rescue } from '../base/promise-or-value.ts'
import { clone } from '../codec/clone.ts'
import type { Change, Pair } from './changes.ts'
import { CHUNK_SIZE, readStream, wholeReader } from './chunks.ts'
import { type Outcome, KeyQueue } from './queue.ts'
import { holdEntry, scanEntries } from './scan.ts'

export interface TierOptions {
  readonly capabilities: Capabilities
  /** Writes empty the front in place of filling it. */
  readonly writeAround: boolean
  /** Where the front's errors go: the back has the truth, so that no caller has to fail of them. */
  readonly onError: (error: unknown) => void
  close(call: Call): PromiseOrValue<void>
}

/**
 * A fast front over a back that has the truth. Reads and writes of one name keep their order here, so that filling the
 * front never races a write. Every write goes to the back first; whatever error comes from there may mean that it landed
 * all the same, so the front forgets the name. Only whole values are kept in front, neither logs nor large binaries.
 */
export class TieredBackend implements Backend {
  readonly capabilities: Capabilities
  readonly front: Backend
  readonly #back: Backend
  readonly #options: TierOptions
  readonly #queue = new KeyQueue()
  /** Reads of the back that are under way, for all who miss the same name meanwhile. */
  readonly #flights = new Map<Name, Promise<Entry | undefined>>()
  /** Names of which the front failed to forget or to take an entry: it is not asked for them. */
  readonly #distrusted = new Set<Name>()

  readonly writeStream?: NonNullable<Backend['writeStream']>

  constructor(front: Backend, back: Backend, options: TierOptions) {
    this.front = front
    this.#back = back
    this.#options = options
    this.capabilities = options.capabilities
    if (back.writeStream === undefined) return
    this.writeStream = (name, meta, pieces, call) => {
      this.#checkWritable(call)
      const forget = (): PromiseOrValue<void> => this.#queue.exclusive([name], call, () => this.#forget(name, call))
      return this.#forgetting([name], call, () => chain(back.writeStream!(name, meta, pieces, call), forget))
    }
  }

  read(name: Name, call: Call): PromiseOrValue<Entry | undefined> {
    return chain(this.readMany([name], call), ([entry]) => entry)
  }

  hold<T>(name: Name, call: Call, use: (entry: Entry | undefined) => PromiseOrValue<T>): PromiseOrValue<T> {
    return this.#queue.shared([name], call, () => this.#askBack(call, () => holdEntry(this.#back, name, call, use)))
  }

  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined> {
    return this.#queue.shared([name], call, () =>
      chain(
        this.#askFront(call, () => this.front.readMeta(name, call)),
        (meta) => (meta && this.#trusts(name) ? meta : this.#askBack(call, () => this.#back.readMeta(name, call))),
      ),
    )
  }

  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    return this.#queue.shared(names, call, () =>
      chain(
        this.#askFront(call, () => this.front.readMany(names, call)),
        (found = []) => {
          const missing = [...new Set(names.filter((name, i) => !found[i] || !this.#trusts(name)))]
          if (missing.length === 0) return found
          return chain(this.#miss(missing, call), (fetched) => {
            const byName = new Map(missing.map((name, i) => [name, fetched[i]]))
            return names.map((name, i) => (byName.has(name) ? byName.get(name) : found[i]))
          })
        },
      ),
    )
  }

  write(name: Name, entry: Entry, condition: Condition, call: Call): PromiseOrValue<Version | undefined> {
    const own = isolated(entry)
    return this.#writing([[name, own]], call, () => this.#back.write(name, own, condition, call))
  }

  delete(name: Name, condition: Condition, call: Call): PromiseOrValue<boolean> {
    return this.#writing([[name, undefined]], call, () => this.#back.delete(name, condition, call))
  }

  update(name: Name, change: Change, call: Call): PromiseOrValue<Pair> {
    this.#checkWritable(call)
    const own: Change = (old) => {
      const next = change(old)
      return next === undefined || next === old ? next : isolated(next)
    }
    return this.#queue.fold<Change, Pair>(name, call, own, (changes) => this.#update(name, changes, call))
  }

  batch(ops: readonly EntryOp[], options: { readonly atomic: boolean }, call: Call): PromiseOrValue<boolean[]> {
    const own = ops.map((op): EntryOp => ('write' in op ? { ...op, write: [op.write[0], isolated(op.write[1])] } : op))
    const written = own.map((op) => ('write' in op ? op.write : ([op.delete, undefined] as const)))
    return this.#writing(written, call, () => this.#back.batch(own, options, call))
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#listing(options, call, () => this.#back.list(options, call))
  }

  scan(options: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
    return this.#listing(options, call, () => scanEntries(this.#back, options, call))
  }

  readStream(name: Name, call: Call): PromiseOrValue<BinaryReader | undefined> {
    return this.#queue.shared([name], call, () =>
      chain(
        this.#askFront(call, () => this.front.read(name, call)),
        (entry) =>
          entry && this.#trusts(name)
            ? wholeReader(entry)
            : this.#askBack(call, () => readStream(this.#back, name, call)),
      ),
    )
  }

  flush(call: Call): PromiseOrValue<void> {
    return chain(this.#queue.idle(call), () => this.#back.flush(call))
  }

  close(call: Call): PromiseOrValue<void> {
    return chain(this.stop(call), () => this.#options.close(call))
  }

  /** Take no more calls; answers when those under way have ended. */
  stop(call: Call): PromiseOrValue<void> {
    return this.#queue.close(call)
  }

  #checkWritable(call: Call): void {
    if (!this.#backAnswers(call)) throw syncUnsupported('tiered')
  }

  /** Write to the back under the order of the names, then let the front agree, or after any error forget them all. */
  #writing<T>(
    written: readonly (readonly [Name, Entry | undefined])[],
    call: Call,
    task: () => PromiseOrValue<T>,
  ): PromiseOrValue<T> {
    this.#checkWritable(call)
    const names = written.map(([name]) => name)
    return this.#queue.exclusive(names, call, () =>
      this.#forgetting(names, call, () =>
        chain(task(), (result) =>
          chain(
            each(new Map(written), ([name, entry]) => this.#written(name, entry, call)),
            () => result,
          ),
        ),
      ),
    )
  }

  /** A front that outlives the process forgets beforehand: a crash must not leave it older than the back. */
  #forgetting<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    const forget = (): PromiseOrValue<void> => each(names, (name) => this.#forget(name, call))
    return chain(this.front.capabilities.persistent ? forget() : undefined, () => onFailure(task, forget))
  }

  #update(name: Name, changes: readonly Change[], call: Call): PromiseOrValue<Outcome<Pair>[]> {
    return this.#forgetting([name], call, () => {
      // All at once, so that the back can fold them into one write.
      const pairs = changes.map((change) =>
        rescue<Outcome<Pair>>(
          () => chain(this.#back.update(name, change, call), (value) => ({ value })),
          (error) => ({ error }),
        ),
      )
      return chain(all(pairs), (outcomes) => {
        const last = outcomes.at(-1)!
        const known = outcomes.every((outcome) => 'value' in outcome) && 'value' in last
        return chain(known ? this.#written(name, last.value[1], call) : this.#forget(name, call), () => outcomes)
      })
    })
  }

  #listing<T>({ prefix }: ListOptions, call: Call, page: () => PromiseOrValue<T>): PromiseOrValue<T> {
    const idle = prefix?.startsWith('~') ? undefined : this.#queue.idle(call)
    return chain(idle, () => this.#askBack(call, page))
  }

  #trusts(name: Name): boolean {
    return !this.#distrusted.has(name)
  }

  #askFront<T>(call: Call, ask: () => PromiseOrValue<T | undefined>): PromiseOrValue<T | undefined> {
    if (call.sync && this.front.capabilities.sync !== true) return undefined
    return rescue(ask, (error) => {
      this.#options.onError(error)
      return undefined
    })
  }

  #backAnswers({ sync }: Call): boolean {
    return !sync || this.#back.capabilities.sync === true
  }

  #askBack<T>(call: Call, ask: () => PromiseOrValue<T>): PromiseOrValue<T> {
    if (this.#backAnswers(call)) return ask()
    throw new NotResidentError(
      'This is not in memory, and the backend behind cannot answer { sync: true }. Read it once without, then it is.',
    )
  }

  /** Read names from the back, each only once for all who ask meanwhile, and fill the front. */
  #miss(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    if (call.sync) return this.#askBack(call, () => this.#fetch(names, call))
    const fresh = names.filter((name) => !this.#flights.has(name))
    if (fresh.length > 0) {
      const flight = Promise.resolve(this.#fetch(fresh, { sync: false }))
      for (const [i, name] of fresh.entries()) {
        this.#flights.set(
          name,
          flight.then((found) => found[i]).finally(() => this.#flights.delete(name)),
        )
      }
    }
    // Everybody gets a copy: what a flight holds is shared.
    return Promise.all(
      names.map(async (name) => {
        const entry = await this.#flights.get(name)
        return entry && { ...entry, value: clone(entry.value) }
      }),
    )
  }

  #fetch(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    return chain(this.#back.readMany(names, call), (found) => {
      const filled = each(names, (name, i) => {
        const entry = found[i]
        if (entry && isCacheable(entry)) return this.#keep(name, entry, call)
      })
      return chain(filled, () => found)
    })
  }

  /** The back has taken `entry` (or its deletion): let the front agree. */
  #written(name: Name, entry: Entry | undefined, call: Call): PromiseOrValue<void> {
    return entry && isCacheable(entry) && !this.#options.writeAround
      ? this.#keep(name, entry, call)
      : this.#forget(name, call)
  }

  #keep(name: Name, entry: Entry, { sync }: Call): PromiseOrValue<void> {
    return this.#changeFront(name, () => this.front.write(name, entry, {}, { sync, durability: 'relaxed' }))
  }

  #forget(name: Name, { sync }: Call): PromiseOrValue<void> {
    return this.#changeFront(name, () => this.front.delete(name, {}, { sync, durability: 'relaxed' }))
  }

  #changeFront(name: Name, change: () => PromiseOrValue<unknown>): PromiseOrValue<void> {
    return rescue<void>(
      () => chain(change(), () => void this.#distrusted.delete(name)),
      (error) => {
        this.#distrusted.add(name)
        this.#options.onError(error)
      },
    )
  }
}

function isCacheable({ meta, value }: Entry): boolean {
  if (meta.type === 'binary') return (value as Uint8Array).byteLength <= CHUNK_SIZE
  return meta.type === 'value'
}

/** Bytes of a binary were copied on their way in. */
function isolated(entry: Entry): Entry {
  return entry.meta.type === 'value' ? { ...entry, value: clone(entry.value) } : entry
}
