import type { AnyConfig, Capabilities, LifecycleOptions } from '../base/backend.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'
import type { Store } from '../store/types.ts'

/** One promise that every store keeps, with the test of it. */
export interface Rule {
  /** In kebab-case; stable, so that reports can be compared. */
  readonly name: string
  /** A sentence about behaviour. */
  readonly title: string
  /** A backend that breaks this rule and no other: what it does wrong. `faults` has it as code. */
  readonly fault: string
  /** In which of the two modes there is something to test. Default both. */
  readonly mode?: 'async' | 'sync' | undefined
  /** Whether the rule says anything about a backend with these capabilities. Default: it does. */
  applies?(capabilities: Capabilities, target: ComplianceTarget): boolean
  /** Throws if the rule is broken. */
  run(scene: Scene): Promise<void>
}

/** The six functions of a store's life, sync or async as their options say. */
export interface Lifecycle {
  connectStore(config: AnyConfig, opts?: LifecycleOptions): PromiseOrValue<Store>
  createStore(config: AnyConfig, opts?: LifecycleOptions): PromiseOrValue<Store>
  storeExists(config: AnyConfig, opts?: LifecycleOptions): PromiseOrValue<boolean>
  deleteStore(config: AnyConfig, opts?: LifecycleOptions): PromiseOrValue<void>
  releaseStore(config: AnyConfig, store: Store, opts?: LifecycleOptions): PromiseOrValue<void>
  validateStoreConfig(config: AnyConfig): AnyConfig
}

/** What the suite is run on: a way to make stores of one backend. */
export interface ComplianceTarget {
  readonly name: string
  /** A config of a store that does not exist yet: with a fresh id, and at a fresh place if its place is not its id. */
  config(): AnyConfig
  /** Whether the config names the store's place apart from its id (a path, a database), so that another id can be there. */
  readonly addressable?: boolean | undefined
  /** What the config holds that must never be shown: a password, a key. */
  readonly secrets?: readonly string[] | undefined
  /** Take away what is left of a store's place after a rule. */
  cleanup?(config: AnyConfig): unknown
  /** The lifecycle functions in place of the library's own; a planted fault may stand in there. */
  readonly lifecycle?: Lifecycle | undefined
}

/**
 * What a rule has to work with. All its functions, and the stores that they give out, make calls in the mode of the run:
 * in sync mode `{ sync: true }` is added to every call, and `await` gets the value itself.
 */
export interface Scene {
  readonly sync: boolean
  /** The target's lifecycle functions as they are, to which a rule says the mode itself. */
  readonly lifecycle: Lifecycle
  readonly target: ComplianceTarget
  /** An open store with nothing in it, and its config. */
  readonly store: Store
  readonly config: AnyConfig
  /** A config of another store, which does not exist yet. */
  place(): AnyConfig
  /** Another handle; without a config on `store`. */
  connect(config?: AnyConfig, opts?: LifecycleOptions): Promise<Store>
  create(config: AnyConfig): Promise<Store>
  exists(config: AnyConfig): Promise<boolean>
  release(store: Store, config?: AnyConfig): Promise<void>
  remove(config: AnyConfig): Promise<void>
}
