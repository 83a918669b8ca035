import type { ListOptions, NamesPage } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { isName } from '../base/name.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'

/**
 * The names in a folder, page by page. A folder can only be read whole, so what was read is kept for the pages that
 * follow, for a moment and as long as it is true to this store's own writes; a new listing always reads the folder.
 */
export class FolderListing {
  #kept: Snapshot | undefined
  #writes = 0

  /** A page of the names among the files that `readFolder` answers with. */
  page(options: ListOptions, readFolder: () => PromiseOrValue<string[]>): PromiseOrValue<NamesPage> {
    if (this.#kept && this.#kept.until < Date.now()) this.#kept = undefined
    if (options.after !== undefined && this.#kept?.cursors.has(options.after)) return this.#page(this.#kept, options)
    const writes = this.#writes
    return chain(readFolder(), (files) => {
      const names = files.filter(isName).sort()
      const snapshot = { names, deleted: new Set<Name>(), cursors: new Set<Name>(), until: Date.now() + KEPT_FOR }
      // What this store wrote meanwhile may or may not be in it.
      this.#kept = writes === this.#writes ? snapshot : undefined
      return this.#page(snapshot, options)
    })
  }

  written(name: Name): void {
    this.#writes++
    const { names, deleted } = this.#kept ?? {}
    if (names === undefined || deleted?.delete(name)) return
    if (names[lowerBound(names, name)] !== name) this.#kept = undefined
  }

  deleted(name: Name): void {
    this.#writes++
    this.#kept?.deleted.add(name)
  }

  #page(snapshot: Snapshot, options: ListOptions): NamesPage {
    const page = pageOf(snapshot, options)
    if (page.next !== undefined) snapshot.cursors.add(page.next)
    else if (this.#kept === snapshot) this.#kept = undefined
    return page
  }
}

interface Snapshot {
  /** In byte order. */
  readonly names: readonly Name[]
  readonly deleted: Set<Name>
  /** The ends of the pages given out, which the next pages start after. */
  readonly cursors: Set<Name>
  /** Milliseconds since the epoch. */
  readonly until: number
}

/** Milliseconds. */
const KEPT_FOR = 2000
const PAGE = 1000

function pageOf({ names, deleted }: Snapshot, { prefix = '', after, limit = PAGE, reverse }: ListOptions): NamesPage {
  let from = lowerBound(names, prefix)
  // Names are ASCII: nothing that starts with the prefix comes after this.
  let to = lowerBound(names, `${prefix}\x7f`)
  if (after !== undefined && reverse) to = Math.min(to, lowerBound(names, after))
  else if (after !== undefined) from = Math.max(from, lowerBound(names, `${after}\0`))
  const page: Name[] = []
  while (from < to) {
    const name = reverse ? names[--to]! : names[from++]!
    if (deleted.has(name)) continue
    if (page.length === limit) return { names: page, next: page.at(-1) }
    page.push(name)
  }
  return { names: page }
}

/** The index of the first name that is not below `name`. */
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
