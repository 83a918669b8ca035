import type { Notice } from '../../base/backend.ts'
import type { Name } from '../../base/entry.ts'
import { unref } from '../../base/timers.ts'

/** A row of the outbox, what it is about, and how many bytes that has. */
export type AddedRow = readonly [row: Name, name: Name, bytes: number]

/** What a tab tells the others, all of one turn together. */
export interface News {
  /** There are rows in the front, or no more: the back has them, or they were given up. */
  readonly added?: readonly AddedRow[]
  readonly dropped?: readonly (readonly [row: Name, name: Name])[]
  /** There may be rows that nobody was told of. */
  readonly isUnsure?: boolean
  /** Somebody waits for what is not sent yet. */
  readonly hurries?: boolean
  /** Why the last attempt to send something failed. */
  readonly failure?: { readonly code: unknown; readonly message: string } | undefined
  /** Readers see something else. */
  readonly notices?: readonly Notice[]
}

export interface TabsOptions {
  hear(news: News): void
  /** From now on it is this one that sends, or not any more: answers when nothing of that is under way. */
  lead(leads: boolean): Promise<void> | undefined
  /** It has missed what was said. */
  rejoined(): void
  onError(error: unknown): void
}

/**
 * The tabs and workers of an origin that have one front. One of them sends what waits: the one that has the lock (Web Locks),
 * until it ends, however it ends. Where there are no locks, or nobody else can have that front, it is this one.
 */
export class Tabs {
  readonly #place: string | undefined
  readonly #options: TabsOptions
  readonly #ended = new AbortController()
  #channel: BroadcastChannel | undefined
  #news: Record<string, unknown> | undefined
  #resign: (() => void) | undefined

  /** `place`: what tells the front from all others of the origin; nothing, where it is nobody else's. */
  constructor(place: string | undefined, options: TabsOptions) {
    this.#place = place
    this.#options = options
  }

  /** Take part. */
  open(): void {
    if (this.#place === undefined || !globalThis.navigator?.locks) {
      void this.#options.lead(true)
      return
    }
    const { signal } = this.#ended
    this.#join()
    // A page in the back/forward cache neither hears nor sends, and one that has a lock does not get there.
    globalThis.addEventListener?.('pagehide', ({ persisted }) => persisted && this.#leave(), { signal })
    globalThis.addEventListener?.('pageshow', ({ persisted }) => persisted && this.#rejoin(), { signal })
    // A tab that was killed may not have said what it has written.
    const timer = setInterval(() => this.#options.hear({ isUnsure: true }), LOOK_AGAIN_MS)
    unref(timer)
    signal.addEventListener('abort', () => clearInterval(timer))
  }

  #rejoin(): void {
    this.#join()
    this.#options.rejoined()
  }

  /** Others are told with all else of this turn. */
  tell(news: News): void {
    if (this.#channel === undefined) return
    if (this.#news === undefined) {
      this.#news = {}
      queueMicrotask(() => this.#post())
    }
    for (const [field, value] of Object.entries(news)) {
      const before = this.#news[field]
      if (Array.isArray(before)) before.push(...(value as unknown[]))
      else this.#news[field] = Array.isArray(value) ? [...(value as unknown[])] : value
    }
  }

  close(): void {
    this.#ended.abort()
    this.#leave()
  }

  #join(): void {
    const name = `konserve-ts:outbox ${this.#place}`
    this.#channel = new BroadcastChannel(name)
    unref(this.#channel)
    this.#channel.onmessage = ({ data }: MessageEvent<News>) => this.#options.hear(data)
    const left = new AbortController()
    this.#resign = () => left.abort()
    const lead = (): Promise<void> =>
      new Promise((resolve) => {
        this.#resign = resolve
        void this.#options.lead(true)
      })
    navigator.locks.request(name, { signal: left.signal }, lead).catch((error: unknown) => {
      if (left.signal.aborted) return
      // What cannot be locked is sent by each of them, as where there are no locks.
      this.#options.onError(error)
      void this.#options.lead(true)
    })
  }

  #leave(): void {
    if (this.#channel === undefined) return
    this.#post()
    this.#channel.close()
    this.#channel = undefined
    const resign = this.#resign
    this.#resign = undefined
    // Another one must not send what this one is still at.
    void Promise.resolve(this.#options.lead(false)).finally(resign)
  }

  #post(): void {
    const news = this.#news
    this.#news = undefined
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a channel, not a window
    if (news) this.#channel?.postMessage(news)
  }
}

const LOOK_AGAIN_MS = 30_000
