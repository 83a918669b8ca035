import type {
  AnyConfig,
  BinaryReader,
  ByteRange,
  Capabilities,
  Durability,
  ReadPolicy,
  WritePolicy,
} from '../base/backend.ts'
import type { EntryType, Key } from '../base/entry.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'
import type { Tier } from './tier.ts'

/** The values of a store by key: `Store<{ settings: Settings; [user: `user:${string}`]: User }>`. */
// oxlint-disable-next-line typescript/no-explicit-any -- a store without a schema holds anything
export type AnySchema = Record<string, any>

/** The keys of a schema: its own, or any key at all where it names none. */
export type KeyOf<Schema> = string extends keyof Schema ? Key : Extract<keyof Schema, string | number>

export type ValueOf<Schema, K> = K extends keyof Schema ? Schema[K] : Schema[keyof Schema & string]

/** A key with a value of its own type. */
export type EntryOf<Schema> = string extends keyof Schema
  ? readonly [key: Key, value: Schema[keyof Schema & string]]
  : { [K in KeyOf<Schema> & keyof Schema]: readonly [key: K, value: Schema[K]] }[KeyOf<Schema> & keyof Schema]

/** What a call answers: the value itself with `{ sync: true }`, else a promise of it. */
export type Result<Options, T> = Options extends { readonly sync: true }
  ? T
  : Options extends { readonly sync: boolean }
    ? PromiseOrValue<T>
    : Promise<T>

/** What a listing answers: an `Iterable` with `{ sync: true }`, else an `AsyncIterable`. */
export type Listing<Options, T> = Options extends { readonly sync: true } ? IterableIterator<T> : AsyncListing<T>

/** What is listed, page by page. */
export interface AsyncListing<T> extends AsyncIterableIterator<T> {
  /** All that is left, as an array: quicker than `for await`, and all of it is in memory then. */
  toArray(): Promise<T[]>
}

export interface CallOptions {
  /** Answer with the value itself; `SYNC_UNSUPPORTED` where the engine is asynchronous, `BUSY` where the key is. */
  readonly sync?: boolean | undefined
  /** Ends the call with the signal's reason. A write that the engine is already applying goes on. */
  readonly signal?: AbortSignal | undefined
  /** Of a tiered store: whether this call goes on to the back. Default: as the store's config says. */
  readonly readPolicy?: ReadPolicy | undefined
}

export interface WriteOptions extends CallOptions {
  /** Of a tiered store: where this write goes. Default: as the store's config says. */
  readonly writePolicy?: WritePolicy | undefined
  /** When the write counts as done. Default: as the store's config says. */
  readonly durability?: Durability | undefined
}

export interface GetOptions extends CallOptions {
  /** The answer for a missing key or path. Default `undefined`. */
  readonly default?: unknown
}

export interface SetOptions extends WriteOptions {
  /** The entry's own metadata, a plain object of storable values. It replaces what was there. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined
  /** Milliseconds until the entry counts as missing; more than 0. Default: never. */
  readonly ttl?: number | undefined
}

export interface GetOrSetOptions extends SetOptions {
  /**
   * Milliseconds after `ttl` for which the old value is still answered, while a new one is loaded in the background. Default
   * 0.
   */
  readonly staleWhileRevalidate?: number | undefined
}

