import fs from 'node:fs'
import { promisify } from 'node:util'
import { QuotaExceededError, StorageUnavailableError } from '../base/errors.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'

/** The calls of node:fs that a store makes, with the same answers in both modes. */
export interface FileSystem {
  open(path: string, flags: 'r' | 'wx'): PromiseOrValue<number>
  /** Bytes of the open file. */
  size(file: number): PromiseOrValue<number>
  /** How many bytes were read into `bytes` from `offset` on; 0 at the end of the file. */
  read(file: number, bytes: Uint8Array, offset: number, position: number): PromiseOrValue<number>
  /** How many of the bytes from `offset` on were written. */
  write(file: number, bytes: Uint8Array, offset: number): PromiseOrValue<number>
  fsync(file: number): PromiseOrValue<void>
  close(file: number): PromiseOrValue<void>
  rename(from: string, to: string): PromiseOrValue<void>
  link(from: string, to: string): PromiseOrValue<void>
  unlink(path: string): PromiseOrValue<void>
  readdir(path: string): PromiseOrValue<string[]>
  /** Make the folder with its parents; the first one that was made, if any. */
  mkdir(path: string): PromiseOrValue<string | undefined>
  rmdir(path: string): PromiseOrValue<void>
}

/** The file system for calls with and without `{ sync: true }`. */
export interface FileSystems {
  readonly sync: FileSystem
  readonly async: FileSystem
}

const open = promisify(fs.open)
const fstat = promisify(fs.fstat)
const read = promisify(fs.read)
const write = promisify(fs.write)
const mkdir = promisify(fs.mkdir)

export const nodeFileSystems: FileSystems = {
  sync: {
    open: fs.openSync,
    size: (file) => fs.fstatSync(file).size,
    read: (file, bytes, offset, position) => fs.readSync(file, bytes, offset, bytes.length - offset, position),
    write: (file, bytes, offset) => fs.writeSync(file, bytes, offset),
    fsync: fs.fsyncSync,
    close: fs.closeSync,
    rename: fs.renameSync,
    link: fs.linkSync,
    unlink: fs.unlinkSync,
    readdir: (path) => fs.readdirSync(path),
    mkdir: (path) => fs.mkdirSync(path, { recursive: true }),
    rmdir: fs.rmdirSync,
  },
  async: {
    open,
    size: async (file) => (await fstat(file)).size,
    read: async (file, bytes, offset, position) =>
      (await read(file, bytes, offset, bytes.length - offset, position)).bytesRead,
    write: async (file, bytes, offset) => (await write(file, bytes, offset)).bytesWritten,
    fsync: promisify(fs.fsync),
    close: promisify(fs.close),
    rename: promisify(fs.rename),
    link: promisify(fs.link),
    unlink: promisify(fs.unlink),
    readdir: promisify<string, string[]>(fs.readdir),
    mkdir: (path) => mkdir(path, { recursive: true }),
    rmdir: promisify<string>(fs.rmdir),
  },
}

/** The code of a failed file system call, such as ENOENT. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'syscall' in error ? (error as NodeJS.ErrnoException).code : undefined
}

/** What to report of a failed file system call; any other error stays as it is. */
export function storageError(error: unknown, path: string): unknown {
  const errno = errnoOf(error)
  return errno === undefined ? error : errnoError(errno, path, error)
}

/** The error for what the operating system says under this name. */
export function errnoError(errno: string, path: string, cause: unknown): Error {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') {
    return new QuotaExceededError(
      `There is no space left to write ${path} (${errno}). Free some space, then try again.`,
      { cause },
    )
  }
  const remedy = REMEDIES[errno] ?? DEFAULT_REMEDY
  return new StorageUnavailableError(`The store cannot use ${path} (${errno}). ${remedy}`, { cause })
}

const PERMISSION = 'Allow this process to read and write the folder of the store.'
const GONE = 'The folder of the store was removed or replaced. Release the store and connect to it again.'
const TOO_MANY = 'Too many files are open: raise the limit (ulimit -n), or start fewer calls at once.'
const DEFAULT_REMEDY = 'Check the disk and the file system, then try again.'
const REMEDIES: Record<string, string> = {
  EACCES: PERMISSION,
  EPERM: PERMISSION,
  EROFS: 'The file system is read-only. Mount it writable, or put the store elsewhere.',
  ENOENT: GONE,
  ENOTDIR: GONE,
  EISDIR: 'A folder stands where the store keeps a file. Move it away.',
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
}
