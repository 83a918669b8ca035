import type { Notice, Watcher } from '../base/backend.ts'
import type { Marks } from './indexeddb-commit.ts'
import { Watchers } from '../engine/watchers.ts'
import { CommitOrder } from './indexeddb-order.ts'

/**
 * What tabs and workers tell each other: that one has come, whether one watches (`already`, if it is said again for one
 * that may not know it), what one has committed, or that it has committed something of which it told nobody.
 */
type Message =
  | { readonly hello: true }
  | { readonly watching: boolean; readonly already?: true }
  | { readonly untold: true }
  | { readonly notices: readonly Notice[]; readonly sequence: number | undefined }

/**
 * Tells watchers, here and in the origin's other tabs and workers, of committed changes. While anybody watches, commits
 * are numbered in their transactions, so that they can be put in order and a missing one is noticed: what a tab has
 * slept through, or what a writer that was killed could not tell any more. There is one `resync` in its place.
 */
export class Channel {
  readonly #name: string
  /** The number of the last numbered transaction. */
  readonly #lastNumber: () => Promise<number>
  readonly #watchers = new Watchers()
  readonly #ended = new AbortController()
  #channel: BroadcastChannel | undefined
  #othersWatch = false
  /** When the others were asked whether they watch. */
  #asked = -Infinity
  #order: CommitOrder | undefined
  #numbered = 0
  #removed = 0
  /** When something was committed while nobody was known to watch. */
  #unwatched = -Infinity

  constructor(database: string, lastNumber: () => Promise<number>) {
    this.#name = `konserve-ts:${database}`
    this.#lastNumber = lastNumber
    this.#open()
    const { signal } = this.#ended
    // A page in the back/forward cache hears nothing, a frozen one not everything.
    globalThis.addEventListener?.('pagehide', ({ persisted }) => persisted && this.#shut(), { signal })
    globalThis.addEventListener?.('pageshow', ({ persisted }) => persisted && this.#awake(), { signal })
    globalThis.document?.addEventListener('resume', () => this.#awake(), { signal })
  }

  watch(watcher: Watcher): () => void {
    const end = this.#watchers.add(watcher)
    if (this.#watchers.size === 1) this.#start()
    return () => {
      end()
      if (this.#watchers.size === 0) this.#stop()
    }
  }

  /** What the next transaction has to do. Numbers have their price: there are none while nobody can be watching. */
  marks(): Marks {
    const numbered = this.#othersMayWatch() || this.#watchers.size > 0
    return { numbered, removeTo: this.#numbered - this.#removed > MOST_MARKS ? this.#numbered - 1 : undefined }
  }

  /** Tell of what a transaction with these marks has changed, once it is complete. */
  tell(changes: () => Notice[], sequence: number | undefined, { removeTo = this.#removed }: Marks): void {
    this.#removed = removeTo
    this.#numbered = sequence ?? this.#numbered
    const othersMayWatch = this.#othersMayWatch()
    if (!this.#othersWatch) this.#unwatched = Date.now()
    if (!othersMayWatch && this.#watchers.size === 0) return
    const notices = changes()
    if (notices.length === 0) return
    if (othersMayWatch) this.#post({ notices, sequence })
    this.#take(notices, sequence)
  }

  close(): void {
    this.#ended.abort()
    this.#order?.stop()
    this.#shut()
  }

  #open(): void {
    if (typeof BroadcastChannel === 'undefined') return
    this.#channel = new BroadcastChannel(this.#name)
    this.#channel.onmessage = ({ data }: MessageEvent<Message>) => this.#hear(data)
    this.#post({ hello: true })
    this.#asked = Date.now()
    if (this.#watchers.size > 0) this.#post({ watching: true })
  }

  /** Also before they have answered: a worker that writes at once may be gone by then. */
  #othersMayWatch(): boolean {
    return this.#othersWatch || Date.now() - this.#asked < UNHEARD_MS
  }

  #shut(): void {
    this.#channel?.close()
    this.#channel = undefined
  }

  #awake(): void {
    if (this.#channel === undefined) this.#open()
    if (this.#watchers.size === 0) return
    this.#start()
    this.#resync()
  }

  #start(): void {
    this.#order?.stop()
    const order = new CommitOrder(
      (notices) => this.#watchers.tell(notices),
      () => this.#resync(),
    )
    this.#order = order
    this.#post({ watching: true })
    // Without it the first commit is one that follows on something missed.
    this.#lastNumber().then(
      (last) => order.start(last),
      () => order.start(0),
    )
  }

  #stop(): void {
    if (this.#order === undefined) return
    this.#order.stop()
    this.#order = undefined
    this.#post({ watching: false })
  }

  #post(message: Message): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a channel, not a window
    this.#channel?.postMessage(message)
  }

  #hear(message: Message): void {
    if ('notices' in message) return this.#take(message.notices, message.sequence)
    const isWatching = this.#watchers.size > 0
    if ('untold' in message) return this.#resync()
    if ('watching' in message) {
      const isNew = message.watching && !this.#othersWatch
      this.#othersWatch = message.watching
      // One that watched already has heard of what it was told at a venture.
      const from = message.already ? this.#asked + UNHEARD_MS : -Infinity
      if (isNew && this.#unwatched > Math.max(from, Date.now() - UNHEARD_MS)) this.#post({ untold: true })
      // They took it back for all: say that one is left.
      if (!message.watching && isWatching) this.#post({ watching: true, already: true })
    } else if (isWatching) {
      this.#post({ watching: true, already: true })
    }
  }

  #take(notices: readonly Notice[], sequence: number | undefined): void {
    if (sequence === undefined) this.#watchers.tell(notices)
    else this.#order?.take(sequence, notices)
  }

  #resync(): void {
    this.#watchers.tell([{ type: 'resync' }])
  }
}

/** Milliseconds after which one must have heard of who watched before. */
const UNHEARD_MS = 2000
/** Marks of commits that are left in the store before they are removed. */
const MOST_MARKS = 64
