import type { BlobOp } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { nameOf } from '../engine/condition.ts'

/**
 * The blobs that were last written under a few names by updates: what the next update of one will most likely read. Only
 * a guess, because other tabs write, too.
 */
export class Recent {
  readonly #blobs = new Map<Name, Uint8Array>()

  get(name: Name): Uint8Array | undefined {
    return this.#blobs.get(name)
  }

  /** Ops that are complete; `updates` if they came of what was read. */
  note(ops: readonly BlobOp[], updates: boolean): void {
    if (!updates && this.#blobs.size === 0) return
    for (const op of ops) {
      const name = nameOf(op)
      const known = this.#blobs.delete(name)
      if (!(updates || known) || !('put' in op) || op.beside || op.put[1].length > MOST_BYTES) continue
      this.#blobs.set(name, op.put[1])
      if (this.#blobs.size > MOST_NAMES) this.#blobs.delete(this.#blobs.keys().next().value!)
    }
  }
}

/** At most 512 kB together. */
const MOST_NAMES = 256
const MOST_BYTES = 2048
