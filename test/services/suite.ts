import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { AnyConfig } from '../../src/base/backend.ts'
import { connectStore, deleteStore } from '../../src/node.ts'
import type { ComplianceTarget } from '../../src/testing/rule.ts'
import { runSuite } from '../compliance/suite.ts'
import { outputOf, startChild } from '../proofs/processes.ts'

/** What is proved of each backend whose engine is outside of the process, besides what is its own. */
export interface EngineTarget extends ComplianceTarget {
  /** The module of the built package that registers the backend: `backends/redis.js`. */
  readonly module: string
}

const CLIENTS = 4
const UPDATES = 250

type AnyStoreConfig = Parameters<typeof connectStore>[0]

/** The compliance rules on the backend and on a tier over it, and updates of one key by several processes. */
export function runEngineSuite(target: EngineTarget): void {
  runSuite([target, tieredOver(target)])

  test(`${CLIENTS} processes that update one key ${UPDATES} times each: ${CLIENTS * UPDATES} in ${target.name}`, async () => {
    const config = target.config()
    const store = await connectStore(config as unknown as AnyStoreConfig)
    await store.set('counter', 0)
    const children = Array.from({ length: CLIENTS }, () =>
      startChild('update', builtModule(target.module), JSON.stringify(config), String(UPDATES)),
    )
    expect(await Promise.all(children.map(outputOf))).toEqual(children.map(() => 'done\n'))
    expect(await store.get('counter')).toBe(CLIENTS * UPDATES)
    await deleteStore(config as unknown as AnyStoreConfig)
  }, 300_000)
}

/** The same place with memory in front, by one line of config. */
export function tieredOver({ name, addressable, config, cleanup, secrets }: ComplianceTarget): ComplianceTarget {
  return {
    name: `tiered(memory, ${name})`,
    addressable,
    ...(secrets && { secrets }),
    config() {
      const { id, ...backendConfig } = config()
      return { backend: 'tiered', id, frontendConfig: { backend: 'memory' }, backendConfig }
    },
    ...(cleanup && { cleanup: ({ id, backendConfig }) => cleanup({ ...(backendConfig as AnyConfig), id }) }),
  }
}

/** A module of the package, by its path in `dist`. */
function builtModule(path: string): string {
  const module = fileURLToPath(new URL(`../../dist/${path}`, import.meta.url))
  if (!existsSync(module)) throw new Error('The package is not built. Run `npm run build` first.')
  return module
}