export interface UpdateOptions extends WriteOptions {
  /** From the old metadata to the new, in the same step. Default: it stays as it is. */
  readonly meta?: ((old: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>) | undefined
}

export interface SetManyOptions<K> extends SetOptions {
  /** Each key's own metadata, in place of `meta`. */
  readonly metaOf?: ((key: K) => Readonly<Record<string, unknown>> | undefined) | undefined
}

export interface BatchOptions extends WriteOptions {
  /** All or none: `ATOMIC_UNSUPPORTED` beyond `capabilities.atomicBatch`. Default: in order, all or none where it can be. */
  readonly atomic?: boolean | undefined
}

export interface ListingOptions extends CallOptions {
  /** Strings that start so, or arrays that start with these elements. */
  readonly prefix?: string | readonly Key[] | undefined
  /** Start beyond this key, in the order of the listing. */
  readonly after?: Key | undefined
  /** At most so many. */
  readonly limit?: number | undefined
  readonly reverse?: boolean | undefined
}

export interface LogOptions extends CallOptions {
  /** Index of the first element, from 0; in reverse, of the last one. Default: the first, in reverse the last. */
  readonly from?: number | undefined
  /** At most so many elements. */
  readonly limit?: number | undefined
  /** From the newest to the oldest. */
  readonly reverse?: boolean | undefined
}

/** An entry's metadata: the user's fields, and ours, which they cannot hide. */
export interface EntryMeta {
  readonly key: Key
  readonly type: EntryType
  readonly lastWrite: Date
  /** When it expires, if it does. */
  readonly expires?: Date
  readonly [field: string]: unknown
}

export type Segment = Key
export type Path<K> = readonly [K, ...Segment[]]

export type BatchOp<Schema> =
  | {
      readonly set: EntryOf<Schema>
      readonly meta?: SetOptions['meta']
      readonly ttl?: number | undefined
    }
  | { readonly delete: KeyOf<Schema> }

/** What can be stored as a binary. With `{ sync: true }` bytes and synchronous iterables only. */
export type BinaryInput =
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Iterable<Uint8Array>

/** A stored binary, to be read in pieces while the reader function runs. */
export interface StoredBinary {
  readonly meta: EntryMeta
  /** Bytes in all. */
  readonly size: number
  /** The bytes of a range, all of them by default. */
  bytes(range?: Partial<ByteRange>): PromiseOrValue<Uint8Array>
  /** The pieces of a range as a stream. Not in a synchronous call. */
  stream(range?: Partial<ByteRange>): ReadableStream<Uint8Array>
  /** The pieces of a range, one after the other: `for await`, or `for` in a synchronous call. */
  chunks(range?: Partial<ByteRange>): Iterable<Uint8Array> & AsyncIterable<Uint8Array>
}

export type WriteOp =
  | 'set'
  | 'update'
  | 'setIn'
  | 'updateIn'
  | 'deleteIn'
  | 'delete'
  | 'setMany'
  | 'deleteMany'
  | 'batch'
  | 'clear'
  | 'append'
  | 'setBinary'

/** What a write hook is told, once a call, after the commit. */
export interface WriteEvent {
  readonly op: WriteOp
  /** The key of a single-key call. */
  readonly key?: Key
  /** The keys of a many-key call that were written or deleted. */
  readonly keys?: readonly Key[]
  /** The whole path of `setIn`, `updateIn` and `deleteIn`. */
  readonly path?: readonly Segment[]
  /** The whole old value, where the call had to read it. */
  readonly oldValue?: unknown
  /** The whole new value; of `append` the element. */
  readonly value?: unknown
  readonly meta?: EntryMeta
}

export type WriteHook = (event: WriteEvent) => unknown

/** Which keys a watch hears of: those under a prefix, these, or with `{}` all. */
export interface WatchFilter<K = Key> {
  /** Strings that start so, or arrays that start with these elements. */
  readonly prefix?: string | readonly Key[] | undefined
  /** These keys, in place of a prefix. */
  readonly keys?: Iterable<K> | undefined
}

/**
 * What a watch is told: that an entry was written (its value, its metadata, an element of the log) or deleted, or with
 * `resync` that changes may have been missed, so that what is watched has to be read again.
 */
export type WatchEvent<K = Key> = { readonly type: 'set' | 'delete'; readonly key: K } | { readonly type: 'resync' }

export interface WatchOptions {
  /** Ends the watch. Its reason is thrown if it is aborted already. */
  readonly signal?: AbortSignal | undefined
}

export type { AnyConfig, BinaryReader }

/**
 * A key-value document store. Every call takes `{ sync?, signal? }`; every error is a `KonserveError` with a stable
 * `code`. Calls on one key take effect in the order in which they were made.
 */
export interface Store<Schema = AnySchema> {
  /** The store's UUID. */
  readonly id: string
  /** The config without credentials and keys. */
  readonly config: AnyConfig
  readonly capabilities: Capabilities
  /** Of a tiered store: what is in front, what waits for the back, and how to fill the front. */
  readonly tier: Tier | undefined

