import type { Blob, BlobOp, Durability, Notice } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { isSameFrame } from '../codec/frame.ts'
import { checkVersion, nameOf } from '../engine/condition.ts'
import { noticesOf } from '../engine/watchers.ts'

/** What is to be written. */
export interface Work {
  /** What `plan` has to see. */
  readonly names: readonly Name[]
  /** The ops, from the blobs under `names`. */
  plan(blobs: readonly (Blob | undefined)[]): readonly BlobOp[]
  /** Them, where they do not depend on what is there. */
  readonly fixed?: readonly BlobOp[]
  /** How many ops and bytes that will be, as far as it is known. */
  readonly ops: number
  readonly bytes: number
  readonly durability: Durability
  /** Something has to be written, even if there are no ops. */
  readonly flushes?: boolean
}

/** A write that waits for its transaction, or is in one. */
export class Job {
  readonly work: Work
  readonly reject: (error: unknown) => void
  readonly #resolve: () => void
  #failure: { readonly error: unknown } | undefined
  #retried = false
  /** What was planned, and from what. */
  #ops: readonly BlobOp[] | undefined
  #seen: readonly (Blob | undefined)[] = []
  /** From a guess, and nobody has yet looked. */
  #guessed = false

  constructor(work: Work, resolve: () => void, reject: (error: unknown) => void) {
    this.work = work
    this.#resolve = resolve
    this.reject = reject
  }

  /** The ops from what is probably there, while that is being read: `plan` answers the very same if it is. */
  guess(blob: Blob): readonly BlobOp[] | undefined {
    if (this.#ops) return undefined
    try {
      this.plan([blob])
      this.#guessed = true
    } catch {
      // Of what is really there it may not be so.
      this.#ops = undefined
    }
    return this.#ops
  }

  /**
   * The ops from what is there now. A transaction that was aborted has changed nothing, and its plan still holds. Of one
   * that was lost with its connection that is not known: if what was planned is there, it is done.
   */
  plan(blobs: readonly (Blob | undefined)[]): readonly BlobOp[] {
    const { names } = this.work
    const guessed = this.#guessed
    this.#guessed = false
    if (this.#ops && names.length > 0) {
      const now = blobs.map(bytesOf)
      if (areSame(now, this.#seen.map(bytesOf))) return this.#ops
      if (!guessed && areSame(now, this.#planned())) return []
    }
    this.#ops = this.work.plan(blobs)
    this.#seen = blobs
    for (const op of this.#ops) {
      if (op.ifVersion !== undefined) checkVersion(nameOf(op), blobs[names.indexOf(nameOf(op))]?.version, op)
    }
    return this.#ops
  }

  /** It failed by itself, and has changed nothing in the transaction. */
  fail(error: unknown): void {
    this.#failure = { error }
  }

  /** Once its transaction is complete. */
  settle(): void {
    if (!this.settleFailure()) this.#resolve()
  }

  /** Whether it had failed by itself. */
  settleFailure(): boolean {
    if (this.#failure === undefined) return false
    this.reject(this.#failure.error)
    return true
  }

  /** Once. */
  mayRetry(): boolean {
    const may = !this.#retried
    this.#retried = true
    return may
  }

  /** What watchers are to be told of it. */
  notices(): Notice[] {
    return noticesOf(this.done())
  }

  /** What its transaction has done for it. */
  done(): readonly BlobOp[] {
    return this.#failure ? [] : this.#ops!
  }

  #planned(): Frame[] {
    const planned = new Map(this.work.names.map((name, i) => [name, this.#seen[i]?.bytes]))
    for (const op of this.#ops!) planned.set(nameOf(op), 'put' in op ? op.put[1] : undefined)
    return this.work.names.map((name) => planned.get(name))
  }
}

/** The bytes of a blob; nothing where there is none. */
type Frame = Uint8Array | undefined

function bytesOf(blob: Blob | undefined): Frame {
  return blob?.bytes
}

/** Whether frames are at the same versions. */
function areSame(a: readonly Frame[], b: readonly Frame[]): boolean {
  return a.every((each, i) => each === b[i] || (each && b[i] && isSameFrame(each, b[i])))
}
