import type { Entry, Key, Meta, Name, Serializer, Version } from './entry.ts'
import type { PromiseOrValue } from './promise-or-value.ts'
import type { Schema } from './schema.ts'

/** When a write counts as done: `strict` once the device has it, `relaxed` once the operating system has it. */
export type Durability = 'strict' | 'relaxed'

/** Where the writes of a tiered store go: through the front, behind it, around it, or no further than the front. */
export type WritePolicy = 'write-through' | 'write-behind' | 'write-around' | 'frontend-only'
/** Whether reads of a tiered store go on to its back. */
export type ReadPolicy = 'frontend-first' | 'frontend-only'

/** The last argument of every backend call. With `sync` the value itself comes back, never a promise. */
export interface Call {
  readonly sync: boolean
  readonly signal?: AbortSignal | undefined
  readonly durability?: Durability | undefined
  /** For a tier, in the place of its own. */
  readonly readPolicy?: ReadPolicy | undefined
  readonly writePolicy?: WritePolicy | undefined
  /** The values of a write are the backend's from now on: nobody else has them, or will change them. */
  readonly gives?: boolean | undefined
  /** Of a close: what has not reached the back is not wanted any more. */
  readonly discards?: boolean | undefined
}

export interface Capabilities {
  /** Answers calls with `{ sync: true }`: all of them, those whose key is resident in a front, or none. */
  readonly sync: boolean | 'resident'
  /** How far `update` is exact: this process, this origin's tabs and workers, this host's processes, or all machines. */
  readonly atomicUpdate: 'process' | 'origin' | 'host' | 'everywhere'
  /** Operations that one batch applies all or none; 0 means that a batch is applied in order. */
  readonly atomicBatch: number
  /** Whether entries outlive the process. */
  readonly persistent: boolean
  /** How far `withLock` reaches. */
  readonly lock: 'process' | 'origin'
  /** Whose writes `watch` tells of: as far as `atomicUpdate`, or less. */
  readonly watch: 'process' | 'origin' | 'host' | 'everywhere'
  /**
   * How old what is read can be, in milliseconds, where somebody else has written it; apart from the time that it takes to be
   * told. Default 0.
   */
  readonly staleness?: number | undefined
  /** How values that are written are kept. Default `cbor`. */
  readonly serializer?: Serializer | undefined
}

export interface ListOptions {
  /** Names that start so; '' for all. */
  readonly prefix?: Name | undefined
  /** Names beyond this one: above it, or below it with `reverse`. */
  readonly after?: Name | undefined
  /** At most so many; a page may hold fewer and still have a `next`. */
  readonly limit?: number | undefined
  readonly reverse?: boolean | undefined
  /** Names of ours may be left out: whoever asks does not show them. */
  readonly skipsOwn?: boolean | undefined
  /** Called, or not, as soon as it is known where the page ends: the next one may be asked for while this is decoded. */
  readonly onNext?: ((next: Name | undefined) => void) | undefined
}

/** A page of a listing in the byte order of names. `next`, if there may be more, is the `after` of the next page. */
export interface NamesPage {
  names: Name[]
  next?: Name | undefined
}

export interface EntriesPage {
  entries: [Name, Entry][]
  next?: Name | undefined
}

export interface Condition {
  /** Apply only if the entry is at this version, `null` only if there is none; else `ConflictError`. */
  readonly ifVersion?: Version | null | undefined
}

/**
 * What a watcher is told, after the commit: that an entry was written or deleted, without its value, or with `resync`
 * that changes may have been missed. `key` is not known of an entry that was too damaged to be read when it was deleted.
 */
export type Notice =
  | { readonly type: 'set' | 'delete'; readonly name: Name; readonly key: Key | undefined }
  | { readonly type: 'resync' }

export type Watcher = (notice: Notice) => void

export type EntryOp =
  | { readonly write: readonly [Name, Entry]; readonly ifVersion?: Version | null | undefined }
  | { readonly delete: Name; readonly ifVersion?: Version | null | undefined }

