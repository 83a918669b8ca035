import type { ListOptions, NamesPage } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'

/** Names in byte order, sorted only when a listing asks: additions wait aside until then, removals are skipped. */
export class SortedNames {
  #sorted: Name[] = []
  #added = new Set<Name>()
  #deleted = new Set<Name>()

  add(name: Name): void {
    if (!this.#deleted.delete(name)) this.#added.add(name)
  }

  delete(name: Name): void {
    if (!this.#added.delete(name)) this.#deleted.add(name)
  }

  /** A page of the names; those that start with `~` only where the prefix asks for them. */
  page({ prefix = '', after, limit = Infinity, reverse = false }: ListOptions): NamesPage {
    this.#merge()
    const names: Name[] = []
    const end = prefix === '' ? '~' : `${prefix}\x7f`
    const from = lowerBound(this.#sorted, prefix)
    const to = lowerBound(this.#sorted, end)
    const step = reverse ? -1 : 1
    let i = reverse
      ? Math.min(to, after === undefined ? to : lowerBound(this.#sorted, after)) - 1
      : Math.max(from, after === undefined ? from : lowerBound(this.#sorted, `${after}\x00`))
    for (; i >= from && i < to; i += step) {
      const name = this.#sorted[i]!
      if (this.#deleted.has(name)) continue
      if (names.length === limit) return { names, next: names.at(-1) }
      names.push(name)
    }
    return { names }
  }

  #merge(): void {
    const tooManyDeleted = this.#deleted.size > 1000 && this.#deleted.size > this.#sorted.length / 2
    if (this.#added.size === 0 && !tooManyDeleted) return
    const kept = this.#sorted.filter((name) => !this.#deleted.has(name))
    this.#deleted.clear()
    const added = [...this.#added].sort(compare)
    this.#added.clear()
    this.#sorted = kept.length === 0 ? added : [...mergeSorted(kept, added)]
  }
}

function* mergeSorted(a: readonly Name[], b: readonly Name[]): Iterable<Name> {
  let i = 0
  for (const name of b) {
    while (i < a.length && a[i]! < name) yield a[i++]!
    yield name
  }
  while (i < a.length) yield a[i++]!
}

/** The first index whose name is not below `name`. */
function lowerBound(names: readonly Name[], name: Name): number {
  let low = 0
  let high = names.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (names[middle]! < name) low = middle + 1
    else high = middle
  }
  return low
}

function compare(a: Name, b: Name): number {
  return a < b ? -1 : a > b ? 1 : 0
}
