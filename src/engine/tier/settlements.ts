import type { Call } from '../../base/backend.ts'

/** Those who wait for writes to get away. */
export class Settlements {
  readonly #unsent: () => Error
  readonly #waiters = new Set<() => void>()
  /** How often something has been settled. */
  #count = 0
  #ended = false

  /** `unsent` says what to tell those who wait in vain. */
  constructor(unsent: () => Error) {
    this.#unsent = unsent
  }

  /** A write has got away, or has been given up. */
  settled(): void {
    this.#count++
    this.look()
  }

  /** Something else may be as they want it. */
  look(): void {
    for (const look of Array.from(this.#waiters)) look()
  }

  /** Nothing gets away any more. */
  end(): void {
    this.#ended = true
    this.settled()
  }

  /** `patience`: milliseconds after which it fails, if nothing has been settled meanwhile. */
  until(isDone: () => boolean, { signal }: Call, patience: number = Infinity): Promise<void> {
    return new Promise((resolve, reject) => {
      let before = this.#count
      const timer =
        patience < Infinity
          ? setInterval(() => {
              if (this.#count === before) end(() => reject(this.#unsent()))
              before = this.#count
            }, patience)
          : undefined
      const look = (): void => {
        if (signal?.aborted) end(() => reject(signal.reason as Error))
        else if (isDone()) end(resolve)
        else if (this.#ended) end(() => reject(this.#unsent()))
      }
      const end = (settle: () => void): void => {
        clearInterval(timer)
        this.#waiters.delete(look)
        signal?.removeEventListener('abort', look)
        settle()
      }
      this.#waiters.add(look)
      signal?.addEventListener('abort', look)
      look()
    })
  }
}
