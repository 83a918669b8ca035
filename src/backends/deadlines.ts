/**
 * Rejects what has no answer in time. One timer looks after all that wait, now and then: one for each would cost as much as
 * everything else that a short call does.
 */
export class Deadlines {
  readonly #waiting = new Set<Waiting>()
  readonly #every: number
  #timer: NodeJS.Timeout | undefined

  /** @param ms until the deadline of most calls: they are rejected at most a twentieth of it late */
  constructor(ms: number) {
    this.#every = ms / 20
  }

  /** The answer, or an Error `Command timed out` once `performance.now()` has passed `until`. */
  within<T>(until: number, answer: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const own: Waiting = { until, reject }
      const settled = (): unknown => this.#waiting.delete(own)
      this.#waiting.add(own)
      this.#timer ??= setInterval(this.#look, this.#every).unref()
      answer.then(resolve, reject)
      answer.then(settled, settled)
    })
  }

  readonly #look = (): void => {
    const now = performance.now()
    for (const own of this.#waiting) {
      if (now < own.until) continue
      this.#waiting.delete(own)
      own.reject(new Error('Command timed out'))
    }
    if (this.#waiting.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}

interface Waiting {
  readonly until: number
  readonly reject: (error: Error) => void
}
