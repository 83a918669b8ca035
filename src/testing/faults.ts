import '../backends/memory.ts'
import '../backends/tiered.ts'
import { type Backend, type BackendDefinition, findBackend, registerBackend } from '../base/backend.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import type { Store } from '../store/types.ts'
import { faultsOfCalls } from './faults/calls.ts'
import { faultsOfClones } from './faults/clones.ts'
import { faultsOfEntries } from './faults/entries.ts'
import { faultsOfLifecycle } from './faults/lifecycle.ts'
import { faultsOfListings } from './faults/listings.ts'
import type { Base, Plant } from './faults/plant.ts'
import { faultsOfUpdates } from './faults/updates.ts'
import { faultsOfValues } from './faults/values.ts'
import { faultsOfWatches } from './faults/watch.ts'
import { registerMapBackend } from './map-blobs.ts'
import { overlay } from './overlay.ts'
import type { ComplianceTarget, Lifecycle } from './rule.ts'
import { libraryLifecycle } from './scene.ts'

/** A fault for each rule, by the rule's name; the rule's `fault` says in words what it does wrong. */
export const faults: Readonly<Record<string, Plant>> = {
  ...faultsOfLifecycle,
  ...faultsOfValues,
  ...faultsOfClones,
  ...faultsOfEntries,
  ...faultsOfListings,
  ...faultsOfUpdates,
  ...faultsOfCalls,
  ...faultsOfWatches,
}

/**
 * A store with the fault of one rule planted in it. Run on it, the suite fails in that rule and in no other: the proof
 * that the rule can fail, and that the rules are told apart.
 */
export function faultyTarget(rule: string): ComplianceTarget {
  const plant = faults[rule]
  if (plant === undefined) throw new RangeError(`There is no rule ${rule}.`)
  const { base = 'memory' } = plant
  const backend = `faulty-${rule}`
  const definition = baseDefinition(base)
  registerBackend(backend, overlay(planted(definition, plant), plant.definition?.(definition) ?? {}))
  const map = base.startsWith('map')
  return {
    name: backend,
    config: () => ({
      backend,
      id: crypto.randomUUID(),
      ...(base === 'memory-cloning' && { serializer: 'structured-clone' }),
      ...(map && { place: crypto.randomUUID(), password: 'open sesame' }),
      ...(base === 'tiered-asynchronous' && {
        frontendConfig: { backend: 'memory' },
        backendConfig: { backend: 'map-asynchronous' },
      }),
    }),
    ...(map && { addressable: true, secrets: ['open sesame'] }),
    lifecycle: plantedLifecycle(plant),
  }
}

/** The backends of those bases that are not called so. */
const BACKENDS: Partial<Record<Base, string>> = { 'memory-cloning': 'memory', 'tiered-asynchronous': 'tiered' }

function baseDefinition(base: Base): BackendDefinition {
  if (!base.startsWith('memory')) {
    registerMapBackend('map')
    registerMapBackend('map-compare-and-set', { transactions: false })
    registerMapBackend('map-asynchronous', { sync: false })
  }
  return findBackend(BACKENDS[base] ?? base)!
}

function planted(definition: BackendDefinition, { backend }: Plant): BackendDefinition {
  if (backend === undefined) return definition
  const faulty = (opened: PromiseOrValue<Backend>): PromiseOrValue<Backend> =>
    chain(opened, (correct) => overlay(correct, backend(correct)))
  return overlay(definition, {
    create: (config, context) => faulty(definition.create(config, context)),
    open: (config, context) => faulty(definition.open(config, context)),
  })
}

/** Stores come out with the fault in them, and are known again when they come back. */
function plantedLifecycle({ store, lifecycle }: Plant): Lifecycle {
  const correct = new WeakMap<Store, Store>()
  const faulty = (opened: PromiseOrValue<Store>): PromiseOrValue<Store> =>
    chain(opened, (handle) => {
      const shown = store ? overlay(handle, store(handle)) : handle
      correct.set(shown, handle)
      return shown
    })
  const { connectStore, createStore, releaseStore } = libraryLifecycle
  const whole = overlay(libraryLifecycle, {
    connectStore: (config, opts) => faulty(connectStore(config, opts)),
    createStore: (config, opts) => faulty(createStore(config, opts)),
    releaseStore: (config, shown, opts) => releaseStore(config, correct.get(shown) ?? shown, opts),
  })
  return lifecycle ? overlay(whole, lifecycle(whole)) : whole
}
