import type { Name } from '../../base/entry.ts'

/** Names that are known not to be in the back, as many as it is worth to remember: the oldest go first. */
export class Misses {
  readonly #names = new Set<Name>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  has(name: Name): boolean {
    return this.#names.has(name)
  }

  add(name: Name): void {
    if (this.#most === 0) return
    this.#names.add(name)
    if (this.#names.size <= this.#most) return
    const [oldest] = this.#names
    this.#names.delete(oldest!)
  }

  delete(name: Name): void {
    this.#names.delete(name)
  }

  clear(): void {
    this.#names.clear()
  }
}
