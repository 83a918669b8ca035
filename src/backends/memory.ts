import {
  type Backend,
  type BaseConfig,
  type Call,
  type Capabilities,
  type Condition,
  type EntryOp,
  type EntriesPage,
  type ListOptions,
  type NamesPage,
  registerBackend,
} from '../base/backend.ts'
import { type Entry, type Meta, type Name, type Version, isLive } from '../base/entry.ts'
import { ConflictError, StoreExistsError, StoreNotFoundError, closedStore } from '../base/errors.ts'
import { SortedNames } from '../engine/sorted-names.ts'
import { fields, oneOf, optional } from '../base/schema.ts'
import { clone, freeze } from '../codec/clone.ts'
import { droppedParts } from '../engine/parts.ts'

const schema = fields({ isolation: optional(oneOf('clone', 'freeze')) })

export interface MemoryConfig {
  /**
   * How stored values are kept apart from the caller's: `clone` copies on every read, `freeze` gives out one frozen
   * copy without copying (values that cannot be frozen, such as a Map or bytes, are copied still). Default `clone`.
   */
  readonly isolation?: 'clone' | 'freeze' | undefined
}

declare module '../base/backend.ts' {
  interface BackendConfigs {
    memory: MemoryConfig
  }
}

interface Stored {
  readonly meta: Meta
  readonly value: unknown
  readonly version: Version
  /** Deeply frozen, and so safe to give out as it is. */
  readonly frozen: boolean
}

const capabilities: Capabilities = {
  sync: true,
  atomicUpdate: 'process',
  atomicBatch: Infinity,
  persistent: false,
  lock: 'process',
}

/** The stores of this process by id; they stay until they are deleted. */
const stores = new Map<string, MemoryData>()

registerBackend<BaseConfig & MemoryConfig>('memory', {
  schema,
  capabilities,
  locate: ({ id }) => id,
  exists: ({ id }) => stores.has(id),
  create(config, context) {
    if (context.private) return new MemoryBackend(new MemoryData(), config)
    if (stores.has(config.id)) {
      throw new StoreExistsError(`The store ${config.id} exists already. Open it with connectStore.`)
    }
    const data = new MemoryData()
    stores.set(config.id, data)
    return new MemoryBackend(data, config)
  },
  open(config, context) {
    const data = context.private ? undefined : stores.get(config.id)
    if (data) return new MemoryBackend(data, config)
    throw new StoreNotFoundError(
      `There is no store at ${config.id}. Create it: createStore, or connectStore without { create: false }.`,
    )
  },
  destroy({ id }) {
    stores.delete(id)
  },
})

class MemoryData {
  readonly entries = new Map<Name, Stored>()
  readonly names = new SortedNames(this.entries)
  writes = 0
}

/** Entries as values in a Map: every call is done when it returns. */
class MemoryBackend implements Backend {
  readonly capabilities: Capabilities = capabilities
  readonly #data: MemoryData
  readonly #freezes: boolean
  #closed = false

  constructor(data: MemoryData, config: MemoryConfig) {
    this.#data = data
    this.#freezes = config.isolation === 'freeze'
  }

  read(name: Name): Entry | undefined {
    const stored = this.#get(name)
    return stored && this.#entry(stored)
  }

  readMeta(name: Name): Meta | undefined {
    return this.#get(name)?.meta
  }

  readMany(names: readonly Name[]): (Entry | undefined)[] {
    return names.map((name) => this.read(name))
  }

  write(name: Name, entry: Entry, condition: Condition): Version {
    const stored = this.#isolate(entry)
    this.#check(name, condition)
    this.#put(name, stored)
    return stored.version
  }

  delete(name: Name, condition: Condition): boolean {
    this.#check(name, condition)
    const old = this.#get(name)
    this.#remove(name)
    return old !== undefined && isLive(old.meta)
  }

  update(name: Name, fn: (old: Entry | undefined) => Entry | undefined): [Entry | undefined, Entry | undefined] {
    const stored = this.#get(name)
    const old = stored && this.#entry(stored)
    const next = fn(old)
    if (next === old) return [old, next]
    const parts = next?.parts?.map(([partName, part]) => [partName, this.#isolate(part)] as const) ?? []
    const isolated = next && this.#isolate(next)
    for (const part of parts) this.#put(...part)
    if (isolated) this.#put(name, isolated)
    else this.#remove(name)
    return [old, next]
  }

  batch(ops: readonly EntryOp[]): boolean[] {
    const prepared = ops.map((op) => ('write' in op ? this.#isolate(op.write[1]) : undefined))
    for (const op of ops) this.#check('write' in op ? op.write[0] : op.delete, op)
    return ops.map((op, i) => {
      if ('delete' in op) return this.delete(op.delete, {})
      this.#put(op.write[0], prepared[i]!)
      return true
    })
  }

  list(options: ListOptions): NamesPage {
    this.#checkOpen()
    return this.#data.names.page(options)
  }

  scan(options: ListOptions): EntriesPage {
    const { names, next } = this.list(options)
    return { entries: names.map((name) => [name, this.#entry(this.#get(name)!)]), next }
  }

  flush(): void {
    this.#checkOpen()
  }

  close(_call: Call): void {
    this.#closed = true
  }

  #checkOpen(): void {
    if (this.#closed) throw closedStore()
  }

  #get(name: Name): Stored | undefined {
    this.#checkOpen()
    return this.#data.entries.get(name)
  }

  #entry({ meta, value, version, frozen }: Stored): Entry {
    return { meta, value: frozen && this.#freezes ? value : clone(value), version }
  }

  #isolate({ meta, value }: Entry): Stored {
    const copy = clone(value)
    return { meta, value: copy, version: String(++this.#data.writes), frozen: this.#freezes && freeze(copy) }
  }

  #put(name: Name, stored: Stored): void {
    const { entries, names } = this.#data
    const old = entries.get(name)
    entries.set(name, stored)
    if (old === undefined) names.add(name)
    else this.#dropParts(old.meta, stored.meta)
  }

  #remove(name: Name): void {
    const { entries } = this.#data
    const old = entries.get(name)
    entries.delete(name)
    if (old) this.#dropParts(old.meta)
  }

  #dropParts(old: Meta, next?: Meta): void {
    if (old.own === undefined) return
    for (const prefix of droppedParts(old, next)) {
      for (const part of this.#data.names.page({ prefix }).names) this.#remove(part)
    }
  }

  #check(name: Name, { ifVersion }: Condition): void {
    if (ifVersion === undefined) return
    if ((this.#get(name)?.version ?? null) === ifVersion) return
    throw new ConflictError(`The entry ${name} is not at the expected version.`)
  }
}
