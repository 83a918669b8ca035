import type { Cluster, Redis } from 'ioredis'
import { closedStore } from '../base/errors.ts'
import { jitter } from '../base/jitter.ts'
import { Deadlines } from './deadlines.ts'
import { missingDriver } from './missing-driver.ts'
import type { RedisConfig } from './redis-config.ts'
import { isPassing, isReplica, redisError } from './redis-errors.ts'
import type { Publish } from './redis-script.ts'

/** What a command is sent to: a server, whichever the sentinels name, or a cluster. */
export type Client = Redis | Cluster

/**
 * A connection that comes back. What was under way when it was lost is done again; that is harmless to reads, and to what
 * the scripts write once.
 */
export class RedisConnection {
  readonly client: Client
  readonly place: string
  readonly #timeout: number
  readonly #deadlines: Deadlines
  #lastError: Error | undefined
  #closed = false

  private constructor(client: Client, place: string, timeout: number) {
    this.client = client
    this.place = place
    this.#timeout = timeout
    this.#deadlines = new Deadlines(timeout)
    client.on('error', (error: Error) => (this.#lastError = error))
    client.on('node error', (error: Error) => (this.#lastError = error))
    client.on('ready', () => (this.#lastError = undefined))
  }

  static async open(config: RedisConfig, place: string): Promise<RedisConnection> {
    const timeout = config.timeout ?? DEFAULT_TIMEOUT
    return new RedisConnection(await newClient(config, timeout), place, timeout)
  }

  /** Run `task`, again if the connection is lost, until the time is over. STORAGE_UNAVAILABLE, QUOTA_EXCEEDED. */
  async run<T>(task: (client: Client) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    // The clock of the day may be set meanwhile.
    const until = performance.now() + this.#timeout
    for (let tries = 0; ; tries++) {
      signal?.throwIfAborted()
      try {
        return await this.#deadlines.within(until, task(this.client))
      } catch (error) {
        if (this.#closed) throw closedStore()
        const left = until - performance.now()
        if (!isPassing(error) || left <= 0) throw redisError(error, this.place, this.#lastError)
        // The sentinels, or the other nodes, know who takes writes now.
        if (isReplica(error)) this.client.disconnect(true)
        await new Promise((resolve) => setTimeout(resolve, Math.min(left, waitAfter(tries))))
      }
    }
  }

  /**
   * A connection of its own to the node that has `key`, for what that tells by itself. Whoever asked sees to it that another
   * one is made if it is lost.
   */
  async subscriber(key: string): Promise<Redis> {
    const own = { retryStrategy: () => null, lazyConnect: true, commandTimeout: this.#timeout }
    if (!isCluster(this.client)) return this.client.duplicate(own)
    const slot = Number(await this.#inTime(this.client.cluster('KEYSLOT', key)))
    const address = this.client.slots[slot]?.[0]
    const node = this.client.nodes('master').find(({ options }) => `${options.host}:${options.port}` === address)
    if (!node) throw new Error("Cluster isn't ready")
    return node.duplicate({ ...own, readOnly: false })
  }

  /** The command by which a script tells those who subscribe to a channel of this node. */
  get publishes(): Publish {
    return isCluster(this.client) ? 'SPUBLISH' : 'PUBLISH'
  }

  async close(): Promise<void> {
    this.#closed = true
    // A server that is gone cannot be told.
    await this.#inTime(this.client.quit()).catch(() => this.client.disconnect())
  }

  #inTime<T>(answer: Promise<T>): Promise<T> {
    return this.#deadlines.within(performance.now() + this.#timeout, answer)
  }
}

function isCluster(client: Client): client is Cluster {
  return client.isCluster
}

/** Milliseconds for one call with all its tries. */
const DEFAULT_TIMEOUT = 10_000
const FIRST_WAIT = 10
const LONGEST_WAIT = 500

/** So that those who lost one server do not come back all at once. */
function waitAfter(tries: number): number {
  return jitter(tries, FIRST_WAIT, LONGEST_WAIT)
}

async function newClient({ url, options, cluster }: RedisConfig, timeout: number): Promise<Client> {
  const { Cluster, Redis } = await loadRedis()
  const own = {
    ...options,
    // What was under way is done again by us, who know that it may have been done. A call must not wait for a
    // server that never comes back.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Before that, so that it is known why.
    connectTimeout: Math.ceil(timeout * 0.8),
    // What would make other keys, or other answers, of ours.
    keyPrefix: '',
    stringNumbers: false,
    replyMapping: 'legacy' as const,
  }
  if (cluster) return new Cluster([...cluster], { redisOptions: own, clusterRetryStrategy: waitAfter })
  const redisOptions = { ...own, retryStrategy: waitAfter }
  return url === undefined ? new Redis(redisOptions) : new Redis(url, redisOptions)
}

async function loadRedis(): Promise<Pick<typeof import('ioredis'), 'Cluster' | 'Redis'>> {
  try {
    return await import('ioredis')
  } catch (cause) {
    throw missingDriver('ioredis', cause)
  }
}
