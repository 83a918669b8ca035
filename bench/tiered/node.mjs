import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createStorage } from 'unstorage'
import fsDriver from 'unstorage/drivers/fs-lite'
import { connectStore, releaseStore } from '../../dist/node.js'
import { ID } from './ours.mjs'

/**
 * Node has no IndexedDB: the back is a `file` store in a folder that is removed at the end. Of the libraries only unstorage
 * keeps things in files.
 *
 * @returns {Promise<import('./place.mjs').Place>}
 */
export async function open() {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-bench-'))
  return {
    connectStore,
    releaseStore,
    back: (name) => ({ backend: 'file', id: ID, path: join(folder, 'ours', name), durability: 'relaxed' }),
    libraries: {
      unstorage: async (name) => {
        const storage = createStorage({ driver: fsDriver({ base: join(folder, 'unstorage', name) }) })
        return {
          get: (key) => storage.getItem(key),
          set: (key, value) => storage.setItem(key, value),
          setMany: (pairs) => storage.setItems(pairs.map(([key, value]) => ({ key, value }))),
        }
      },
    },
    settle: async () => undefined,
    close: () => rm(folder, { recursive: true, force: true }),
  }
}
