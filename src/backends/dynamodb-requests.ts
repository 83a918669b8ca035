import type { BlobOp, Condition, ListOptions } from '../base/backend.ts'
import type { Name } from '../base/entry.ts'
import { conflict, nameOf } from '../engine/condition.ts'
import {
  type Attribute,
  ITEM_BYTES,
  ITEM_OVERHEAD,
  MEMORY,
  type Pieces,
  contentAttributes,
  newWriteId,
  stateOf,
} from './dynamodb-item.ts'

/** One write, as it is asked of DynamoDB. */
export interface Write extends Condition {
  readonly name: Name
  /** Nothing: what is there is deleted. */
  readonly bytes: Uint8Array | undefined
  /** How many pieces the bytes are put into; 0 if they are in the item. */
  readonly pieces: number
  readonly expires: number | undefined
  /** The write id. */
  readonly id: string
  /** The large blob that is known to be there, whose pieces go once it is replaced. */
  readonly replaced: Pieces | undefined
  /** It is refused if there is nothing to delete. */
  readonly mustExist?: boolean | undefined
}

/** Bytes of the items of one transaction: it may have 4 MB. */
const TRANSACTION_BYTES = 4_000_000

/** What is written for `ops`, all in one transaction: pieces for what does not fit into an item, or not into that. */
export function planOf(ops: readonly BlobOp[]): Write[] {
  const writes = lastOfEach(ops).map((op): Write => {
    const { ifVersion } = op
    const common = {
      id: newWriteId(),
      pieces: 0,
      ifVersion,
      replaced: ifVersion ? stateOf(ifVersion).pieces : undefined,
    }
    return 'put' in op
      ? { ...common, name: op.put[0], bytes: op.put[1], expires: op.expires }
      : { ...common, name: op.delete, bytes: undefined, expires: undefined }
  })
  const sizeOf = ({ bytes }: Write): number => bytes?.length ?? 0
  let total = writes.reduce((sum, write) => sum + sizeOf(write) + ITEM_OVERHEAD, 0)
  const large = new Set<Write>()
  for (const write of [...writes].sort((a, b) => sizeOf(b) - sizeOf(a))) {
    if (sizeOf(write) <= ITEM_BYTES && total <= TRANSACTION_BYTES) break
    large.add(write)
    total -= sizeOf(write)
  }
  return writes.map((write) => (large.has(write) ? { ...write, pieces: Math.ceil(sizeOf(write) / ITEM_BYTES) } : write))
}

/** A transaction has one action an item: that of the last op, on the condition of the first. */
function lastOfEach(ops: readonly BlobOp[]): BlobOp[] {
  const byName = new Map<Name, BlobOp>()
  for (const op of ops) {
    const name = nameOf(op)
    const before = byName.get(name)
    if (before && op.ifVersion !== undefined) throw conflict(name)
    byName.set(name, before ? { ...op, ifVersion: before.ifVersion } : op)
  }
  return [...byName.values()]
}

/** A write as an action of TransactWriteItems, or the request of PutItem: what is there and not known is forgotten. */
export function actionOf(write: Write, table: string, partition: string): Readonly<Record<string, object>> {
  const { name, bytes, id, ifVersion } = write
  const key = { s: { S: partition }, n: { S: name } }
  const { expression, values } = conditionOf(write)
  const common = {
    TableName: table,
    ConditionExpression: expression,
    ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: values }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
  if (bytes === undefined) return { Delete: { ...common, Key: key } }
  const known = ifVersion ? stateOf(ifVersion).ids : []
  const w = { S: [id, ...known].slice(0, MEMORY).join(' ') }
  return { Put: { ...common, Item: { ...key, w, ...attributesOf(write, bytes) } } }
}

/**
 * A put that does not know what is there as a request of UpdateItem, which can keep the ids of what was written before.
 * It is refused if it has been applied already, even if others have written since.
 */
export function updateOf(write: Write, table: string, partition: string): object {
  const { name, bytes, id } = write
  const attributes = attributesOf(write, bytes!)
  const set = Object.keys(attributes).map((attribute) => `${attribute} = :${attribute}`)
  const removed = ['v', 'p', 'e'].filter((attribute) => !(attribute in attributes))
  const { expression, values } = conditionOf(write)
  return {
    TableName: table,
    Key: { s: { S: partition }, n: { S: name } },
    UpdateExpression: `SET ${[...set, SHIFT].join(', ')} REMOVE ${removed.join(', ')}`,
    ConditionExpression: `${expression} AND ${NOT_YET}`,
    ExpressionAttributeValues: {
      ...values,
      ...Object.fromEntries(Object.entries(attributes).map(([attribute, value]) => [`:${attribute}`, value])),
      ':w': { S: id },
      ':none': { S: '' },
    },
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  }
}

// All that is read in an update is what was there before it.
const SHIFT =
  'w = :w, a = if_not_exists(w, :none), b = if_not_exists(a, :none), c = if_not_exists(b, :none), d = if_not_exists(c, :none)'
const NOT_YET = `NOT (${['w', 'a', 'b', 'c', 'd'].map((attribute) => `contains(${attribute}, :w)`).join(' OR ')})`

function attributesOf({ pieces, expires }: Write, bytes: Uint8Array): Record<string, Attribute> {
  return contentAttributes(pieces > 0 ? pieces : bytes, expires)
}

/** Pieces must not be left behind: a write that does not know of any goes through only where there are none. */
function conditionOf({ ifVersion, mustExist, replaced }: Write): {
  expression: string
  values: Record<string, Attribute>
} {
  if (ifVersion === null) return { expression: 'attribute_not_exists(n)', values: {} }
  const newest = ifVersion ? stateOf(ifVersion).ids[0] : replaced?.id
  if (newest !== undefined) return { expression: 'begins_with(w, :old)', values: { ':old': { S: newest } } }
  const expression = 'attribute_not_exists(p)'
  return { expression: mustExist ? `attribute_exists(n) AND ${expression}` : expression, values: {} }
}

/** Beyond every name that starts as it does: names are ASCII. */
const END = '\x7f'

/** The request of Query for a page of names; undefined if there can be none. */
export function queryOf(
  { prefix = '', after, reverse = false, skipsOwn }: ListOptions,
  table: string,
  partition: string,
): object | undefined {
  const low = prefix || ' '
  // Our own names are the last ones.
  const high = skipsOwn && !prefix.startsWith('~') ? least(prefix + END, '~') : prefix + END
  const isBefore = after !== undefined && (reverse ? after > high : after < low)
  if (after !== undefined && !isBefore && (reverse ? after <= low : after >= high)) return undefined
  return {
    TableName: table,
    KeyConditionExpression: 's = :s AND n BETWEEN :low AND :high',
    ExpressionAttributeValues: { ':s': { S: partition }, ':low': { S: low }, ':high': { S: high } },
    ScanIndexForward: !reverse,
    ...(after !== undefined && !isBefore && { ExclusiveStartKey: { s: { S: partition }, n: { S: after } } }),
  }
}

function least(a: string, b: string): string {
  return a < b ? a : b
}
