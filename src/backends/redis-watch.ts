import type { Redis } from 'ioredis'
import type { BlobOp, Notice, Watcher } from '../base/backend.ts'
import type { Key } from '../base/entry.ts'
import { isLongName } from '../base/name.ts'
import { decode, encode } from '../codec/cbor.ts'
import { nameOf } from '../engine/condition.ts'
import { Watchers, noticesOf } from '../engine/watchers.ts'
import { fromBase64, toBase64 } from './base64.ts'
import type { RedisConnection } from './redis-connection.ts'

/**
 * Tells watchers of what any client has committed, in the order of the commits: each write publishes its names. Of what was
 * published while the connection was lost nothing is known: one `resync`.
 */
export class RedisWatch {
  /** Settles once the server tells us of what is written from then on. */
  started: Promise<void> | undefined
  /** Clients whose writes somebody else tells of. */
  readonly ignored: Set<string> = new Set()
  readonly #connection: RedisConnection
  readonly #channel: string
  readonly #showsKeys: boolean
  readonly #onError: (error: unknown) => void
  readonly #watchers = new Watchers()
  #subscriber: Redis | undefined
  /** Whether the server tells it. */
  #subscribed = false
  /** Writes of ours that we have not been told of: what to tell of them, with all keys, and what to do then. */
  readonly #unheard = new Map<string, { readonly notices: readonly Notice[]; readonly resolve: () => void }>()

  /** `showsKeys`: the key of a name that does not have it may be published, because it is no secret. */
  constructor(
    connection: RedisConnection,
    channel: string,
    { showsKeys, onError }: { readonly showsKeys: boolean; readonly onError: (error: unknown) => void },
  ) {
    this.#connection = connection
    this.#channel = channel
    this.#showsKeys = showsKeys
    this.#onError = onError
  }

  add(watcher: Watcher): () => void {
    const end = this.#watchers.add(watcher)
    if (this.#watchers.size === 1) this.#start()
    return () => {
      end()
      if (this.#watchers.size === 0) this.close()
    }
  }

  /** What the write `id` publishes of its operations; '' if there is nothing to tell. */
  message(id: string, ops: readonly BlobOp[]): string {
    let message = ''
    for (const op of ops) {
      if (!op.notice) continue
      const name = nameOf(op)
      message += 'put' in op ? ` +${name}` : ` -${name}`
      if (this.#showsKeys && isLongName(name)) message += `=${toBase64(encode(op.notice.key))}`
    }
    return message === '' ? '' : id + message
  }

  /** Run the write `id`. Who watches here hears of it before it settles: whoever comes later is told nothing of it. */
  heard<T>(id: string, ops: readonly BlobOp[], write: () => Promise<T>): Promise<T> {
    return this.#subscribed ? this.#heard(id, ops, write) : write()
  }

  async #heard<T>(id: string, ops: readonly BlobOp[], write: () => Promise<T>): Promise<T> {
    const notices = noticesOf(ops)
    const heard = new Promise<void>((resolve) => this.#unheard.set(id, { notices, resolve }))
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      const answer = await write()
      // A connection that is dead and does not say so.
      timer = setTimeout(() => this.#subscriber?.disconnect(), UNHEARD_MS)
      await heard
      return answer
    } finally {
      clearTimeout(timer)
      this.#unheard.delete(id)
    }
  }

  close(): void {
    const subscriber = this.#subscriber
    this.#subscriber = undefined
    this.started = undefined
    this.#giveUp()
    subscriber?.disconnect()
  }

  #start(): void {
    this.started = this.#connection
      .run(() => this.#subscribe(), undefined)
      .catch((error: unknown) => {
        // Without a watcher nobody misses it: the store was closed meanwhile.
        if (this.#watchers.size > 0) this.#onError(error)
      })
  }

  async #subscribe(): Promise<void> {
    const subscriber = await this.#connection.subscriber(this.#channel)
    if (this.#watchers.size === 0) return subscriber.disconnect()
    this.#subscriber?.disconnect()
    this.#subscriber = subscriber
    const hear = (_: string, message: string): void => {
      if (subscriber === this.#subscriber) this.#hear(message)
    }
    subscriber.on('error', () => undefined)
    subscriber.on('message', hear)
    subscriber.on('smessage', hear)
    try {
      if (this.#connection.publishes === 'SPUBLISH') await subscriber.ssubscribe(this.#channel)
      else await subscriber.subscribe(this.#channel)
    } catch (error) {
      subscriber.disconnect()
      throw error
    }
    this.#subscribed = subscriber === this.#subscriber
    // The slot of the channel may also have gone to another node.
    subscriber.on('sunsubscribe', () => subscriber.disconnect())
    subscriber.on('end', () => subscriber === this.#subscriber && void this.#startAgain())
  }

  /** Until it works, or nobody watches any more. What was published meanwhile is not known. */
  async #startAgain(): Promise<void> {
    this.#giveUp()
    for (let works = false; !works && this.#watchers.size > 0;) {
      try {
        await this.#connection.run(() => this.#subscribe(), undefined)
        works = true
      } catch (error) {
        this.#onError(error)
        await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
      }
    }
    this.#watchers.tell([{ type: 'resync' }])
  }

  /** Of what was published meanwhile nothing will be heard. */
  #giveUp(): void {
    this.#subscribed = false
    for (const { resolve } of this.#unheard.values()) resolve()
  }

  #hear(message: string): void {
    try {
      const [id = '', ...told] = message.split(' ')
      if (told.length === 0) throw new TypeError('It is no notice.')
      if (this.ignored.has(id.slice(0, id.indexOf('-')))) return
      const own = this.#unheard.get(id)
      this.#watchers.tell(own?.notices ?? told.map(noticeOf))
      own?.resolve()
    } catch {
      // Somebody else uses the channel; what it means is not known.
      this.#watchers.tell([{ type: 'resync' }])
    }
  }
}

/** Milliseconds after which we should have been told of what we have written. */
const UNHEARD_MS = 5000
/** Milliseconds after which a subscription that failed is tried again. */
const AGAIN_MS = 1000

/** What was set or deleted: its name, and in base64 its key where the name does not have it. */
const TOLD = /^([+-])([^=]+)(?:=(.+))?$/

function noticeOf(told: string): Notice {
  const [, sign, name, key] = TOLD.exec(told) ?? []
  if (name === undefined) throw new TypeError('It is no notice.')
  return {
    type: sign === '+' ? 'set' : 'delete',
    name,
    key: key === undefined ? undefined : (decode(fromBase64(key)) as Key),
  }
}
