import type { Notice } from '../base/backend.ts'

/**
 * Puts numbered commits, which come from several tabs in whatever order, back into theirs. One that does not come in
 * time is told as missed, once for all that stand behind it.
 */
export class CommitOrder {
  readonly #deliver: (notices: readonly Notice[]) => void
  readonly #missed: () => void
  readonly #held = new Map<number, readonly Notice[]>()
  #next: number | undefined
  #delivered = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(deliver: (notices: readonly Notice[]) => void, missed: () => void) {
    this.#deliver = deliver
    this.#missed = missed
  }

  /** What is numbered up to `last` was committed before. Until then everything is held back. */
  start(last: number): void {
    this.#next = last + 1
    this.#advance()
  }

  take(sequence: number, notices: readonly Notice[]): void {
    // Else it was told as missed.
    if (sequence > this.#delivered) this.#held.set(sequence, notices)
    this.#advance()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #advance(): void {
    if (this.#next === undefined) return
    // What was on its way at the start may have a number from before it.
    for (const sequence of [...this.#held.keys()].sort((a, b) => a - b)) {
      if (sequence > this.#next) break
      const notices = this.#held.get(sequence)!
      this.#held.delete(sequence)
      this.#delivered = sequence
      this.#next = Math.max(this.#next, sequence + 1)
      this.#deliver(notices)
    }
    if (this.#held.size > 0) {
      this.#timer ??= setTimeout(() => this.#giveUp(), PATIENCE)
    } else {
      clearTimeout(this.#timer)
      this.#timer = undefined
    }
  }

  #giveUp(): void {
    this.#timer = undefined
    this.#delivered = Math.max(...this.#held.keys())
    this.#next = this.#delivered + 1
    this.#held.clear()
    this.#missed()
  }
}

/** Milliseconds that a commit may take from one tab to another. */
const PATIENCE = 250
