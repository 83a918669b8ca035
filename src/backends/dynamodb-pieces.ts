import type { ByteRange, Call } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { joinBytes } from '../codec/cbor-text.ts'
import { randomId, slices } from '../engine/parts.ts'
import { mapAtOnce } from './at-once.ts'
import { fromBase64, toBase64 } from './base64.ts'
import type { DynamoDb } from './dynamodb-client.ts'
import { type Attributes, ITEM_BYTES, type Item, type Pieces, piecesOf } from './dynamodb-item.ts'

/*
 * What does not fit into an item is kept in pieces: items of a partition of their own, `<store>/<name>/<write id>`, so
 * that each large blob has the throughput of a partition. They are written before the item that points to them, and
 * removed after it is gone. An intent, an item of the partition `<store>/intents`, stands for the time between and names
 * the pieces that belong to nobody if it ends badly.
 */

/** Pieces, and the blob that they are of. */
export interface NamedPieces extends Pieces {
  readonly name: Name
}

/** After so many milliseconds nobody works on an intent any more. */
const ABANDONED = 24 * 3_600_000
/** For so long it may be worked on: no clock is so wrong, no request so late, that the two meet. */
const LONGEST_WORK = 3_600_000
/** Requests that are under way at once. */
const AT_ONCE = 4
/** A request has at most 16 MB, an answer as well, in base64 not more. */
const READ_TOGETHER = 30
const WRITTEN_TOGETHER = 5
const REMOVED_TOGETHER = 25

export class PieceStore {
  readonly #db: DynamoDb
  readonly #id: string

  constructor(db: DynamoDb, id: string) {
    this.#db = db
    this.#id = id
  }

  async write({ name, id, count }: NamedPieces, bytes: Uint8Array, call: Call): Promise<void> {
    const puts = keysOf(this.#partition(name, id), 0, count).map((key, i) => () => ({
      PutRequest: {
        Item: { ...key, v: { B: toBase64(bytes.subarray(i * ITEM_BYTES, (i + 1) * ITEM_BYTES)) } },
      },
    }))
    await mapAtOnce(AT_ONCE, slices(puts, WRITTEN_TOGETHER), (some) =>
      this.#db.writeItems(
        some.map((put) => put()),
        call,
      ),
    )
  }

  /** The bytes, or those of `range`; undefined if some are not there. */
  async read(
    name: Name,
    { id, count }: Pieces,
    { start, end }: ByteRange,
    call: Call,
  ): Promise<Uint8Array | undefined> {
    const first = Math.floor(start / ITEM_BYTES)
    const keys = keysOf(this.#partition(name, id), first, Math.min(count, Math.ceil(end / ITEM_BYTES)))
    const found = new Map<string, string>()
    await mapAtOnce(AT_ONCE, slices(keys, READ_TOGETHER), async (some) => {
      for (const { n, v } of await this.#db.getItems(some, true, call)) found.set(n!.S, v!.B)
    })
    if (found.size < keys.length) return undefined
    const bytes = joinBytes(keys.map(({ n }) => fromBase64(found.get(n.S)!)))
    return bytes.subarray(start - first * ITEM_BYTES, end - first * ITEM_BYTES)
  }

  async remove({ name, id, count }: NamedPieces, call: Call): Promise<void> {
    const requests = keysOf(this.#partition(name, id), 0, count).map((Key) => ({ DeleteRequest: { Key } }))
    await mapAtOnce(AT_ONCE, slices(requests, REMOVED_TOGETHER), (some) => this.#db.writeItems(some, call))
  }

  /** Say that these pieces belong to nobody, unless the work that begins now ends well. */
  async begin(pieces: readonly NamedPieces[], call: Call): Promise<Intent> {
    const intent = new Intent(this.#db, this, this.#intentKey(randomId()))
    await intent.save(pieces, call)
    return intent
  }

  /** Remove what others have left behind, whatever is not used by now; with `all` what is still worked on as well. */
  async collect(call: Call, { all }: { readonly all: boolean }): Promise<void> {
    let start: object | undefined
    do {
      const body = {
        TableName: this.#db.table,
        KeyConditionExpression: 's = :s',
        ExpressionAttributeValues: { ':s': this.#intentKey('')['s'] },
        ...(start && { ExclusiveStartKey: start }),
      }
      const { Items, LastEvaluatedKey } = await this.#db.request<IntentsAnswer>('Query', body, call)
      start = LastEvaluatedKey
      for (const { s, n, t, j } of Items) {
        if (!all && Number(t.N) > Date.now() - ABANDONED) continue
        const unused: NamedPieces[] = []
        for (const pieces of JSON.parse(j.S) as NamedPieces[]) {
          if (!(await this.#areUsed(pieces, call))) unused.push(pieces)
        }
        await new Intent(this.#db, this, { s, n }).end(unused, call)
      }
    } while (start)
  }

  /** Whether the blob has these pieces. */
  async #areUsed({ name, id }: NamedPieces, call: Call): Promise<boolean> {
    const body = {
      TableName: this.#db.table,
      Key: { s: { S: this.#id }, n: { S: name } },
      ProjectionExpression: 'w, p',
      ConsistentRead: true,
    }
    const { Item: item } = await this.#db.request<{ Item?: Item }>('GetItem', body, call)
    return item !== undefined && piecesOf(item)?.id === id
  }

  #partition(name: Name, id: string): string {
    return `${this.#id}/${name}/${id}`
  }

  #intentKey(id: string): Attributes {
    return { s: { S: `${this.#id}/intents` }, n: { S: id } }
  }
}

/** Pieces that are about to be used, or about to go. */
export class Intent {
  readonly #db: DynamoDb
  readonly #store: PieceStore
  readonly #key: Attributes
  readonly #begun = Date.now()

  constructor(db: DynamoDb, store: PieceStore, key: Attributes) {
    this.#db = db
    this.#store = store
    this.#key = key
  }

  async save(pieces: readonly NamedPieces[], call: Call): Promise<void> {
    const item = { ...this.#key, t: { N: String(Date.now()) }, j: { S: JSON.stringify(pieces) } }
    await this.#db.request('PutItem', { TableName: this.#db.table, Item: item }, call)
  }

  /** Whether what was written may still be pointed to: a device may have slept meanwhile. */
  get isFresh(): boolean {
    return Date.now() - this.#begun < LONGEST_WORK
  }

  /** Remove these pieces. */
  async end(unused: readonly NamedPieces[], call: Call): Promise<void> {
    for (const pieces of unused) await this.#store.remove(pieces, call)
    await this.#db.request('DeleteItem', { TableName: this.#db.table, Key: this.#key }, call)
  }
}

interface IntentsAnswer {
  readonly Items: readonly {
    readonly s: { readonly S: string }
    readonly n: { readonly S: string }
    readonly t: { readonly N: string }
    readonly j: { readonly S: string }
  }[]
  readonly LastEvaluatedKey?: object
}

/** The keys of the pieces from `first` to before `end`. */
function keysOf(partition: string, first: number, end: number): { s: { S: string }; n: { S: string } }[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => ({
    s: { S: partition },
    n: { S: String(first + i) },
  }))
}
