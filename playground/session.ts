import { type Store, type StoreConfig, type WriteEvent, connectStore, releaseStore } from '../src/browser.ts'
import { Timings } from './timings.ts'

/** The same at every visit, so that the store survives a reload. */
export const STORE_ID = '2f0a4c1e-8b7d-4f53-9c6e-1d3b5a7f9e20'
export const DATABASE: string = `konserve-${STORE_ID}`

const PERSISTENT: StoreConfig = {
  backend: 'tiered',
  id: STORE_ID,
  frontendConfig: { backend: 'memory' },
  backendConfig: { backend: 'indexeddb' },
}
const MEMORY_ONLY: StoreConfig = { backend: 'memory', id: STORE_ID }

/** The connection of this page to its store, every call of it timed. */
export class Session {
  #config: StoreConfig = PERSISTENT
  #store: Promise<Store> | undefined
  readonly #timings = new Timings()
  readonly #onWrite: (event: WriteEvent) => void
  readonly #onChange: () => void

  /** `onWrite` is told of each write of this tab, `onChange` of whatever any tab has changed. */
  constructor(onWrite: (event: WriteEvent) => void, onChange: () => void) {
    this.#onWrite = onWrite
    this.#onChange = onChange
  }

  /** Whether what is written outlives the page. */
  get persistent(): boolean {
    return this.#config === PERSISTENT
  }

  /** Connect; a second time with a new, empty memory in front. */
  async connect(options: { readonly memoryOnly?: boolean } = {}): Promise<void> {
    const before = this.#store
    const config = options.memoryOnly ? MEMORY_ONLY : this.#config
    this.#store = this.#open(config, before)
    await this.#store
    this.#config = config
  }

  /** Run one call on the store, once it is there, and note how long it took. */
  async run<T>(name: string, fn: (store: Store) => T | Promise<T>): Promise<T> {
    const store = await this.#store
    if (!store) throw new Error('The store is not connected')
    const start = performance.now()
    const answer = await fn(store)
    this.#timings.record(name, performance.now() - start)
    return answer
  }

  /** Run a synchronous call, or answer `undefined` where it throws: a key whose value is not in memory yet. */
  async runSync<T>(name: string, fn: (store: Store) => T): Promise<{ readonly answer: T } | undefined> {
    const store = await this.#store
    if (!store) return undefined
    const start = performance.now()
    try {
      const answer = fn(store)
      this.#timings.record(name, performance.now() - start)
      return { answer }
    } catch {
      return undefined
    }
  }

  async #open(config: StoreConfig, before: Promise<Store> | undefined): Promise<Store> {
    const old = await before?.catch(() => undefined)
    if (old) await releaseStore(this.#config, old)
    const start = performance.now()
    const store = await connectStore(config)
    this.#timings.record('connectStore', performance.now() - start)
    store.addWriteHook('playground', this.#onWrite)
    store.watch({}, this.#onChange)
    return store
  }
}