export interface ApplyOptions {
  /** All or none. */
  readonly atomic: boolean
  /** `false` where the caller promises no order among different names. */
  readonly ordered?: boolean | undefined
}

/** A range of bytes, `end` exclusive. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/** The bytes of a binary, piece by piece. */
export interface BinaryReader {
  readonly meta: Meta
  /** Bytes of the whole binary. */
  readonly size: number
  /** The pieces of `range` in order; `undefined` after the last. */
  read(range: ByteRange): () => PromiseOrValue<Uint8Array | undefined>
  /** The pieces may go once nobody reads them any more. */
  close(): void
}

/** What an update makes of an entry. */
export type Change = (old: Entry | undefined) => Entry | undefined
/** An entry before and after a change. */
export type Pair = [old: Entry | undefined, new: Entry | undefined]

/** Entries under names: what `Store` stands on. */
export interface Backend {
  readonly capabilities: Capabilities
  read(name: Name, call: Call): PromiseOrValue<Entry | undefined>
  readMeta(name: Name, call: Call): PromiseOrValue<Meta | undefined>
  /** As many answers as names, in their order. */
  readMany(names: readonly Name[], call: Call): PromiseOrValue<(Entry | undefined)[]>
  /**
   * The value of a string key, where a read of it has nothing to wait for and nothing to look up but this: a key that
   * `learn` was told of. `undefined` says nothing: read it. `allows` has the last word.
   */
  peek?(key: string, allows?: (name: Name, meta: Meta) => boolean): unknown
  /** A value was read under `name`, which is the name of `key`. */
  learn?(key: string, name: Name): void
  /** Read, and use what was read, with its parts, before the next write of `name`. Without it every call is one step. */
  hold?<T>(name: Name, call: Call, use: (entry: Entry | undefined) => PromiseOrValue<T>): PromiseOrValue<T>
  write(name: Name, entry: Entry, condition: Condition, call: Call): PromiseOrValue<Version | undefined>
  /** Whether a live entry was there; its parts go with it. An expired one goes too, and counts as missing. */
  delete(name: Name, condition: Condition, call: Call): PromiseOrValue<boolean>
  /** Read, change and write under the name's order; `undefined` from `fn` deletes. Runs `fn` again after a conflict. */
  update(name: Name, fn: Change, call: Call): PromiseOrValue<Pair>
  /** One answer an op: true for a write, for a delete whether a live entry was there. */
  batch(ops: readonly EntryOp[], options: ApplyOptions, call: Call): PromiseOrValue<boolean[]>
  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage>
  scan?(options: ListOptions, call: Call): PromiseOrValue<EntriesPage>
  /** The binary under `name` piece by piece; `undefined` if it is missing. A backend without it keeps binaries whole. */
  readStream?(name: Name, call: Call): PromiseOrValue<BinaryReader | undefined>
  /**
   * Write a binary from its pieces, `undefined` after the last; the old one stays until that. `meta` is asked for when
   * the binary takes its place.
   */
  writeStream?(
    name: Name,
    meta: () => Meta,
    pieces: () => PromiseOrValue<Uint8Array | undefined>,
    call: Call,
  ): PromiseOrValue<void>
  /** Tell `watcher` of every entry that is written or deleted, in commit order per name, until the answer is called. */
  watch(watcher: Watcher): () => void
  /** What `flush` resolves after: every write acknowledged before it is as durable as the engine can make it. */
  flush(call: Call): PromiseOrValue<void>
  close(call: Call): PromiseOrValue<void>
  /** Of a tier. */
  readonly tier?: TierControl
}

/** How far a front has been filled. */
export interface PopulateProgress {
  /** Entries that were looked at. */
  readonly seen: number
  /** Those of them that the front did not have, or got anew. */
  readonly read: number
}

export interface PopulateOptions {
  /** Told after each page. */
  readonly onProgress?: ((progress: PopulateProgress) => void) | undefined
  /** Ends it at the next page. */
  readonly signal?: AbortSignal | undefined
}

