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
  return {
    ours: {
      get: (key) => store.get(key),
      set: (key, value) => store.set(key, value),
      getMany: async (keys) => [...(await store.getMany(keys)).values()],
      setMany: (pairs) => store.setMany(pairs),
    },
    sync: {
      get: async (key) => store.get(`sync:${key}`, SYNC),
      set: async (key, value) => store.set(`sync:${key}`, value, SYNC),
      getMany: async (keys) => [
        ...store
          .getMany(
            keys.map((key) => `sync:${key}`),
            SYNC,
          )
          .values(),
      ],
      setMany: async (pairs) =>
        store.setMany(
          pairs.map(([key, value]) => [`sync:${key}`, value]),
          SYNC,
        ),
    },
    close: () => deleteStore(own),
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
