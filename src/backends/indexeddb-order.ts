import type { Notice } from '../base/backend.ts'

export type Changes = readonly Exclude<Notice, { type: 'resync' }>[]

/**
 * Puts numbered commits, which come from several tabs in whatever order, back into theirs. One that does not come in
 * time is told as missed, once for all that stand behind it.
 */
export class CommitOrder {
  readonly #deliver: (changes: Changes) => void
  readonly #missed: () => void
  readonly #held = new Map<number, Changes>()
  #next: number | undefined
  #delivered = 0
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(deliver: (changes: Changes) => void, missed: () => void) {
    this.#deliver = deliver
    this.#missed = missed
  }

  /** What is numbered up to `last` was committed before. Until then everything is held back. */
  start(last: number): void {
    this.#next = last + 1
    this.#advance()
  }

  take(sequence: number, changes: Changes): void {
    // Else it was told as missed.
    if (sequence > this.#delivered) this.#held.set(sequence, changes)
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
      const changes = this.#held.get(sequence)!
      this.#held.delete(sequence)
      this.#delivered = sequence
      this.#next = Math.max(this.#next, sequence + 1)
      this.#deliver(changes)
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