  /** The value, or `default` for a missing key. The bytes of a binary; `NOT_A_VALUE` for a log. */
  get<K extends KeyOf<Schema>, const O extends GetOptions = {}>(
    key: K,
    options?: O,
  ): Result<O, ValueOf<Schema, K> | (O extends { default: infer D } ? D : undefined)>
  /**
   * The value; where it is missing, what `load` answers, which is stored. One `load` runs for all who ask for the key in this
   * process meanwhile; if it fails nothing is stored, and `undefined` is not stored either. A value that somebody has
   * written while it ran stays. With `ttl` and `staleWhileRevalidate` an old value is answered while a new one is loaded.
   *
   * @example
   * const user = await store.getOrSet('user:1', () => fetch('/users/1').then((response) => response.json()), { ttl: 60_000 })
   */
  getOrSet<K extends KeyOf<Schema>, const O extends GetOrSetOptions = {}>(
    key: K,
    load: () => PromiseOrValue<ValueOf<Schema, K>>,
    options?: O & GetOrSetOptions,
  ): Result<O, ValueOf<Schema, K>>
  /** Whether a live entry of any type is there. */
  has<const O extends CallOptions = {}>(key: KeyOf<Schema>, options?: O): Result<O, boolean>
  /** The metadata, or `undefined` for a missing key. */
  getMeta<const O extends CallOptions = {}>(key: KeyOf<Schema>, options?: O): Result<O, EntryMeta | undefined>
  /** Replace value, metadata and time to live. */
  set<K extends KeyOf<Schema>, const O extends SetOptions = {}>(
    key: K,
    value: ValueOf<Schema, K>,
    options?: O,
  ): Result<O, void>
  /**
   * Change the value by a synchronous function of the old one, `undefined` for a missing key. It runs alone on its key
   * and once, or again after a conflict with another process. Metadata and deadline stay.
   */
  update<K extends KeyOf<Schema>, const O extends UpdateOptions = {}>(
    key: K,
    fn: (old: ValueOf<Schema, K> | undefined) => ValueOf<Schema, K>,
    options?: O & UpdateOptions,
  ): Result<O, [old: ValueOf<Schema, K> | undefined, new: ValueOf<Schema, K>]>
  /** Whether there was something to delete. */
  delete<const O extends WriteOptions = {}>(key: KeyOf<Schema>, options?: O): Result<O, boolean>

  /** The value at a path inside the value, or `default` for every path that leads nowhere. */
  getIn<const O extends GetOptions = {}>(path: Path<KeyOf<Schema>>, options?: O): Result<O, unknown>
  /** Set a value at a path, making missing containers. Answers with the whole old and new values. */
  setIn<const O extends UpdateOptions = {}>(
    path: Path<KeyOf<Schema>>,
    value: unknown,
    options?: O & UpdateOptions,
  ): Result<O, [old: unknown, new: unknown]>
  /** Change the value at a path by a function of the old one. Answers with the whole old and new values. */
  updateIn<const O extends UpdateOptions = {}>(
    path: Path<KeyOf<Schema>>,
    fn: (old: any) => unknown, // oxlint-disable-line typescript/no-explicit-any -- a path has no type
    options?: O & UpdateOptions,
  ): Result<O, [old: unknown, new: unknown]>
  /** Remove what is at a path: a property, an element (those behind it move up), an entry of a Map. */
  deleteIn<const O extends WriteOptions = {}>(
    path: Path<KeyOf<Schema>>,
    options?: O,
  ): Result<O, [old: unknown, new: unknown]>

  /** The values of the keys that are there, under the caller's own key objects. */
  getMany<K extends KeyOf<Schema>, const O extends CallOptions = {}>(
    keys: Iterable<K>,
    options?: O,
  ): Result<O, Map<K, ValueOf<Schema, K>>>
  setMany<const O extends SetManyOptions<KeyOf<Schema>> = {}>(
    entries: Iterable<EntryOf<Schema>>,
    options?: O & SetManyOptions<KeyOf<Schema>>,
  ): Result<O, void>
  /** For each key whether there was something to delete. */
  deleteMany<K extends KeyOf<Schema>, const O extends WriteOptions = {}>(
    keys: Iterable<K>,
    options?: O,
  ): Result<O, Map<K, boolean>>
  /** Several writes in order, as one where the engine can; see `capabilities.atomicBatch`. */
  batch<const O extends BatchOptions = {}>(ops: Iterable<BatchOp<Schema>>, options?: O): Result<O, void>
  /** Delete every entry, or those under a prefix. */
  clear<const O extends WriteOptions & Pick<ListingOptions, 'prefix'> = {}>(options?: O): Result<O, void>

