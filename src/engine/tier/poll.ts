import type { Backend, Call, Notice } from '../../base/backend.ts'
import { type Meta, type Name, isLive } from '../../base/entry.ts'
import { StorageUnavailableError } from '../../base/errors.ts'
import { type PromiseOrValue, chain } from '../../base/promise-or-value.ts'
import { unref } from '../../base/timers.ts'
import type { Front } from './front.ts'
import { isOwn } from './mark.ts'

export interface PollOptions {
  readonly front: Front
  readonly back: Backend
  /** Milliseconds from the end of a round to the next. */
  readonly interval: number
  /** Runs a task in the order of its name. */
  inOrder(name: Name, task: () => PromiseOrValue<void>): PromiseOrValue<void>
  /** The back has something else now. */
  onChanged(notice: Notice): void
  onError(error: unknown): void
}

/** Asks the back again and again whether what the front has copies of is still the same: by metadata, not by values. */
export class Poll {
  readonly #options: PollOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  #ended = false

  constructor(options: PollOptions) {
    this.#options = options
    this.#sleep()
  }

  end(): void {
    this.#ended = true
    clearTimeout(this.#timer)
  }

  #sleep(): void {
    if (this.#ended) return
    this.#timer = setTimeout(() => {
      this.#round()
        .catch((error: unknown) => this.#failed(error))
        .finally(() => this.#sleep())
    }, this.#options.interval)
    unref(this.#timer)
  }

  /** What cannot be reached has not changed, as far as anybody knows. */
  #failed(error: unknown): void {
    if (!this.#ended && !(error instanceof StorageUnavailableError)) this.#options.onError(error)
  }

  async #round(): Promise<void> {
    const { front } = this.#options
    let after: Name | undefined
    do {
      const { names, next } = await front.atOnce((call) => front.backend.list({ after, limit: AT_ONCE }, call))
      if (this.#ended) return
      const looks = await Promise.allSettled(names.map((name) => this.#look(name)))
      for (const look of looks) if (look.status === 'rejected') this.#failed(look.reason)
      after = next
    } while (after !== undefined)
  }

  async #look(name: Name): Promise<void> {
    const { front, back, inOrder, onChanged } = this.#options
    const call: Call = { sync: false }
    const copy = await front.readMeta(name, call)
    if (!copy || isOwn(copy)) return
    const meta = await back.readMeta(name, call)
    if (isSame(copy, meta) || this.#ended) return
    // Nobody has to wait for the back: what was written meanwhile is not what was compared.
    await inOrder(name, () =>
      chain(front.readMeta(name, call), (now) => {
        if (!now || isOwn(now) || !isSame(copy, now)) return
        const { key } = meta ?? copy
        onChanged({ type: meta && isLive(meta) ? 'set' : 'delete', name, key })
      }),
    )
  }
}

/** Whether they are of one write. */
function isSame(copy: Meta, meta: Meta | undefined): boolean {
  return (
    meta !== undefined &&
    copy.lastWrite.getTime() === meta.lastWrite.getTime() &&
    copy.own?.writeId === meta.own?.writeId &&
    copy.expires?.getTime() === meta.expires?.getTime()
  )
}

/** What the back is asked at a time. */
const AT_ONCE = 50
