import type { ChildProcess } from 'node:child_process'
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
  /** The engine lets in one process at a time: the clients are handles of this one. */
  readonly isExclusive?: boolean
}

const CLIENTS = 4
const UPDATES = 250

type AnyStoreConfig = Parameters<typeof connectStore>[0]

/** The compliance rules on the backend and on a tier over it, and updates of one key by several clients. */
export function runEngineSuite(target: EngineTarget): void {
  runSuite([target, tieredOver(target)])

  const clients = target.isExclusive ? 'handles' : 'processes'
  test(`${CLIENTS} ${clients} that update one key ${UPDATES} times each: ${CLIENTS * UPDATES} in ${target.name}`, async () => {
    const config = target.config()
    const store = await connectStore(config as unknown as AnyStoreConfig)
    await store.set('counter', 0)
    await (target.isExclusive ? updateInHandles(config) : updateInProcesses(config, target.module))
    expect(await store.get('counter')).toBe(CLIENTS * UPDATES)
    await deleteStore(config as unknown as AnyStoreConfig)
  }, 300_000)
}

async function updateInProcesses(config: AnyConfig, module: string): Promise<void> {
  const children = Array.from({ length: CLIENTS }, () => startUpdates(module, config, UPDATES))
  expect(await Promise.all(children.map(outputOf))).toEqual(children.map(() => 'done\n'))
}

async function updateInHandles(config: AnyConfig): Promise<void> {
  const client = async (): Promise<void> => {
    const store = await connectStore(config as unknown as AnyStoreConfig)
    for (let i = 0; i < UPDATES; i++) await store.update('counter', (n) => Number(n) + 1)
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
}

/** The same place with memory in front, by one line of config. */
export function tieredOver({ name, config, cleanup, addressable, secrets }: ComplianceTarget): ComplianceTarget {
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

/** A process that adds so often to `counter` in a store of the backend that `module` registers, and then prints `done`. */
export function startUpdates(module: string, config: object, times: number): ChildProcess {
  return startChild('update', builtModule(module), JSON.stringify(config), String(times))
}

/** A module of the package, by its path in `dist`. */
function builtModule(path: string): string {
  const module = fileURLToPath(new URL(`../../dist/${path}`, import.meta.url))
  if (!existsSync(module)) throw new Error('The package is not built. Run `npm run build` first.')
  return module
}
