import type { BlobOp, Notice, Watcher } from '../base/backend.ts'

/** Who is told of the writes of one engine. */
export class Watchers {
  readonly #all = new Set<Watcher>()
  #untold: Notice[] = []

  get size(): number {
    return this.#all.size
  }

  /** Tell `watcher` of everything until the answer is called. */
  add(watcher: Watcher): () => void {
    // The same function may watch twice.
    const own: Watcher = (notice) => watcher(notice)
    this.#all.add(own)
    return () => void this.#all.delete(own)
  }

  /** Everybody hears of all in one order: of what a watcher writes itself, after what it is just being told. */
  tell(notices: readonly Notice[]): void {
    if (this.size === 0) return
    const telling = this.#untold.length > 0
    for (const notice of notices) this.#untold.push(notice)
    if (telling) return
    try {
      for (const notice of this.#untold) {
        for (const watcher of Array.from(this.#all)) if (this.#all.has(watcher)) watcher(notice)
      }
    } finally {
      this.#untold = []
    }
  }
}

/** What is to be told of ops that have been applied. */
export function noticesOf(ops: readonly BlobOp[]): Notice[] {
  return ops.flatMap((op): Notice[] => {
    if (!op.notice) return []
    return [
      'put' in op ? { type: 'set', name: op.put[0], ...op.notice } : { type: 'delete', name: op.delete, ...op.notice },
    ]
  })
}
