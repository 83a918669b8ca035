import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Call, Durability } from '../base/backend.ts'
import { type PromiseOrValue, chain, each, rescue } from '../base/promise-or-value.ts'
import { syncFolder } from './file-blobs.ts'
import { type FileSystem, errnoOf, nodeFileSystems, storageError } from './file-system.ts'

/** What the backends that keep a store in a folder do with it. */

export function filesOf(call: Call): FileSystem {
  return call.sync ? nodeFileSystems.sync : nodeFileSystems.async
}

/** The names in the folder; `absent` where there is none, `foreign` where there is something else. */
export function namesIn(files: FileSystem, path: string): PromiseOrValue<string[] | 'absent' | 'foreign'> {
  return rescue<string[] | 'absent' | 'foreign'>(
    () => files.readdir(path),
    (error) => {
      if (errnoOf(error) === 'ENOENT') return 'absent'
      if (errnoOf(error) === 'ENOTDIR') return 'foreign'
      throw error
    },
  )
}

/** Make the folder and its parents; with `strict` what was made is on the device before anything is put there. */
export function makeFolder(files: FileSystem, path: string, durability: Durability = 'strict'): PromiseOrValue<void> {
  return chain(files.mkdir(path), (first) => {
    if (first === undefined || durability === 'relaxed') return
    const parents: string[] = []
    for (let made = path; made.length >= first.length; made = dirname(made)) parents.push(dirname(made))
    return each(parents, (parent) => syncFolder(files, parent))
  })
}

/** Remove those of the files that are there, in this order. */
export function removeFiles(files: FileSystem, path: string, names: readonly string[]): PromiseOrValue<void> {
  return each(names, (name) => unless('ENOENT', () => files.unlink(join(path, name))))
}

/** The same, and the folder if nothing else is in it. */
export function removeFolder(files: FileSystem, path: string, names: readonly string[]): PromiseOrValue<void> {
  return chain(removeFiles(files, path, names), () =>
    // What is not ours stays, and the folder with it.
    unless('ENOTEMPTY EEXIST ENOENT', () => files.rmdir(path)),
  )
}

/** The path without links, as far as it exists. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const parent = dirname(path)
    return parent === path ? path : join(realPath(parent), basename(path))
  }
}

/** Run `fn`; what the file system refuses is reported with the way out. */
export function reported<T>(path: string, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
  return rescue(fn, (error) => {
    throw storageError(error, path)
  })
}

function unless(errnos: string, fn: () => PromiseOrValue<void>): PromiseOrValue<void> {
  return rescue(fn, (error) => {
    if (!errnos.split(' ').includes(errnoOf(error) ?? '')) throw error
  })
}
