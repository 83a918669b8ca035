import type { Blob, BlobBackend, BlobCapabilities, ByteRange, Call, ListOptions } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { ConflictError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { corrupt } from '../codec/frame.ts'
import { slices } from '../engine/parts.ts'
import { mapAtOnce } from './at-once.ts'
import type { DynamoDb } from './dynamodb-client.ts'
import { BLOB_ATTRIBUTES, ITEM_BYTES, type Item, blobOf, piecesOf } from './dynamodb-item.ts'
import { PieceStore } from './dynamodb-pieces.ts'
import { queryOf } from './dynamodb-requests.ts'
import { Writes } from './dynamodb-writes.ts'

export const dynamoDbCapabilities: BlobCapabilities = {
  sync: false,
  atomicUpdate: 'everywhere',
  atomicBatch: 100,
  persistent: true,
  lock: 'process',
  watch: 'process',
  compareAndSet: true,
}

export interface DynamoDbBlobsOptions {
  readonly id: string
  readonly consistentRead: boolean
  readonly onError: (error: unknown) => void
}

/** Requests of one call that are under way at once. */
const AT_ONCE = 4
/** Keys of one BatchGetItem. */
const READ_TOGETHER = 100
/** Bytes of large blobs that a page of a scan has, about. */
const PAGE_BYTES = 8_000_000
/** How often a large blob is read again that is replaced while it is read. */
const MOST_ATTEMPTS = 16

/** The blobs of a store in its table. STORAGE_UNAVAILABLE, with DynamoDB's code and the id of the request. */
export function dynamoDbBlobs(db: DynamoDb, { id, consistentRead, onError }: DynamoDbBlobsOptions): BlobBackend {
  const pieces = new PieceStore(db, id)
  const writes = new Writes(db, pieces, id, onError)

  /** What is ours says what else there is: that must not be old. */
  const isConsistent = (name: Name = ''): boolean => consistentRead || name.startsWith('~')

  const getItem = async (name: Name, isCurrent: boolean, call: Call): Promise<Item | undefined> => {
    const body = {
      TableName: db.table,
      Key: { s: { S: id }, n: { S: name } },
      ConsistentRead: isCurrent,
    }
    return (await db.request<{ Item?: Item }>('GetItem', body, call)).Item
  }

  /** The blob of an item, read again as long as its pieces go while they are read. */
  const open = async (
    name: Name,
    read: Item | undefined,
    range: ByteRange | undefined,
    call: Call,
  ): Promise<Blob | undefined> => {
    let item = read
    for (let attempt = 1; item !== undefined; attempt++) {
      const of = piecesOf(item)
      if (of === undefined) {
        const blob = blobOf(item)
        return range ? blobOf(item, blob.bytes.slice(range.start, range.end)) : blob
      }
      const bytes = await pieces.read(name, of, range ?? { start: 0, end: of.count * ITEM_BYTES }, call)
      if (bytes) return blobOf(item, bytes)
      item = await getItem(name, true, call)
      if (item && piecesOf(item)?.id === of.id) throw corrupt(name, 'some of its pieces are missing')
      if (attempt === MOST_ATTEMPTS) {
        throw new ConflictError(`The entry ${name} was replaced ${attempt} times while it was read. Read it again.`)
      }
    }
    return undefined
  }

  const query = async (options: ListOptions, attributes: string, call: Call): Promise<Page> => {
    const body = queryOf(options, db.table, id)
    if (body === undefined) return { Items: [] }
    const { limit } = options
    const request = {
      ...body,
      ProjectionExpression: attributes,
      ConsistentRead: isConsistent(options.prefix),
      ...(limit !== undefined && { Limit: limit }),
    }
    return db.request<Page>('Query', request, call)
  }

  return {
    capabilities: dynamoDbCapabilities,
    async get(name, { range }, call) {
      return open(name, await getItem(name, isConsistent(name), call), range, call)
    },
    async getMany(names, call) {
      const items = new Map<Name, Item>()
      const keys = [...new Set(names)].map((name) => ({ s: { S: id }, n: { S: name } }))
      await mapAtOnce(AT_ONCE, slices(keys, READ_TOGETHER), async (some) => {
        for (const item of await db.getItems(some, consistentRead, call)) items.set(item.n!.S, item)
      })
      const blobs: (Blob | undefined)[] = []
      for (const name of names) blobs.push(await open(name, items.get(name), undefined, call))
      return blobs
    },
    put: (name, bytes, write, call) => writes.put(name, bytes, write, call),
    delete: (name, write, call) => writes.delete(name, write, call),
    batch: (ops, call) => writes.batch(ops, call),
    async writeMany(ops, call) {
      await mapAtOnce(AT_ONCE, slices(ops, dynamoDbCapabilities.atomicBatch), (some) => writes.batch(some, call))
    },
    async list(options, call) {
      const { Items, LastEvaluatedKey } = await query(options, 'n', call)
      return { names: Items.map(({ n }) => n!.S), next: LastEvaluatedKey?.n.S }
    },
    async scan(options, call) {
      const { Items, LastEvaluatedKey } = await query(options, BLOB_ATTRIBUTES, call)
      const entries: [Name, Blob][] = []
      let bytes = 0
      for (const [i, item] of Items.entries()) {
        const name = item.n!.S
        // One that was deleted since is left out, as it is of a later page.
        const blob = await open(name, item, undefined, call)
        if (blob) entries.push([name, blob])
        if (piecesOf(item)) bytes += blob?.bytes.length ?? 0
        if (bytes > PAGE_BYTES && i + 1 < Items.length) return { entries, next: name }
      }
      return { entries, next: LastEvaluatedKey?.n.S }
    },
    close: () => undefined,
  }
}

/** Whether something is in the partition of a store, and its descriptor among it. */
export async function lookFor(db: DynamoDb, id: string, call: Call): Promise<'absent' | 'empty' | 'foreign' | 'store'> {
  const key = { s: { S: id }, n: { S: DESCRIPTOR_NAME } }
  const body = { TableName: db.table, Key: key, ProjectionExpression: 'n', ConsistentRead: true }
  const answer = await db.ifTableExists<{ Item?: Item }>('GetItem', body, call)
  if (answer === undefined) return 'absent'
  if (answer.Item) return 'store'
  const query = { ...queryOf({}, db.table, id), ProjectionExpression: 'n', ConsistentRead: true, Limit: 1 }
  const { Items } = await db.request<Page>('Query', query, call)
  return Items.length > 0 ? 'foreign' : 'empty'
}

interface Page {
  readonly Items: readonly Item[]
  readonly LastEvaluatedKey?: { readonly n: { readonly S: Name } }
}