export interface TierStats {
  /** Entries of which the front could answer, and of which it could not. */
  readonly hits: number
  readonly misses: number
  /** Of a bounded front: entries in it, their bytes, those that had to leave, and those that may not. */
  readonly entries?: number | undefined
  readonly bytes?: number | undefined
  readonly evictions?: number | undefined
  readonly pinned?: number | undefined
}

/** Writes that wait for the back of a tier. */
export interface PendingWrites {
  readonly entries: number
  /** About. */
  readonly bytes: number
  /** Why the last attempt failed; `undefined` after one that did not. */
  readonly lastError: unknown
}

/** A write that was given up. */
export interface DeadWrite {
  readonly name: Name
  readonly key: Key
  /** The code and the message of what went wrong. */
  readonly code: string
  readonly message: string
  readonly at: Date
}

/** What a tiered backend can do besides. */
export interface TierControl {
  stats(): TierStats
  pending(): PendingWrites
  watchPending(listener: (pending: PendingWrites) => void): () => void
  dead(): Promise<DeadWrite[]>
  /** Send writes that were given up once more, or forget them; all of them without names. Answers how many. */
  revive(what: 'retry' | 'drop', names?: readonly Name[]): Promise<number>
  /** Copy all entries of the back to the front, or those that are missing there. */
  populate(which: 'missing' | 'full', options: PopulateOptions): Promise<PopulateProgress>
  /** The same of these, and of what they lead to. */
  reach(
    names: Iterable<Name>,
    options: PopulateOptions,
    next?: (name: Name, entry: Entry) => Iterable<Name>,
  ): Promise<PopulateProgress>
}

/** A value that is kept as the platform's clone beside the frame; only engines that clone can. */
export interface Beside {
  readonly value: unknown
}

export interface Blob {
  bytes: Uint8Array
  version: Version
  /** What was written beside the bytes, a copy of it. */
  beside?: Beside | undefined
}

/** What goes with a write of a blob. */
export interface BlobWrite extends Condition {
  /** What watchers are told of it; nothing of a part, or of the removal of what is not there. */
  readonly notice?: { readonly key: Key | undefined } | undefined
  /** When what is put expires, in milliseconds since 1970. An engine may remove it some time after that. */
  readonly expires?: number | undefined
  /** Kept with the bytes of a `put`. Without it there is none, whatever was there before. */
  readonly beside?: Beside | undefined
}

export type BlobOp =
  | ({ readonly put: readonly [Name, Uint8Array] } & BlobWrite)
  | ({ readonly delete: Name } & BlobWrite)

export interface BlobCapabilities extends Capabilities {
  /** `put` and `delete` honour `ifVersion` against other processes, so that a lost race is a `ConflictError`. */
  readonly compareAndSet: boolean
}

/** Bytes under names: what most engines are, and all that a backend author has to write; `engine/framed.ts` does the rest. */
export interface BlobBackend {
  readonly capabilities: BlobCapabilities
  /**
   * With `range` only those bytes, fewer at the end of the blob. Bytes that come back at once, not as a promise, may be
   * the engine's own until the next call: they are decoded or copied before that.
   */
  get(name: Name, options: { readonly range?: ByteRange | undefined }, call: Call): PromiseOrValue<Blob | undefined>
  put(name: Name, bytes: Uint8Array, write: BlobWrite, call: Call): PromiseOrValue<Version>
  /** Whether something was there; true where the engine does not say. */
  delete(name: Name, write: BlobWrite, call: Call): PromiseOrValue<boolean>
  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage>
  scan?(options: ListOptions, call: Call): PromiseOrValue<{ entries: [Name, Blob][]; next?: Name | undefined }>
  getMany?(names: readonly Name[], call: Call): PromiseOrValue<(Blob | undefined)[]>
  /** All or none, up to `capabilities.atomicBatch` ops. */
  batch?(ops: readonly BlobOp[], call: Call): PromiseOrValue<void>
  /** Any number of ops, each of another name, in any order: what can be done faster than one after the other. */
  writeMany?(ops: readonly BlobOp[], call: Call): PromiseOrValue<void>
  /**
   * Read-modify-write inside the engine: `fn` gets the blobs under `names` and answers with ops, applied in the same
   * transaction. What it throws ends the transaction, changes nothing, and is what the call rejects with.
   */
  transact?(
    names: readonly Name[],
    fn: (blobs: (Blob | undefined)[]) => readonly BlobOp[],
    call: Call,
  ): PromiseOrValue<void>
  /** Tell `watcher` of every write that has a `notice`, until the answer is called. Without it: of those of this process. */
  watch?(watcher: Watcher): () => void
  flush?(call: Call): PromiseOrValue<void>
  close(call: Call): PromiseOrValue<void>
}

