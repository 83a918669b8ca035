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
import { NotResidentError, StoreReleasedError, syncUnsupported } from '../base/errors.ts'
import { type PromiseOrValue, chain, each, rescue } from '../base/promise-or-value.ts'
import { clone } from '../codec/clone.ts'
import type { Change, Pair } from './changes.ts'
import { wholeReader } from './chunks.ts'
import { type Outcome, KeyQueue } from './queue.ts'

export interface TierOptions {
  readonly name: string
  readonly capabilities: Capabilities
  /** Writes empty the front in place of filling it. */
  readonly writeAround: boolean
  /** Where the front's errors go: the back has the truth, so that no caller has to fail of them. */
  readonly onError: (error: unknown) => void
  close(call: Call): PromiseOrValue<void>
}

/** Bytes of a binary that is kept in front as a whole; the same size at which byte stores begin to use chunks. */
const LARGEST_BINARY = 1024 * 1024

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
  #closed = false

  readonly writeStream?: NonNullable<Backend['writeStream']>

  constructor(front: Backend, back: Backend, options: TierOptions) {
    this.front = front
    this.#back = back
    this.#options = options
    this.capabilities = options.capabilities
    if (back.writeStream) this.writeStream = (...args) => this.#writeStream(...args)
  }

  read(name: Name, call: Call): PromiseOrValue<Entry | undefined> {
    return this.#shared([name], call, () =>
      chain(this.#resident(name, call), (entry) => entry ?? chain(this.#miss([name], call), ([found]) => found)),
    )
  }

  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined> {
    return this.#shared([name], call, () =>
      chain(
        this.#askFront(name, call, () => this.front.readMeta(name, call)),
        (meta) => meta ?? this.#askBack(call, () => this.#back.readMeta(name, call)),
      ),
    )
  }

  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    return this.#shared(names, call, () => {
      const inFront = rescue(
        () => (this.#frontAnswers(call) ? this.front.readMany(names, call) : []),
        (error) => {
          this.#options.onError(error)
          return []
        },
      )
      return chain(inFront, (found) => {
        const entries = names.map((name, i) => (this.#distrusted.has(name) ? undefined : found[i]))
        const missing = [...new Set(names.filter((_, i) => entries[i] === undefined))]
        if (missing.length === 0) return entries
        return chain(this.#miss(missing, call), (fetched) => {
          const byName = new Map(missing.map((name, i) => [name, fetched[i]]))
          return names.map((name, i) => entries[i] ?? byName.get(name))
        })
      })
    })
  }

  write(name: Name, entry: Entry, condition: Condition, call: Call): PromiseOrValue<Version | undefined> {
    const own = isolated(entry)
    return this.#writing([name], call, () =>
      chain(this.#back.write(name, own, condition, call), (version) => chain(this.#written(name, own, call), () => version)),
    )
  }

  delete(name: Name, condition: Condition, call: Call): PromiseOrValue<boolean> {
    return this.#writing([name], call, () =>
      chain(this.#back.delete(name, condition, call), (deleted) => chain(this.#forget(name, call), () => deleted)),
    )
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
    const last = new Map(own.map((op) => ('write' in op ? op.write : [op.delete, undefined])))
    return this.#writing([...last.keys()], call, () =>
      chain(this.#back.batch(own, options, call), (answers) =>
        chain(
          each(last, ([name, entry]) => this.#written(name, entry, call)),
          () => answers,
        ),
      ),
    )
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#listing(call, () => this.#back.list(options, call))
  }

  scan(options: ListOptions, call: Call): PromiseOrValue<EntriesPage> {
    return this.#listing(call, () => {
      if (this.#back.scan) return this.#back.scan(options, call)
      return chain(this.#back.list(options, call), ({ names, next }) =>
        chain(this.#back.readMany(names, call), (found) => ({
          entries: names.flatMap((name, i): [Name, Entry][] => (found[i] ? [[name, found[i]]] : [])),
          next,
        })),
      )
    })
  }

  readStream(name: Name, call: Call): PromiseOrValue<BinaryReader | undefined> {
    return this.#shared([name], call, () =>
      chain(this.#resident(name, call), (entry) => {
        if (entry) return wholeReader(entry)
        return this.#askBack(call, () =>
          this.#back.readStream
            ? this.#back.readStream(name, call)
            : chain(this.#back.read(name, call), (found) => found && wholeReader(found)),
        )
      }),
    )
  }

  flush(call: Call): PromiseOrValue<void> {
    return chain(call.sync ? undefined : this.#queue.idle(), () => this.#back.flush(call))
  }

  close(call: Call): PromiseOrValue<void> {
    return chain(this.stop(), () => this.#options.close(call))
  }

  /** Take no more calls; answers when those under way have ended. */
  stop(): PromiseOrValue<void> {
    this.#closed = true
    return this.#queue.idle()
  }

  #shared<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#checkOpen()
    return this.#queue.shared(names, call, task)
  }

  #checkOpen(): void {
    if (this.#closed) throw new StoreReleasedError('The store was released or deleted. Connect to it again.')
  }

  #checkWritable(call: Call): void {
    this.#checkOpen()
    if (call.sync && this.#back.capabilities.sync !== true) throw syncUnsupported(this.#options.name)
  }

  /** Run a write of the back under the order of `names`; an error makes the front forget them all. */
  #writing<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#checkWritable(call)
    return this.#queue.exclusive(names, call, () => chain(this.#beforeWrite(names, call), () => this.#forgetting(names, call, task)))
  }

  #forgetting<T>(names: readonly Name[], call: Call, task: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return rescue(task, (error) =>
      chain(
        each(names, (name) => this.#forget(name, call)),
        () => {
          throw error
        },
      ),
    )
  }

  /** A front that outlives the process must not keep what a crash would leave older than the back. */
  #beforeWrite(names: readonly Name[], call: Call): PromiseOrValue<void> {
    if (this.front.capabilities.persistent) return each(names, (name) => this.#forget(name, call))
  }

  #update(name: Name, changes: readonly Change[], call: Call): PromiseOrValue<Outcome<Pair>[]> {
    const settle = (outcomes: Outcome<Pair>[]): PromiseOrValue<Outcome<Pair>[]> => {
      const last = outcomes.at(-1)!
      const failed = outcomes.some((outcome) => 'error' in outcome)
      const done = failed || 'error' in last ? this.#forget(name, call) : this.#written(name, last.value[1], call)
      return chain(done, () => outcomes)
    }
    return chain(this.#beforeWrite([name], call), () => {
      // All at once, so that the back can fold them into one write.
      const pairs = changes.map((change) =>
        rescue<Outcome<Pair>>(
          () => chain(this.#back.update(name, change, call), (value) => ({ value })),
          (error) => ({ error }),
        ),
      )
      return call.sync ? settle(pairs as Outcome<Pair>[]) : Promise.all(pairs).then(settle)
    })
  }

  #writeStream(...[name, meta, pieces, call]: Parameters<NonNullable<Backend['writeStream']>>): PromiseOrValue<void> {
    this.#checkWritable(call)
    const forget = (): PromiseOrValue<void> => this.#queue.exclusive([name], call, () => this.#forget(name, call))
    const written = chain(this.#beforeWrite([name], call), () => this.#back.writeStream!(name, meta, pieces, call))
    return rescue(
      () => chain(written, forget),
      (error) =>
        chain(forget(), () => {
          throw error
        }),
    )
  }

  #listing<T>(call: Call, page: () => PromiseOrValue<T>): PromiseOrValue<T> {
    this.#checkOpen()
    return chain(call.sync ? undefined : this.#queue.idle(), () => this.#askBack(call, page))
  }

  #frontAnswers(call: Call): boolean {
    return !call.sync || this.front.capabilities.sync === true
  }

  #resident(name: Name, call: Call): PromiseOrValue<Entry | undefined> {
    return this.#askFront(name, call, () => this.front.read(name, call))
  }

  #askFront<T>(name: Name, call: Call, ask: () => PromiseOrValue<T | undefined>): PromiseOrValue<T | undefined> {
    if (this.#distrusted.has(name) || !this.#frontAnswers(call)) return undefined
    return rescue(ask, (error) => {
      this.#options.onError(error)
      return undefined
    })
  }

  #askBack<T>(call: Call, ask: () => PromiseOrValue<T>): PromiseOrValue<T> {
    if (!call.sync || this.#back.capabilities.sync === true) return ask()
    throw new NotResidentError(
      'This is not in memory, and the backend behind it cannot answer { sync: true }. Read it once without sync, after which it is resident.',
    )
  }

  /** Read names from the back, each only once for all who ask meanwhile, and fill the front. */
  #miss(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    if (call.sync) {
      return this.#askBack(call, () => chain(this.#back.readMany(names, call), (found) => this.#fill(names, found, call)))
    }
    const fresh = names.filter((name) => !this.#flights.has(name))
    if (fresh.length > 0) this.#launch(fresh, { sync: false })
    // Everybody gets a copy: what a flight holds is shared.
    return Promise.all(names.map(async (name) => copy(await this.#flights.get(name))))
  }

  #launch(names: readonly Name[], call: Call): void {
    const read =
      names.length === 1
        ? chain(this.#back.read(names[0]!, call), (entry) => [entry])
        : this.#back.readMany(names, call)
    const flight = Promise.resolve(chain(read, (found) => this.#fill(names, found, call)))
    for (const [i, name] of names.entries()) {
      const landed = flight.then((found) => found[i]).finally(() => this.#flights.delete(name))
      this.#flights.set(name, landed)
    }
  }

  #fill(names: readonly Name[], found: (Entry | undefined)[], call: Call): PromiseOrValue<(Entry | undefined)[]> {
    const filled = each(names, (name, i) => {
      const entry = found[i]
      if (entry && isCacheable(entry)) return this.#keep(name, entry, call)
    })
    return chain(filled, () => found)
  }

  /** The back has taken `entry` (or its deletion): let the front agree. */
  #written(name: Name, entry: Entry | undefined, call: Call): PromiseOrValue<void> {
    return entry && isCacheable(entry) && !this.#options.writeAround ? this.#keep(name, entry, call) : this.#forget(name, call)
  }

  #keep(name: Name, entry: Entry, call: Call): PromiseOrValue<void> {
    return this.#changeFront(name, () => this.front.write(name, entry, {}, this.#frontCall(call)))
  }

  #forget(name: Name, call: Call): PromiseOrValue<void> {
    return this.#changeFront(name, () => this.front.delete(name, {}, this.#frontCall(call)))
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

  /** The front is a cache: what it does is not cancelled, and need not survive a power cut. */
  #frontCall({ sync }: Call): Call {
    return { sync, durability: 'relaxed' }
  }
}

function isCacheable({ meta, value }: Entry): boolean {
  if (meta.type === 'binary') return (value as Uint8Array).byteLength <= LARGEST_BINARY
  return meta.type === 'value'
}

/** Bytes of a binary were copied on their way in. */
function isolated(entry: Entry): Entry {
  return entry.meta.type === 'value' ? { ...entry, value: clone(entry.value) } : entry
}

function copy(entry: Entry | undefined): Entry | undefined {
  return entry && { ...entry, value: clone(entry.value) }
}
