import type { ListOptions, NamesPage } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'

/** The names of a map in byte order. They are sorted when a listing asks, and only if names have come since the last one. */
export class SortedNames {
  readonly #map: ReadonlyMap<Name, unknown>
  #names: Name[] = []
  #added: Name[] = []

  constructor(map: ReadonlyMap<Name, unknown>) {
    this.#map = map
  }

  /** To be told of each name that comes into the map. Those that leave it are skipped. */
  add(name: Name): void {
    // Without listings, names that come and go must not pile up.
    if (this.#added.push(name) > 1000 + 2 * this.#map.size) this.#merge()
  }

  /** A page of the names; those that start with `~` only where the prefix asks for them. */
  page({ prefix = '', after, limit = Infinity, reverse = false }: ListOptions): NamesPage {
    if (this.#added.length > 0) this.#merge()
    let from = this.#indexOf(prefix)
    let to = this.#indexOf(prefix === '' ? '~' : `${prefix}\x7f`)
    if (after !== undefined && reverse) to = Math.min(to, this.#indexOf(after))
    if (after !== undefined && !reverse) from = Math.max(from, this.#indexOf(`${after}\x00`))
    const names: Name[] = []
    while (from < to) {
      const name = this.#names[reverse ? --to : from++]!
      if (!this.#map.has(name)) continue
      if (names.length === limit) return { names, next: names.at(-1) }
      names.push(name)
    }
    return { names }
  }

  #merge(): void {
    // One that left and came again is there twice.
    this.#names = [...new Set([...this.#names, ...this.#added])].filter((name) => this.#map.has(name)).sort()
    this.#added = []
  }

  /** The first index whose name is not below `name`. */
  #indexOf(name: Name): number {
    let low = 0
    let high = this.#names.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#names[middle]! < name) low = middle + 1
      else high = middle
    }
    return low
  }
}