/** The config types by backend name; each backend adds its own: `declare module 'konserve-ts' { interface BackendConfigs { … } }`. */
export interface BackendConfigs {}

export interface BaseConfig {
  /** The store's identity, a UUID string. */
  readonly id: string
  /** Defaults for the lifecycle calls. */
  readonly opts?: LifecycleOptions | undefined
}

/** The config of every registered backend, told apart by `backend`. */
export type StoreConfig = {
  [Name in keyof BackendConfigs]: BaseConfig & { readonly backend: Name } & BackendConfigs[Name]
}[keyof BackendConfigs]

/** A config whose backend is not known to the types (yet). */
export interface AnyConfig extends BaseConfig {
  readonly backend: string
  readonly [field: string]: unknown
}

export interface LifecycleOptions {
  readonly sync?: boolean | undefined
  /** `connectStore` only: `false` refuses to create a store that is not there. Default true. */
  readonly create?: boolean | undefined
  /** Also create what holds the store: a bucket, a table. Default false. */
  readonly createContainer?: boolean | undefined
  readonly signal?: AbortSignal | undefined
  /** Where errors go that no caller waits for: throwing hooks, background work. Default `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** What `open`, `create` and `destroy` are told besides the config. */
export interface OpenContext extends Call {
  readonly createContainer: boolean
  /** It is the front of a tier, and no engine of this process is shared: nobody else may come to see it under its id. */
  readonly private: boolean
  readonly onError: (error: unknown) => void
}

/**
 * How a kind of backend is found, made, opened and removed. `config` has passed `schema`, and its id is lower case.
 */
export interface BackendDefinition<Config extends BaseConfig = AnyConfig> {
  /** The backend's own fields; `backend`, `id` and `opts` are checked before. Unknown fields are refused. */
  readonly schema: Schema
  /** Checks beyond the schema, which may fill fields in; throws `InvalidConfigError`. */
  refine?(config: Config): Config
  /** Fields of the config, by path, that are never shown: not in `store.config`, an error, a log or an event. */
  readonly secrets?: readonly string[]
  readonly capabilities: Capabilities | ((config: Config) => Capabilities)
  /** What two configs share exactly if they mean the same place: the resolved path, the database's name. */
  locate(config: Config): string
  exists(config: Config, context: OpenContext): PromiseOrValue<boolean>
  /** Exclusive, in a race too: `StoreExistsError`. */
  create(config: Config, context: OpenContext): PromiseOrValue<Backend>
  /** `StoreNotFoundError` if it is not there, `StoreIdMismatchError` if another id is. */
  open(config: Config, context: OpenContext): PromiseOrValue<Backend>
  /** Remove what is recognised as the store's own, the descriptor last; nothing if there is none. */
  destroy(config: Config, context: OpenContext): PromiseOrValue<void>
}

const definitions = new Map<string, BackendDefinition>()

/** Make `backend: name` known to `connectStore` and its kin. A name that is taken is replaced. */
export function registerBackend<Config extends BaseConfig>(name: string, definition: BackendDefinition<Config>): void {
  definitions.set(name, definition as unknown as BackendDefinition)
}

export function findBackend(name: string): BackendDefinition | undefined {
  return definitions.get(name)
}

export function backendNames(): string[] {
  return [...definitions.keys()]
}
