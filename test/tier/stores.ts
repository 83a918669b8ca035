import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { AnyConfig } from '../../src/base/backend.ts'
import * as konserve from '../../src/node.ts'
import type { Store } from '../../src/node.ts'
import { trialOf } from './tried.ts'

// The backends of tests are not known to the types.
export const { connectStore, deleteStore, releaseStore, storeExists } = konserve as unknown as {
  connectStore(config: AnyConfig, opts?: object): Promise<Store>
  deleteStore(config: AnyConfig): Promise<void>
  releaseStore(config: AnyConfig, store: Store): Promise<void>
  storeExists(config: AnyConfig): Promise<boolean>
}
export const memory = { backend: 'memory' }
export const tried = { backend: 'tried' }

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

/** Memory in front of a store that can be made to fail. */
export function tiered(own: object = {}): AnyConfig {
  return { backend: 'tiered', id: crypto.randomUUID(), frontendConfig: memory, backendConfig: tried, ...own }
}

/** A place that is removed after the test. */
export function file(): { readonly backend: string; readonly path: string } {
  const path = join(tmpdir(), `konserve-tier-${crypto.randomUUID()}`)
  folders.push(path)
  return { backend: 'file', path }
}

/** The back of a store, as somebody else has it. */
export function back({ id }: AnyConfig): Promise<Store> {
  return connectStore({ ...tried, id })
}

/** The calls of the back that write. */
export function writes({ id }: AnyConfig): string[] {
  return trialOf(id)
    .calls.map(([method]) => method)
    .filter((method) => ['write', 'update', 'delete', 'batch'].includes(method))
}
