/**
 * What a page and Node have of their own: the back of the tiered store, and libraries that keep things in the same place.
 *
 * @typedef {import('./data.mjs').Item} Item
 *
 * @typedef {object} Library
 * @property {(key: string) => any} get what is a promise is awaited
 * @property {(key: string, value: any) => unknown} set
 *
 * @typedef {Library & { setMany: (pairs: readonly (readonly [key: string, value: any])[]) => unknown }} Filled one that can be
 *   filled at once
 *
 * @typedef {object} Place
 * @property {(config: any) => Promise<any>} connectStore of the entry for this place
 * @property {(config: any, store: any) => Promise<void>} releaseStore
 * @property {(name: string) => object} back the config of a back, whose writes are as relaxed as those of the libraries
 * @property {Record<string, (name: string) => Promise<Filled>>} libraries
 * @property {(name: string) => Promise<() => Promise<Item[]>>} [openRaw] a database with all of `many` in it and no library;
 *   answers what reads all of it
 * @property {() => Promise<void>} [toFiles] lets what has been written be read from files, whoever wrote it last
 * @property {() => Promise<void>} settle waits until what earlier runs have left to the place is done
 * @property {() => Promise<void>} close
 */

/**
 * @returns {Promise<Place>}
 */
export async function openPlace() {
  const { open } = 'indexedDB' in globalThis ? await import('./page.mjs') : await load('./node.mjs')
  return open()
}

/**
 * What a bundler for pages must not see.
 *
 * @param {string} path
 * @returns {Promise<{ open: () => Promise<Place> }>}
 */
function load(path) {
  return import(path)
}