  /** Add an element to the end of a log, which the first one makes; `NOT_A_LOG` where something else is. */
  append<const O extends WriteOptions = {}>(key: KeyOf<Schema>, element: unknown, options?: O): Result<O, void>
  /** The elements of a log; none if it is missing. */
  log<T = unknown, const O extends LogOptions = {}>(key: KeyOf<Schema>, options?: O): Result<O, T[]>
  /** Fold the elements of a log, oldest first, without holding more than a page of them. */
  reduceLog<A, T = unknown, const O extends LogOptions = {}>(
    key: KeyOf<Schema>,
    fn: (accumulator: A, element: T) => A,
    initial: A,
    options?: O,
  ): Result<O, A>

  /** Read a binary in pieces; they are kept until the answer of `reader` settles. */
  getBinary<T, const O extends CallOptions = {}>(
    key: KeyOf<Schema>,
    reader: (binary: StoredBinary) => T,
    options?: O,
  ): Result<O, Awaited<T> | undefined>
  /** All bytes of a binary, `undefined` if it is missing; `NOT_BINARY` where something else is. */
  getBinary<const O extends CallOptions = {}>(key: KeyOf<Schema>, options?: O): Result<O, Uint8Array | undefined>
  setBinary<const O extends SetOptions = {}>(key: KeyOf<Schema>, input: BinaryInput, options?: O): Result<O, void>

  /** The keys in the order of their names. An expired one may be listed until it is swept. */
  keys<const O extends ListingOptions = {}>(options?: O): Listing<O, KeyOf<Schema>>
  /** Keys with values, or the bytes of binaries, in the order of names; logs are left out. */
  entries<const O extends ListingOptions = {}>(
    options?: O,
  ): Listing<O, [key: KeyOf<Schema>, value: ValueOf<Schema, KeyOf<Schema>>]>
  /** The metadata of every entry in the order of names. */
  metas<const O extends ListingOptions = {}>(options?: O): Listing<O, EntryMeta>

  /** A view of the keys under a prefix: `scope('a')` puts the string before string keys, `scope(['a'])` makes `k` `['a', k]`. */
  scope<S = AnySchema>(prefix: string | readonly Key[]): Store<S>
  /** Run `fn` while no other `withLock` of this key runs; see `capabilities.lock` for its reach. Not re-entrant. */
  withLock<T>(
    key: KeyOf<Schema>,
    fn: () => T,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Awaited<T>>
  /**
   * Be told which keys were written or deleted, by whatever call and handle, and from as far as `capabilities.watch` says;
   * ends with the function that it answers, with its signal, and with the store. Events come after the commit, of one key
   * in the order of the commits, of a batch in the order of its operations; updates that become one write are one event.
   * None comes of a write that fails or changes nothing, nor when an entry expires. `TypeError` for a wrong filter.
   *
   * @example
   * const stop = store.watch({ prefix: 'user:' }, (event) => console.log(event))
   */
  watch(
    filter: WatchFilter<KeyOf<Schema>>,
    listener: (event: WatchEvent<KeyOf<Schema>>) => unknown,
    options?: WatchOptions,
  ): () => void
  /** Be told of every write of this store in this process. A hook under the same id is replaced. */
  addWriteHook(id: string, hook: WriteHook): void
  /** Whether there was such a hook. */
  removeWriteHook(id: string): boolean
  /** Resolves when every acknowledged write is as durable as the engine can make it. */
  flush<const O extends CallOptions = {}>(options?: O): Result<O, void>
  /** The same as `releaseStore`, for `await using`, where the platform has it. */
  [Symbol.asyncDispose](): Promise<void>
}
