/**
 * What every contestant does, in its own words.
 *
 * @typedef {ReturnType<typeof import('../record.mjs').revisedRecord>} Item
 * @typedef {readonly [key: string, value: Item]} Pair
 *
 * @typedef {object} Store
 * @property {(key: string, value: any) => Promise<unknown>} set
 * @property {(key: string) => Promise<any>} get
 * @property {(pairs: readonly Pair[]) => Promise<unknown>} setAtOnce what is issued in one turn and awaited together
 * @property {(keys: readonly string[]) => Promise<Item[]>} getAtOnce
 * @property {(pairs: readonly Pair[]) => Promise<unknown>} setMany
 * @property {(keys: readonly string[]) => Promise<Item[]>} getMany
 * @property {(key: string, fn: (old: Item) => Item) => Promise<unknown>} update
 * @property {boolean} isExact no update is lost where many are made at once
 * @property {() => Promise<readonly unknown[]>} keys
 * @property {() => Promise<Iterable<readonly [unknown, any]>>} entries
 * @property {(key: string, bytes: Uint8Array) => Promise<unknown>} setBytes
 * @property {(key: string) => Promise<any>} getBytes
 * @property {() => unknown} [close] closes the database; without it a library has no way to
 *
 * @typedef {(database: string) => Promise<Store>} Open opens a database, and makes it if it is new
 *
 * @typedef {Pick<Store, 'set' | 'get' | 'keys' | 'entries'> & Partial<Store>} OwnCalls
 */

/**
 * A store by the calls that a library has. Single calls stand for those that it does not have.
 *
 * @param {OwnCalls} own `update` only if it is exact
 * @returns {Store}
 */
export function complete(own) {
  const { set, get } = own
  /** @param {readonly Pair[]} pairs */
  const setAtOnce = (pairs) => Promise.all(pairs.map(([key, value]) => set(key, value)))
  /** @param {readonly string[]} keys */
  const getAtOnce = (keys) => Promise.all(keys.map((key) => get(key)))
  return {
    setAtOnce,
    getAtOnce,
    setMany: setAtOnce,
    getMany: getAtOnce,
    update: async (key, fn) => set(key, fn(await get(key))),
    isExact: own.update !== undefined,
    setBytes: set,
    getBytes: get,
    ...own,
  }
}
