import type { Backend, Call, PopulateOptions, PopulateProgress } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'

/** What a page of names that are copied to the front comes to. */
export interface Copied {
  readonly entries: readonly (Entry | undefined)[]
  /** How many of them were read from the back. */
  readonly read: number
}

/** Lets the front have entries of the back, page by page, with a turn of the event loop between two of them. */
export class Populate {
  readonly #back: Backend
  readonly #copy: (names: readonly Name[], isAnew: boolean, call: Call) => Promise<Copied>

  /** `copy` answers for each name; `isAnew`: also for those that the front has a copy of. */
  constructor(back: Backend, copy: (names: readonly Name[], isAnew: boolean, call: Call) => Promise<Copied>) {
    this.#back = back
    this.#copy = copy
  }

  /** All entries of the back, or those that the front does not have. */
  async all(isAnew: boolean, { signal, onProgress }: PopulateOptions): Promise<PopulateProgress> {
    const call: Call = { sync: false, signal }
    const progress = { seen: 0, read: 0 }
    let after: Name | undefined
    do {
      const { names, next } = await this.#back.list({ after, limit: PAGE, skipsOwn: true }, call)
      await this.#page(names, isAnew, call, progress, onProgress)
      after = next
    } while (after !== undefined)
    return progress
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
      const page = found.slice(from, from + PAGE)
      const entries = await this.#page(page, true, call, progress, onProgress)
      from += page.length
      for (const [i, entry] of entries.entries()) {
        for (const name of entry ? next(page[i]!, entry) : []) {
          if (known.has(name)) continue
          known.add(name)
          found.push(name)
        }
      }
    }
    return progress
  }

  async #page(
    names: readonly Name[],
    isAnew: boolean,
    call: Call,
    progress: { seen: number; read: number },
    onProgress: PopulateOptions['onProgress'],
  ): Promise<readonly (Entry | undefined)[]> {
    call.signal?.throwIfAborted()
    const { entries, read } = await this.#copy(names, isAnew, call)
    progress.seen += names.length
    progress.read += read
    onProgress?.({ ...progress })
    await new Promise((resolve) => setTimeout(resolve))
    return entries
  }
}

/** Entries that are copied at a time: pages of a browser stay responsive meanwhile. */
const PAGE = 250
