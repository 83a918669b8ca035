import {
  type BaseConfig,
  type Blob,
  type BlobBackend,
  type BlobCapabilities,
  type BlobOp,
  type ByteRange,
  type Call,
  type Condition,
  type ListOptions,
  type NamesPage,
  registerBackend,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { ConflictError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'
import { fields, optional, text } from '../base/schema.ts'
import { blobDefinition } from '../engine/blob-definition.ts'

export interface MapBackendOptions {
  /** Whether calls with `{ sync: true }` are answered. Default true. */
  readonly sync?: boolean | undefined
  /** Whether there are transactions, batches, scans and reads of many, or compare-and-set alone. Default true. */
  readonly transactions?: boolean | undefined
}

export interface MapConfig {
  /** The name of the place where the store is. Default the id. */
  readonly place?: string | undefined
  /** What a service behind a network would ask for; never shown. */
  readonly password?: string | undefined
}

type Method = 'get' | 'put' | 'delete' | 'list' | 'scan' | 'getMany' | 'batch' | 'transact'

/** Names to bytes: where a store is, for all who open it. */
type Place = Map<Name, Blob>

/**
 * Make stores in Maps known as `backend: name`, through the whole engine that stores of bytes have in common: what the
 * author of a backend starts from. Calls without `sync` answer in a later turn, as an engine would. Answers with the
 * places, so that a test can look into them.
 */
export function registerMapBackend(name: string, options: MapBackendOptions = {}): Map<string, Place> {
  const places = new Map<string, Place>()
  registerBackend(
    name,
    blobDefinition<BaseConfig & MapConfig>({
      schema: fields({ place: optional(text), password: optional(text) }),
      secrets: ['password'],
      capabilities: mapCapabilities(options),
      locate: placeOf,
      container(config) {
        const place = places.get(placeOf(config))
        if (place === undefined) return 'absent'
        return place.has(DESCRIPTOR_NAME) ? 'store' : place.size === 0 ? 'empty' : 'foreign'
      },
      open(config) {
        const place = places.get(placeOf(config)) ?? new Map<Name, Blob>()
        places.set(placeOf(config), place)
        return new MapBlobs(place, options)
      },
      remove(config) {
        if (places.get(placeOf(config))?.size === 0) places.delete(placeOf(config))
      },
    }),
  )
  return places
}

/** Blobs in a Map. It counts its calls and fails where a test asks it to. */
export class MapBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities
  /** How often each method was called. */
  readonly calls: Map<Method, number> = new Map()
  readonly scan?: NonNullable<BlobBackend['scan']>
  readonly getMany?: NonNullable<BlobBackend['getMany']>
  readonly batch?: NonNullable<BlobBackend['batch']>
  readonly transact?: NonNullable<BlobBackend['transact']>
  readonly #place: Place
  readonly #failures = new Map<Method, unknown[]>()
  #versions = 0

  constructor(place: Map<Name, Blob> = new Map(), options: MapBackendOptions = {}) {
    this.#place = place
    this.capabilities = mapCapabilities(options)
    if (options.transactions === false) return
    this.scan = (range, call) =>
      this.#answer('scan', call, () => {
        const { names, next } = this.#page(range)
        return { entries: names.map((name): [Name, Blob] => [name, this.#copy(name)!]), next }
      })
    this.getMany = (names, call) => this.#answer('getMany', call, () => names.map((name) => this.#copy(name)))
    this.batch = (ops, call) => this.#answer('batch', call, () => this.#apply(ops))
    this.transact = (names, fn, call) =>
      this.#answer('transact', call, () => this.#apply(fn(names.map((name) => this.#copy(name)))))
  }

  /** Let the next call of `method` fail with `error`; several wait in line. */
  failNext(method: Method, error: unknown): void {
    this.#failures.set(method, [...(this.#failures.get(method) ?? []), error])
  }

  get(name: Name, { range }: { readonly range?: ByteRange | undefined }, call: Call): PromiseOrValue<Blob | undefined> {
    return this.#answer('get', call, () => this.#copy(name, range))
  }

  put(name: Name, bytes: Uint8Array, { ifVersion }: Condition, call: Call): PromiseOrValue<Version> {
    return this.#answer('put', call, () => {
      this.#apply([{ put: [name, bytes], ifVersion }])
      return this.#place.get(name)!.version
    })
  }

  delete(name: Name, { ifVersion }: Condition, call: Call): PromiseOrValue<boolean> {
    return this.#answer('delete', call, () => {
      const found = this.#place.has(name)
      this.#apply([{ delete: name, ifVersion }])
      return found
    })
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#answer('list', call, () => this.#page(options))
  }

  close(): void {
    // The place stays, as a file or a table does.
  }

  #answer<T>(method: Method, call: Call, fn: () => T): PromiseOrValue<T> {
    this.calls.set(method, (this.calls.get(method) ?? 0) + 1)
    const task = (): T => {
      const failures = this.#failures.get(method) ?? []
      if (failures.length > 0) throw failures.shift()
      return fn()
    }
    return call.sync ? task() : later(task)
  }

  #copy(name: Name, range?: ByteRange): Blob | undefined {
    const blob = this.#place.get(name)
    return blob && { bytes: blob.bytes.slice(range?.start, range?.end), version: blob.version }
  }

  /** All or none: the versions are checked before anything is done. */
  #apply(ops: readonly BlobOp[]): void {
    for (const op of ops) {
      const name = 'put' in op ? op.put[0] : op.delete
      if (op.ifVersion === undefined || (this.#place.get(name)?.version ?? null) === op.ifVersion) continue
      throw new ConflictError(`The blob ${name} is not at the version that the call expects.`)
    }
    for (const op of ops) {
      if ('delete' in op) this.#place.delete(op.delete)
      else this.#place.set(op.put[0], { bytes: op.put[1].slice(), version: `${++this.#versions}-${Math.random()}` })
    }
  }

  /** Names are ASCII, and so sorted by their bytes. */
  #page({ prefix = '', after, limit = Infinity, reverse = false }: ListOptions): NamesPage {
    const beyond = (name: Name): boolean => after === undefined || (reverse ? name < after : name > after)
    const found = [...this.#place.keys()].filter((name) => name.startsWith(prefix) && beyond(name)).sort()
    if (reverse) found.reverse()
    const names = found.slice(0, Math.min(limit, PAGE))
    return { names, next: names.length < found.length ? names.at(-1) : undefined }
  }
}

const PAGE = 100

function mapCapabilities({ sync = true, transactions = true }: MapBackendOptions): BlobCapabilities {
  return {
    sync,
    atomicUpdate: 'process',
    atomicBatch: transactions ? Infinity : 0,
    persistent: true,
    lock: 'process',
    watch: 'process',
    compareAndSet: true,
  }
}

function placeOf({ place, id }: BaseConfig & MapConfig): string {
  return place ?? id
}

async function later<T>(task: () => T): Promise<T> {
  await Promise.resolve()
  return task()
}
