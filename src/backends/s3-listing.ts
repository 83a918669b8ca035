import type { Call, ListOptions, NamesPage } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { isName } from '../base/name.ts'
import { MOST_KEYS, type S3Bucket } from './s3-bucket.ts'

type Names = { readonly names: Name[]; readonly last: Name | undefined }

/**
 * Listings of the names behind `folder`. S3 lists forwards only: a listing in reverse goes through its range once,
 * remembers every thousandth name, and from then on reads a thousand names a page to answer with the last of them.
 */
export class S3Listing {
  readonly #bucket: S3Bucket
  readonly #folder: string
  /** Names of the range of `prefix`, in order, some thousand apart. They need not be there any more. */
  #marks: { readonly prefix: Name; readonly names: Name[] } = { prefix: '', names: [] }

  constructor(bucket: S3Bucket, folder: string) {
    this.#bucket = bucket
    this.#folder = folder
  }

  list(options: ListOptions, call: Call): Promise<NamesPage> {
    return options.reverse ? this.#backwards(options, call) : this.#forwards(options, call)
  }

  async #forwards({ prefix = '', after, limit = MOST_KEYS }: ListOptions, call: Call): Promise<NamesPage> {
    let from = after
    for (;;) {
      const { names, last } = await this.#page(prefix, from, limit, call)
      // A page of what is not shown is no page.
      if (names.length === 0 && last !== undefined) {
        from = last
        continue
      }
      return { names, next: last }
    }
  }

  async #backwards({ prefix = '', after, limit = MOST_KEYS }: ListOptions, call: Call): Promise<NamesPage> {
    if (this.#marks.prefix !== prefix) this.#marks = { prefix, names: [] }
    const marks = this.#marks.names
    const isWithin = (name: Name): boolean => after === undefined || name < after
    for (let i = marks.findLastIndex(isWithin); ; i--) {
      const { names, isWhole } = await this.#lastOf(prefix, marks[i], isWithin, limit, call)
      if (names.length > 0) {
        names.reverse()
        return { names, next: isWhole && i < 0 ? undefined : names.at(-1) }
      }
      if (i < 0) return { names }
    }
  }

  /** The last names of a range that starts behind a mark, and whether they are all of it. */
  async #lastOf(
    prefix: Name,
    start: Name | undefined,
    isWithin: (name: Name) => boolean,
    limit: number,
    call: Call,
  ): Promise<{ names: Name[]; isWhole: boolean }> {
    const marks = this.#marks.names
    let found: Name[] = []
    let isWhole = true
    for (let from = start; ;) {
      const { names, last } = await this.#page(prefix, from, MOST_KEYS, call)
      found.push(...names.filter(isWithin))
      if (found.length > limit) {
        isWhole = false
        found = found.slice(-limit)
      }
      if (last === undefined || !isWithin(last)) return { names: found, isWhole }
      if (last > (marks.at(-1) ?? '')) marks.push(last)
      from = last
    }
  }

  /** `last` is the name that the page ends with, if there are more. */
  async #page(prefix: Name, after: Name | undefined, limit: number, call: Call): Promise<Names> {
    const folder = this.#folder
    const startAfter = after === undefined ? undefined : folder + after
    const page = await this.#bucket.list({ prefix: folder + prefix, startAfter, limit }, call)
    const { keys, next } = page!
    const names = keys.map((key) => key.slice(folder.length)).filter(isName)
    return { names, last: next && keys.at(-1)?.slice(folder.length) }
  }
}
