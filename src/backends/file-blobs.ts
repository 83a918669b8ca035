import { join } from 'node:path'
import process from 'node:process'
import type {
  Blob,
  BlobBackend,
  BlobCapabilities,
  ByteRange,
  Call,
  Condition,
  Durability,
  ListOptions,
  NamesPage,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { ConflictError } from '../base/errors.ts'
import { type PromiseOrValue, all, chain, repeat, rescue } from '../base/promise-or-value.ts'
import { frameVersion } from '../codec/frame.ts'
import { FolderListing } from './file-listing.ts'
import { type FileSystem, type FileSystems, errnoOf, nodeFileSystems, storageError } from './file-system.ts'
import { tempName } from './file-temp.ts'

export interface FileBlobsOptions {
  /** Default `strict`: a write is done once the file and its folder are on the device. */
  readonly durability?: Durability | undefined
  readonly fs?: FileSystems | undefined
}

export const fileCapabilities: BlobCapabilities = {
  sync: true,
  atomicUpdate: 'process',
  atomicBatch: 0,
  persistent: true,
  lock: 'process',
  watch: 'process',
  compareAndSet: false,
}

/**
 * Blobs as the files of one folder, each named by its name. A write goes to a temporary file first and is renamed, so
 * that a reader and a crash find the old blob or the new one, whole. QUOTA_EXCEEDED, STORAGE_UNAVAILABLE.
 */
export function fileBlobs(path: string, options: FileBlobsOptions = {}): BlobBackend {
  return new FileBlobs(path, options)
}

/** Bytes that one read takes together with the size of the file: most blobs are smaller. */
const FIRST_READ = 4096
const HEADER: ByteRange = { start: 0, end: 20 }
const FILES_AT_ONCE = 16

class FileBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = fileCapabilities
  readonly #path: string
  readonly #durability: Durability
  readonly #fs: FileSystems
  readonly #listing = new FolderListing()
  /** Names written with `relaxed` since the last flush. */
  readonly #unsynced = new Set<Name>()
  #folderSync: Promise<void> = Promise.resolve()
  #nextFolderSync: Promise<void> | undefined

  constructor(path: string, { durability = 'strict', fs = nodeFileSystems }: FileBlobsOptions) {
    this.#path = path
    this.#durability = durability
    this.#fs = fs
  }

  get(name: Name, { range }: { readonly range?: ByteRange | undefined }, call: Call): PromiseOrValue<Blob | undefined> {
    const files = this.#files(call)
    return this.#reported(name, () =>
      ifFound(() =>
        withFile(files, this.#file(name), 'r', (file) => {
          if (range === undefined)
            return chain(readWhole(files, file), (bytes) => ({ bytes, version: frameVersion(bytes) }))
          const ranges = range.start === 0 && range.end >= HEADER.end ? [range] : [range, HEADER]
          return chain(all(ranges.map((each) => readRange(files, file, each))), ([bytes, header = bytes]) => ({
            bytes: bytes!,
            version: frameVersion(header!),
          }))
        }),
      ),
    )
  }

  getMany(names: readonly Name[], call: Call): PromiseOrValue<(Blob | undefined)[]> {
    const blobs = Array<Blob | undefined>(names.length)
    const reading = severalAtOnce(names.entries(), ([index, name]) =>
      chain(this.get(name, {}, call), (blob) => {
        blobs[index] = blob
      }),
    )
    return chain(reading, () => blobs)
  }

  put(name: Name, bytes: Uint8Array, { ifVersion }: Condition, call: Call): PromiseOrValue<Version> {
    const files = this.#files(call)
    const temp = this.#file(tempName())
    const strict = this.#isStrict(call)
    const installed = this.#reported(name, () =>
      undone(
        () =>
          chain(writeFile(files, temp, bytes, { strict }), () =>
            ifVersion === null
              ? this.#create(name, temp, call)
              : chain(this.#checkVersion(name, ifVersion, call), () => this.#replace(name, temp, call)),
          ),
        () => files.unlink(temp),
      ),
    )
    return chain(installed, () => {
      this.#listing.written(name)
      if (strict) this.#unsynced.delete(name)
      else this.#unsynced.add(name)
      return frameVersion(bytes)
    })
  }

  /** The file steps aside before it is removed, so that it can come back if the folder cannot be synced. */
  delete(name: Name, { ifVersion }: Condition, call: Call): PromiseOrValue<boolean> {
    const files = this.#files(call)
    const path = this.#file(name)
    const aside = this.#isStrict(call) ? this.#file(tempName()) : undefined
    const remove = (): PromiseOrValue<boolean> =>
      chain(
        ifFound(() => chain(aside === undefined ? files.unlink(path) : files.rename(path, aside), () => true)),
        (found = false) => {
          if (!found || aside === undefined) return found
          const synced = undone(
            () => this.#syncFolder(call),
            () => files.rename(aside, path),
          )
          return chain(synced, () =>
            chain(
              quietly(() => files.unlink(aside)),
              () => true,
            ),
          )
        },
      )
    return chain(
      this.#reported(name, () => chain(this.#checkVersion(name, ifVersion, call), remove)),
      (found) => {
        this.#listing.deleted(name)
        return found
      },
    )
  }

  list(options: ListOptions, call: Call): PromiseOrValue<NamesPage> {
    return this.#reported('', () => this.#listing.page(options, () => this.#files(call).readdir(this.#path)))
  }

  /** What was written with `relaxed` is brought to the device. */
  flush(call: Call): PromiseOrValue<void> {
    const files = this.#files(call)
    const names = [...this.#unsynced]
    this.#unsynced.clear()
    const sync = (name: Name): PromiseOrValue<void> =>
      ifFound(() => withFile(files, this.#file(name), 'r', (file) => files.fsync(file)))
    return this.#reported('', () =>
      undone(
        () => chain(severalAtOnce(names.values(), sync), () => this.#syncFolder(call)),
        () => names.forEach((name) => this.#unsynced.add(name)),
      ),
    )
  }

  close(): void {}

  #files(call: Call): FileSystem {
    return call.sync ? this.#fs.sync : this.#fs.async
  }

  #file(name: string): string {
    return join(this.#path, name)
  }

  #isStrict(call: Call): boolean {
    return (call.durability ?? this.#durability) === 'strict'
  }

  #reported<T>(name: string, fn: () => PromiseOrValue<T>): PromiseOrValue<T> {
    return rescue(fn, (error) => fail(storageError(error, this.#file(name))))
  }

  #checkVersion(name: Name, expected: Version | null | undefined, call: Call): PromiseOrValue<void> {
    if (expected === undefined) return
    return chain(this.get(name, { range: HEADER }, call), (blob) => {
      if ((blob?.version ?? null) !== expected) throw conflict(name)
    })
  }

  /** Exclusive against other processes too: a link is refused where the name is taken. */
  #create(name: Name, temp: string, call: Call): PromiseOrValue<void> {
    const files = this.#files(call)
    const path = this.#file(name)
    const place = (): PromiseOrValue<boolean> => chain(files.link(temp, path), () => true)
    const placeWithoutLinks = (): PromiseOrValue<boolean> =>
      chain(
        withFile(files, path, 'wx', () => undefined),
        () =>
          undone(
            () => chain(files.rename(temp, path), () => false),
            () => files.unlink(path),
          ),
      )
    const placed = rescue(
      () => rescue(place, (error) => (NO_LINKS.has(errnoOf(error)) ? placeWithoutLinks() : fail(error))),
      (error) => fail(errnoOf(error) === 'EEXIST' ? conflict(name, error) : error),
    )
    return chain(placed, (linked) =>
      undone(
        () =>
          chain(linked ? files.unlink(temp) : undefined, () =>
            this.#isStrict(call) ? this.#syncFolder(call) : undefined,
          ),
        () => files.unlink(path),
      ),
    )
  }

  /**
   * The old blob keeps a second name until the folder is synced, so that it can come back if that fails. Where a file
   * system has no links, it is lost then.
   */
  #replace(name: Name, temp: string, call: Call): PromiseOrValue<void> {
    const files = this.#files(call)
    const path = this.#file(name)
    if (!this.#isStrict(call)) return files.rename(temp, path)
    const old = this.#file(tempName())
    return chain(keepOld(files, path, old), (state) => {
      const restore = (): PromiseOrValue<void> =>
        state === 'kept' ? files.rename(old, path) : state === 'absent' ? files.unlink(path) : undefined
      const renamed = undone(
        () => files.rename(temp, path),
        () => (state === 'kept' ? files.unlink(old) : undefined),
      )
      return chain(renamed, () =>
        chain(
          undone(() => this.#syncFolder(call), restore),
          () => (state === 'kept' ? quietly(() => files.unlink(old)) : undefined),
        ),
      )
    })
  }

  /** Calls that wait for the folder share one fsync, which starts after the last of them came. */
  #syncFolder(call: Call): PromiseOrValue<void> {
    if (call.sync) return syncFolder(this.#fs.sync, this.#path)
    this.#nextFolderSync ??= this.#folderSync.then(() => {
      this.#nextFolderSync = undefined
      const sync = Promise.resolve(syncFolder(this.#fs.async, this.#path))
      this.#folderSync = sync.catch(() => undefined)
      return sync
    })
    return this.#nextFolderSync
  }
}

/** What `link` fails with on file systems that have no hard links, or do not let a process make them. */
const NO_LINKS: ReadonlySet<string | undefined> = new Set([
  'EPERM',
  'EACCES',
  'ENOTSUP',
  'EOPNOTSUPP',
  'ENOSYS',
  'EMLINK',
])

/** Make sure that the directory entries are on the device. Windows does not let a process open a folder. */
export function syncFolder(files: FileSystem, path: string): PromiseOrValue<void> {
  if (process.platform === 'win32') return
  return withFile(files, path, 'r', (folder) => files.fsync(folder))
}

function keepOld(files: FileSystem, path: string, old: string): PromiseOrValue<'kept' | 'absent' | 'unlinkable'> {
  return rescue<'kept' | 'absent' | 'unlinkable'>(
    () => chain(files.link(path, old), () => 'kept' as const),
    (error) => {
      const errno = errnoOf(error)
      if (errno === 'ENOENT') return 'absent'
      if (NO_LINKS.has(errno)) return 'unlinkable'
      throw error
    },
  )
}

function writeFile(
  files: FileSystem,
  path: string,
  bytes: Uint8Array,
  { strict }: { strict: boolean },
): PromiseOrValue<void> {
  return withFile(files, path, 'wx', (file) => {
    let written = 0
    const writing = repeat(() => {
      if (written === bytes.length) return false
      return chain(files.write(file, bytes, written), (count) => {
        written += count
        return true
      })
    })
    return chain(writing, () => (strict ? files.fsync(file) : undefined))
  })
}

/** The whole file: it never changes under its name, so that its size now is its size. */
function readWhole(files: FileSystem, file: number): PromiseOrValue<Uint8Array> {
  const first = new Uint8Array(FIRST_READ)
  return chain(all([files.size(file), files.read(file, first, 0, 0)]), ([size, count]) => {
    if (count === size) return first.subarray(0, size)
    const bytes = new Uint8Array(size!)
    bytes.set(first.subarray(0, Math.min(count!, size!)))
    return fill(files, file, bytes, count!, 0)
  })
}

function readRange(files: FileSystem, file: number, { start, end }: ByteRange): PromiseOrValue<Uint8Array> {
  return fill(files, file, new Uint8Array(Math.max(0, end - start)), 0, start)
}

/** Read on from byte `filled`, until `bytes` is full or the file ends; a read may give less than was asked for. */
function fill(
  files: FileSystem,
  file: number,
  bytes: Uint8Array,
  filled: number,
  start: number,
): PromiseOrValue<Uint8Array> {
  const reading = repeat(() => {
    if (filled >= bytes.length) return false
    return chain(files.read(file, bytes, filled, start + filled), (count) => {
      filled += count
      return count > 0
    })
  })
  return chain(reading, () => bytes.subarray(0, filled))
}

function withFile<T>(
  files: FileSystem,
  path: string,
  flags: 'r' | 'wx',
  fn: (file: number) => PromiseOrValue<T>,
): PromiseOrValue<T> {
  return chain(files.open(path, flags), (file) =>
    chain(
      undone(
        () => fn(file),
        () => files.close(file),
      ),
      (result) => chain(files.close(file), () => result),
    ),
  )
}

/** Run `fn`; if it fails, undo what it did. Its error is the one to report, whatever becomes of the undoing. */
function undone<T>(fn: () => PromiseOrValue<T>, undo: () => PromiseOrValue<void>): PromiseOrValue<T> {
  return rescue(fn, (error) => chain(quietly(undo), () => fail(error)))
}

/** What fails here leaves a temporary file, which the next process that opens the store removes. */
function quietly(fn: () => PromiseOrValue<void>): PromiseOrValue<void> {
  return rescue(fn, () => undefined)
}

function ifFound<T>(fn: () => PromiseOrValue<T>): PromiseOrValue<T | undefined> {
  return rescue<T | undefined>(fn, (error) => {
    if (errnoOf(error) === 'ENOENT') return undefined
    throw error
  })
}

/** Call `fn` with every item, 16 at a time where it is asynchronous. */
function severalAtOnce<T>(items: Iterator<T>, fn: (item: T) => PromiseOrValue<void>): PromiseOrValue<unknown> {
  const worker = (): PromiseOrValue<void> =>
    repeat(() => {
      const next = items.next()
      return next.done ? false : chain(fn(next.value), () => true)
    })
  return all(Array.from({ length: FILES_AT_ONCE }, worker))
}

function fail(error: unknown): never {
  throw error
}

function conflict(name: string, cause?: unknown): ConflictError {
  return new ConflictError(`The entry ${name} is not at the version that it was expected to be at.`, { cause })
}
