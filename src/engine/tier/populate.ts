import type { Backend, Call, ListOptions, PopulateOptions, PopulateProgress } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'

/** What names that are copied to the front come to. */
export interface Copied {
  readonly entries: readonly (Entry | undefined)[]
  /** How many of them the front did not have, or got anew. */
  readonly read: number
}

/** What a page of a listing that is copied to the front comes to. */
export interface CopiedPage {
  readonly seen: number
  /** How many of them the front did not have, or got anew. */
  readonly read: number
  readonly next: Name | undefined
}

/** Both let the front have what it does not have, and with `isAnew` also what it has a copy of. */
interface Copying {
  /** Answers for each name. */
  copy(names: readonly Name[], isAnew: boolean, call: Call): Promise<Copied>
  copyPage(range: ListOptions, isAnew: boolean, call: Call): Promise<CopiedPage>
}

interface Page {
  found?: Promise<CopiedPage>
  /** Where the one after it begins, once that is known. */
  next?: Name | undefined
  following?: Page
  readAhead(): void
}

/** Lets the front have entries of the back, page by page, with a turn of the event loop between two of them. */
export class Populate {
  readonly #back: Backend
  readonly #copying: Copying

  constructor(back: Backend, copying: Copying) {
    this.#back = back
    this.#copying = copying
  }

  /** All entries of the back, or those that the front does not have. */
  async all(isAnew: boolean, { signal, onProgress }: PopulateOptions): Promise<PopulateProgress> {
    const call: Call = { sync: false, signal }
    const progress = { seen: 0, read: 0 }
    // Values come with their names, as long as the front wants most of them.
    let scans = this.#back.scan !== undefined
    let current: Page | undefined
    const begin = (after?: Name): Page => {
      const page: Page = {
        // The engine reads the next one while this one is being copied.
        readAhead: () => {
          if (page === current && page.next !== undefined) page.following ??= begin(page.next)
        },
      }
      const onNext = (next: Name | undefined): void => {
        page.next = next
        page.readAhead()
      }
      const range: ListOptions = { after, limit: PAGE, skipsOwn: true, onNext }
      page.found = scans ? this.#copying.copyPage(range, isAnew, call) : this.#listed(range, isAnew, call)
      // Whoever has ended it does not hear of what it fails of.
      page.found.catch(() => undefined)
      return page
    }
    for (let after: Name | undefined; ;) {
      signal?.throwIfAborted()
      current = current?.following ?? begin(after)
      current.readAhead()
      const { seen, read, next } = await current.found!
      progress.seen += seen
      progress.read += read
      scans = this.#back.scan !== undefined && (isAnew || 2 * read >= seen)
      onProgress?.({ ...progress })
      await turn()
      if (next === undefined) return progress
      after = next
    }
  }

  async #listed(range: ListOptions, isAnew: boolean, call: Call): Promise<CopiedPage> {
    const { names, next } = await this.#back.list(range, call)
    const { read } = await this.#copying.copy(names, isAnew, call)
    return { seen: names.length, read, next }
  }

  /** These entries, and, if `next` says what one leads to, whatever they lead to. */
  async reachable(
    names: Iterable<Name>,
    { signal, onProgress }: PopulateOptions,
    next: (name: Name, entry: Entry) => Iterable<Name> = () => [],
  ): Promise<PopulateProgress> {
    const call: Call = { sync: false, signal }
    const progress = { seen: 0, read: 0 }
    const found = [...new Set(names)]
    const known = new Set(found)
    for (let from = 0; from < found.length;) {
      signal?.throwIfAborted()
      const page = found.slice(from, from + PAGE)
      const { entries, read } = await this.#copying.copy(page, true, call)
      from += page.length
      progress.seen += page.length
      progress.read += read
      onProgress?.({ ...progress })
      for (const [i, entry] of entries.entries()) {
        for (const name of entry ? next(page[i]!, entry) : []) {
          if (known.has(name)) continue
          known.add(name)
          found.push(name)
        }
      }
      await turn()
    }
    return progress
  }
}

/** Entries that are copied at a time: pages of a browser stay responsive meanwhile. */
const PAGE = 250

/** Let other tasks run. Not by a timer: browsers make those wait for 4 ms. */
function turn(): Promise<void> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve) => {
    port1.addEventListener('message', () => {
      port1.close()
      resolve()
    })
    port1.start()
    port2.postMessage(undefined)
  })
}
