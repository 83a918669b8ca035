import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import type {
  Blob,
  BlobBackend,
  BlobCapabilities,
  BlobOp,
  BlobWrite,
  ByteRange,
  Call,
  ListOptions,
  NamesPage,
  Watcher,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { HEADER, frameVersion } from '../codec/frame.ts'
import { conflict, nameOf } from '../engine/condition.ts'
import { FrameBlob } from './frame-blob.ts'
import { inOneTurn } from './one-turn.ts'
import type { Client, RedisConnection } from './redis-connection.ts'
import { ABSENT, FORGET, SCRIPTS, type Places } from './redis-script.ts'
import type { RedisWatch } from './redis-watch.ts'

export const redisCapabilities: BlobCapabilities = {
  sync: false,
  atomicUpdate: 'everywhere',
  // A command has at most a million arguments, and keeps the server from all others while it runs.
  atomicBatch: 100_000,
  persistent: true,
  lock: 'process',
  compareAndSet: true,
  watch: 'everywhere',
}

/** Blobs in Redis. A write is done when the server says so. */
export class RedisBlobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = redisCapabilities
  readonly #connection: RedisConnection
  readonly #places: Places
  readonly #watch: RedisWatch
  /** Its name in the store. */
  readonly client: string = randomBytes(8).toString('hex')
  #number = 0
  /** Slots of the scripts that no write is using, and how many there are. */
  readonly #free: number[] = []
  #slots = 0
  #scanPage = FIRST_SCAN_PAGE
  readonly #read: (name: Name) => Promise<Blob | undefined> = inOneTurn(
    READ_TOGETHER,
    (name) => this.#get(name, undefined),
    (names) => this.getMany(names, {}),
  )
  readonly #write: (op: BlobOp) => Promise<unknown> = inOneTurn<BlobOp, unknown>(
    WRITTEN_TOGETHER,
    (op) => this.#apply([op], {}),
    async (ops) => {
      await this.#apply(ops, {})
      return []
    },
  )

  constructor(connection: RedisConnection, places: Places, watch: RedisWatch) {
    this.#connection = connection
    this.#places = places
    this.#watch = watch
  }

  get(name: Name, { range }: { readonly range?: ByteRange | undefined }, { signal }: Call): Promise<Blob | undefined> {
    if (range === undefined) return signal ? this.#get(name, signal) : this.#read(name)
    return this.#getRange(name, range, signal)
  }

  async #getRange(name: Name, range: ByteRange, signal: AbortSignal | undefined): Promise<Blob | undefined> {
    const key = this.#places.blob(name)
    const { start, end } = range
    // The version is in the first bytes, and must be of the same blob.
    const [head, part] = await this.#connection.run(async (client) => {
      const answers = await client
        .multi()
        .getrangeBuffer(key, 0, HEADER - 1)
        .getrangeBuffer(key, start, Math.max(start, end - 1))
        .exec()
      return (answers ?? []).map(([error, bytes]) => {
        if (error) throw error
        return bytes as Buffer
      })
    }, signal)
    if (!head || head.length === 0) return undefined
    return { bytes: start < end ? part! : new Uint8Array(), version: frameVersion(head) }
  }

  async #get(name: Name, signal: AbortSignal | undefined): Promise<Blob | undefined> {
    const key = this.#places.blob(name)
    return toBlob(await this.#connection.run((client) => client.getBuffer(key), signal))
  }

  async getMany(names: readonly Name[], { signal }: Pick<Call, 'signal'>): Promise<(Blob | undefined)[]> {
    const found: (Blob | undefined)[] = []
    for (let from = 0; from < names.length; from += MOST_KEYS) {
      const keys = names.slice(from, from + MOST_KEYS).map(this.#places.blob)
      for (const bytes of await this.#connection.run((client) => client.mgetBuffer(keys), signal)) {
        found.push(toBlob(bytes))
      }
    }
    return found
  }

  async put(name: Name, bytes: Uint8Array, write: BlobWrite, call: Call): Promise<Version> {
    const { beside, ifVersion, notice, expires } = write
    const op: BlobOp = { put: [name, bytes], beside, ifVersion, notice, expires }
    const isSmall = ifVersion === undefined && !call.signal && bytes.length <= SMALL
    const written = isSmall ? this.#write(op) : this.#apply([op], call)
    // While that is under way.
    const version = frameVersion(bytes)
    await written
    return version
  }

  async delete(name: Name, write: BlobWrite, call: Call): Promise<boolean> {
    return (await this.#apply([{ ...write, delete: name }], call)) > 0
  }

  async batch(ops: readonly BlobOp[], call: Call): Promise<void> {
    if (ops.length > 0) await this.#apply(ops, call)
  }

  async list({ prefix = '', after, limit = NAMES_PAGE, reverse }: ListOptions, { signal }: Call): Promise<NamesPage> {
    if (after === undefined) await this.#forget(signal)
    const [first, last] = prefix === '' ? ['-', '+'] : [`[${prefix}`, `(${prefix}${ABOVE_ALL}`]
    const names = await this.#connection.run((client) => {
      const { names: key } = this.#places
      if (reverse) {
        const from = after === undefined || (prefix !== '' && after > prefix + ABOVE_ALL) ? last : `(${after}`
        return client.zrevrangebylex(key, from, first, 'LIMIT', 0, limit)
      }
      const from = after === undefined || after < prefix ? first : `(${after}`
      return client.zrangebylex(key, from, last, 'LIMIT', 0, limit)
    }, signal)
    return { names, next: names.length < limit ? undefined : names.at(-1) }
  }

  async scan(options: ListOptions, call: Call): Promise<{ entries: [Name, Blob][]; next?: Name | undefined }> {
    const limit = Math.min(options.limit ?? MOST_KEYS, this.#scanPage)
    const { names, next } = await this.list({ ...options, limit }, call)
    options.onNext?.(next)
    const blobs = await this.getMany(names, call)
    const entries = names.flatMap((name, i): [Name, Blob][] => (blobs[i] ? [[name, blobs[i]]] : []))
    const bytes = entries.reduce((sum, [, blob]) => sum + blob.bytes.length, 0)
    if (bytes > 0) this.#scanPage = Math.min(MOST_KEYS, Math.ceil((SCAN_BYTES / bytes) * entries.length))
    return { entries, next }
  }

  /** Watchers are not told of what that client writes. */
  ignore(client: string): void {
    this.#watch.ignored.add(client)
  }

  watch(watcher: Watcher): () => void {
    return this.#watch.add(watcher)
  }

  async close(): Promise<void> {
    this.#watch.close()
    const writes = this.#places.writes(this.client)
    if (this.#number > 0) await this.#connection.run((client) => client.del(writes), undefined).catch(() => undefined)
    await this.#connection.close()
  }

  /** Do all of them, or none; once, however often the server has to be asked. Answers how many were deleted. */
  async #apply(ops: readonly BlobOp[], { signal }: Pick<Call, 'signal'>): Promise<number> {
    // What is written from now on is told to those who watch here.
    if (this.#watch.started) await this.#watch.started
    const slot = this.#free.pop() ?? this.#slots++
    const number = ++this.#number
    const { names, expiring, blob } = this.#places
    const writes = this.#places.writes(this.client)
    const id = `${this.client}-${number}`
    const message = this.#watch.message(id, ops)
    const isPut = ops.every(isPlainPut)
    const { put, apply } = SCRIPTS[this.#connection.publishes]
    const keys = isPut ? [writes, names] : [writes, names, expiring]
    const args: Argument[] = [`${slot}`, `${number}`, message]
    for (const op of ops) {
      const name = nameOf(op)
      keys.push(blob(name))
      if (!isPut) args.push(name, conditionOf(op), op.expires === undefined ? '' : `${op.expires + GRACE_MS}`)
      args.push('put' in op ? toBuffer(op.put[1]) : '')
    }
    const send = async (): Promise<number> => {
      try {
        return await this.#connection.run((client) => evaluate(client, isPut ? put : apply, keys, args), signal)
      } finally {
        this.#free.push(slot)
      }
    }
    const answer = await (message === '' ? send() : this.#watch.heard(id, ops, send))
    if (answer >= 0) return answer
    throw conflict(nameOf(ops[-answer - 1]!))
  }

  /** The server removes expired blobs by itself, but not their names. */
  async #forget(signal: AbortSignal | undefined): Promise<void> {
    const { names, expiring, blob } = this.#places
    for (;;) {
      const due = await this.#connection.run(
        (client) => client.zrangebyscore(expiring, '-inf', Date.now(), 'LIMIT', 0, MOST_KEYS),
        signal,
      )
      if (due.length > 0) {
        const keys = [names, expiring, ...due.map(blob)]
        await this.#connection.run((client) => evaluate(client, FORGET, keys, due), signal)
      }
      if (due.length < MOST_KEYS) return
    }
  }
}

/** No character of a name is as high. */
const ABOVE_ALL = '\x7f'
const NAMES_PAGE = 1000
const MOST_KEYS = 1000
/** Reads of one turn that are one: blobs may be large. */
const READ_TOGETHER = 100
/** Writes of one turn that are one, if they are small and nothing is said of when: how many, and of how many bytes each. */
const WRITTEN_TOGETHER = 256
const SMALL = 16 * 1024
/** Bytes that a page of blobs may have, about, and how many blobs that is taken for at first. */
const SCAN_BYTES = 1024 * 1024
const FIRST_SCAN_PAGE = 100
/** After its deadline the server keeps an entry for an hour, because its clock may be ahead of that of who wrote it. */
const GRACE_MS = 3_600_000

type Argument = string | Buffer

function isPlainPut(op: BlobOp): boolean {
  return 'put' in op && op.ifVersion === undefined && op.expires === undefined
}

function conditionOf({ ifVersion }: BlobOp): Argument {
  return ifVersion === undefined ? '' : ifVersion === null ? ABSENT : Buffer.from(ifVersion, 'latin1')
}

/** By its hash, or, where the server does not know it yet, by its text. */
async function evaluate(
  client: Client,
  script: string,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<number> {
  try {
    return (await client.call('evalsha', [hashOf(script), keys.length, ...keys, ...args])) as number
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error
    return (await client.call('eval', [script, keys.length, ...keys, ...args])) as number
  }
}

const hashes = new Map<string, string>()

function hashOf(script: string): string {
  const known = hashes.get(script) ?? createHash('sha1').update(script).digest('hex')
  hashes.set(script, known)
  return known
}

function toBlob(bytes: Buffer | null | undefined): Blob | undefined {
  return bytes ? new FrameBlob(bytes) : undefined
}

function toBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength)
}
