import type {
  BaseConfig,
  BlobBackend,
  BlobCapabilities,
  BlobOp,
  BlobWrite,
  Call,
  ListOptions,
  NamesPage,
  OpenContext,
  Watcher,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import type { BlobDefinition } from '../engine/blob-definition.ts'
import { Watchers, noticesOf } from '../engine/watchers.ts'
import { type Method, ask, canWait, post } from './sync-thread.ts'

/** Blobs behind a network. Where somebody watches them, each client can leave out what another client of ours has told. */
export interface RemoteBlobs extends BlobBackend {
  readonly client?: string | undefined
  ignore?(client: string): void
}

/** How a kind of them is found, made and removed: nothing of it can answer at once. */
export interface RemoteDefinition<Config extends BaseConfig> extends BlobDefinition<Config> {
  readonly capabilities: BlobCapabilities
  /** The methods of its blobs that not all have. */
  readonly methods: readonly ('getMany' | 'scan' | 'batch' | 'writeMany' | 'watch')[]
  open(config: Config, context: OpenContext): Promise<RemoteBlobs>
}

/** By backend, for the thread. */
export const remoteDefinitions: Map<string, RemoteDefinition<never>> = new Map()

/**
 * `definition` with calls that answer at once, where there are threads that can be waited for: in Node. They are made in
 * another thread, over a connection of its own. `module` registers the backend there.
 */
export function withSyncCalls<Config extends BaseConfig>(
  backend: string,
  module: string,
  definition: RemoteDefinition<Config>,
): BlobDefinition<Config> {
  remoteDefinitions.set(backend, definition as unknown as RemoteDefinition<never>)
  if (!canWait) return definition
  const capabilities = { ...definition.capabilities, sync: true }
  const here = <T>(op: 'container' | 'remove', config: Config, context: OpenContext): T =>
    ask<T>({ backend, module, op, config, createContainer: context.createContainer }, context.onError)
  return {
    ...definition,
    capabilities,
    container: (config, context) =>
      context.sync ? here('container', config, context) : definition.container(config, context),
    remove: (config, context) => (context.sync ? here('remove', config, context) : definition.remove(config, context)),
    open(config, context) {
      const { sync, createContainer, onError } = context
      // The second of the two connections finds everything made.
      const later = (): Promise<RemoteBlobs> =>
        definition.open(config, { ...context, sync: false, createContainer: createContainer && !sync })
      const now = (): { id: number; client: string | undefined } =>
        ask({ backend, module, op: 'open', config, createContainer: createContainer && sync }, onError)
      const twoWays = (laterOrOpen: Ways['later']): TwoWayBlobs =>
        new TwoWayBlobs(capabilities, definition.methods, { now, later: laterOrOpen }, onError)
      if (sync) {
        const blobs = twoWays(later)
        blobs.openNow()
        return blobs
      }
      return later().then((opened) => {
        const blobs = twoWays(() => opened)
        // What is open is closed, even if nobody calls it.
        void blobs.openLater()
        return blobs
      })
    },
  }
}

interface Ways {
  now(): { readonly id: number; readonly client: string | undefined }
  later(): PromiseOrValue<RemoteBlobs>
}

/** Blobs by two connections: one here, for calls that are awaited, and one in the thread, each opened when it is needed. */
class TwoWayBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities
  readonly getMany?: NonNullable<BlobBackend['getMany']>
  readonly scan?: NonNullable<BlobBackend['scan']>
  readonly batch?: NonNullable<BlobBackend['batch']>
  readonly writeMany?: NonNullable<BlobBackend['writeMany']>
  readonly watch?: NonNullable<BlobBackend['watch']>
  readonly #ways: Ways
  readonly #onError: OpenContext['onError']
  readonly #watchers = new Watchers()
  #endWatch: (() => void) | undefined
  #later: PromiseOrValue<RemoteBlobs> | undefined
  #now: { readonly id: number; readonly client: string | undefined } | undefined

  constructor(
    capabilities: BlobCapabilities,
    methods: RemoteDefinition<never>['methods'],
    ways: Ways,
    onError: OpenContext['onError'],
  ) {
    this.capabilities = capabilities
    this.#ways = ways
    this.#onError = onError
    if (methods.includes('getMany')) this.getMany = (names, call) => this.#call('getMany', [names], call)
    if (methods.includes('scan')) this.scan = (options, call) => this.#list('scan', options, call)
    if (methods.includes('batch')) this.batch = (ops, call) => this.#write('batch', [ops], ops, call)
    if (methods.includes('writeMany')) this.writeMany = (ops, call) => this.#write('writeMany', [ops], ops, call)
    if (methods.includes('watch')) this.watch = (watcher) => this.#watch(watcher)
  }

  openNow(): number {
    if (this.#now === undefined) {
      this.#now = this.#ways.now()
      const { client } = this.#now
      if (client !== undefined && this.#later) void chain(this.#later, (blobs) => blobs.ignore?.(client))
    }
    return this.#now.id
  }

  get(name: Name, options: Parameters<BlobBackend['get']>[1], call: Call): ReturnType<BlobBackend['get']> {
    return this.#call('get', [name, options], call)
  }

  put(name: Name, bytes: Uint8Array, write: BlobWrite, call: Call): PromiseOrValue<Version> {
    if (!call.sync) return this.#call('put', [name, bytes, write], call)
    return this.#write('put', [name, bytes, write], [{ ...write, put: [name, bytes] }], call)
  }

  delete(name: Name, write: BlobWrite, call: Call): PromiseOrValue<boolean> {
    return this.#write('delete', [name, write], [{ ...write, delete: name }], call)
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#list('list', options, call)
  }

  close(call: Call): PromiseOrValue<void> {
    this.#endWatch?.()
    if (this.#now) {
      const request = { op: 'call', id: this.#now.id, method: 'close', args: [] } as const
      if (call.sync) ask(request, this.#onError)
      else post(request)
    }
    if (!this.#later) return undefined
    // What is here can only be closed later.
    const closed = chain(this.#later, (blobs) => blobs.close({ sync: false }))
    return call.sync ? void Promise.resolve(closed).catch(this.#onError) : closed
  }

  #list<T extends NamesPage | { next?: Name | undefined }>(
    method: 'list' | 'scan',
    options: ListOptions,
    call: Call,
  ): PromiseOrValue<T> {
    if (!call.sync) return this.#call(method, [options], call)
    const { onNext, ...range } = options
    const page = this.#call<T>(method, [range], call) as T
    onNext?.(page.next)
    return page
  }

  #write<T>(method: Method, args: readonly unknown[], ops: readonly BlobOp[], call: Call): PromiseOrValue<T> {
    const answer = this.#call<T>(method, args, call)
    if (call.sync && this.#watchers.size > 0) this.#watchers.tell(noticesOf(ops))
    return answer
  }

  #call<T>(method: Method, args: readonly unknown[], call: Call): PromiseOrValue<T> {
    if (call.sync) return ask<T>({ op: 'call', id: this.openNow(), method, args }, this.#onError)
    return chain(this.openLater(), (blobs) =>
      (blobs[method] as (...all: readonly unknown[]) => PromiseOrValue<T>)(...args, call),
    )
  }

  openLater(): PromiseOrValue<RemoteBlobs> {
    if (this.#later) return this.#later
    const opened = chain(this.#ways.later(), (blobs) => {
      if (this.#now?.client !== undefined) blobs.ignore?.(this.#now.client)
      return (this.#later = blobs)
    })
    this.#later ??= opened
    // The next call may find the server there.
    if (opened instanceof Promise) opened.catch(() => (this.#later = undefined))
    return opened
  }

  /** What is written in the thread is told here at once: its own messages would come when this thread no longer waits. */
  #watch(watcher: Watcher): () => void {
    const end = this.#watchers.add(watcher)
    let stop: (() => void) | undefined
    let ended = false
    if (this.#watchers.size === 1) {
      const watch = (blobs: RemoteBlobs): void => {
        if (!ended) stop = blobs.watch!((notice) => this.#watchers.tell([notice]))
      }
      const opened = this.openLater()
      if (opened instanceof Promise) opened.then(watch, this.#onError)
      else watch(opened)
      this.#endWatch = () => {
        ended = true
        stop?.()
      }
    }
    return () => {
      end()
      if (this.#watchers.size === 0) this.#endWatch?.()
    }
  }
}
