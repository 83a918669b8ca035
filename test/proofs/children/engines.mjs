/** The built library with the backends of folders that have engines of their own. */

const DIST = new URL('../../../dist/', import.meta.url)
/** @type {typeof import('../../../src/node.ts')} */
const library = await import(new URL('node.js', DIST).href)
for (const backend of ['lmdb', 'rocksdb']) await import(new URL(`backends/${backend}.js`, DIST).href)

export const { connectStore, createStore, deleteStore, releaseStore, storeExists } = library
