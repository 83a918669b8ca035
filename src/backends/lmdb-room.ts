import { statfsSync } from 'node:fs'
import { errnoError } from './file-system.ts'

/** Bytes that a write takes besides its own, for the pages of the tree that it copies. */
const TREE_BYTES = 64 << 10
/** Bytes that are left on the device, for deletions. */
const RESERVE = 1 << 20
/** Milliseconds for which an answer of the system is good enough. */
const FRESH_FOR = 500

/**
 * Whether a device has room for what is written next. The driver writes beyond a buffer of its own when a device is full
 * (lmdb 3.5), which can end the process later on: it must not come to that.
 */
export class Room {
  readonly #path: string
  #left = 0
  #until = 0

  constructor(path: string) {
    this.#path = path
  }

  /** Take so many bytes of it. QUOTA_EXCEEDED where there are not. */
  take(bytes: number): void {
    const needed = bytes + TREE_BYTES
    this.#left -= needed
    const now = Date.now()
    if (this.#left >= 0 && now < this.#until) return
    const { bavail, bsize } = statfsSync(this.#path)
    this.#left = bavail * bsize - RESERVE - needed
    this.#until = now + FRESH_FOR
    if (this.#left >= 0) return
    this.#until = 0
    throw errnoError('ENOSPC', this.#path, undefined)
  }
}
