import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SYNC = { sync: true }

/**
 * konserve-ts over `config`, whose backend the module of `dist` registers.
 *
 * @param {Record<string, unknown> & { backend: string }} config
 * @param {string} module
 * @returns {Promise<Pick<import('../suites/backends.mjs').Engine, 'ours' | 'sync' | 'close'>>}
 */
export async function openOurs(config, module) {
  const { createStore, deleteStore } = await load(new URL('../../dist/node.js', import.meta.url).href)
  await load(new URL(`../../dist/backends/${module}.js`, import.meta.url).href)
  const own = { id: '3d0f2c9a-5b5e-4f43-9a0b-6f1c8f9f0e11', ...config }
  const store = await createStore(own, { createContainer: true })
  const apart = store.scope('sync:')
  return {
    ours: {
      get: (key) => store.get(key),
      set: (key, value) => store.set(key, value),
      getMany: async (keys) => [...(await store.getMany(keys)).values()],
      setMany: (pairs) => store.setMany(pairs),
    },
    sync: {
      get: async (key) => apart.get(key, SYNC),
      set: async (key, value) => apart.set(key, value, SYNC),
      getMany: async (keys) => [...apart.getMany(keys, SYNC).values()],
      setMany: async (pairs) => apart.setMany(pairs, SYNC),
    },
    close: () => deleteStore(own),
  }
}

/**
 * An engine in a folder, and its driver, opened twice beside it.
 *
 * @param {string} backend
 * @param {(path: string, driven: import('../suites/backends.mjs').Driven) => Promise<import('../suites/backends.mjs').Store & { close: () => Promise<void> }>} openDriver
 * @returns {import('../suites/backends.mjs').Open}
 */
export function inFolder(backend, openDriver) {
  return async (driven) => {
    const folder = await mkdtemp(join(tmpdir(), 'konserve-bench-'))
    const { ours, sync, close } = await openOurs({ backend, path: join(folder, 'ours') }, backend)
    const driver = await openDriver(join(folder, 'driver'), driven.driver)
    const bytes = await openDriver(join(folder, 'bytes'), driven.bytes)
    return {
      ours,
      sync,
      peers: { driver, bytes },
      async close() {
        await close()
        await driver.close()
        await bytes.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  }
}

/**
 * The peers are installed apart, so that their types are not there when the scripts are checked.
 *
 * @param {string} name
 * @returns {Promise<any>}
 */
export function load(name) {
  return import(name)
}
