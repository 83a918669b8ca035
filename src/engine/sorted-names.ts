import type { ListOptions, NamesPage } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'

/** The names of a map in byte order. They are sorted when a listing asks, and only if names have come since the last one. */
export class SortedNames {
  readonly #map: ReadonlyMap<Name, unknown>
  #names: Name[] = []
  #complete = true

  constructor(map: ReadonlyMap<Name, unknown>) {
    this.#map = map
  }

  /** To be told that a name has come into the map. Those that leave it are skipped. */
  changed(): void {
    this.#complete = false
  }

  /** A page of the names; those that start with `~` only where the prefix asks for them. */
  page({ prefix = '', after, limit = Infinity, reverse = false }: ListOptions): NamesPage {
    if (!this.#complete) {
      // What is sorted already stays ahead, so that sorting is quick.
      this.#names = [...new Set([...this.#names.filter((name) => this.#map.has(name)), ...this.#map.keys()])].sort()
      this.#complete = true
    }
    const end = prefix === '' ? '~' : `${prefix}\x7f`
    let from = this.#indexOf(!reverse && after !== undefined && after >= prefix ? `${after}\x00` : prefix)
    let to = this.#indexOf(reverse && after !== undefined && after < end ? after : end)
    const names: Name[] = []
    while (from < to) {
      const name = this.#names[reverse ? --to : from++]!
      if (!this.#map.has(name)) continue
      if (names.length === limit) return { names, next: names.at(-1) }
      names.push(name)
    }
    return { names }
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
