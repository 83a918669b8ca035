import type { Call } from '../base/backend.ts'
import { StorageUnavailableError } from '../base/errors.ts'
import { type DynamoDb, pause } from './dynamodb-client.ts'

/** Milliseconds. A table is usually there in some seconds. */
const LONGEST_WAIT = 300_000
/** The bound of the random wait between two looks is 10 ms doubled so often. */
const WAIT = 6

/** Make the table if there is none, and wait until it can be used. A table that is there is left as it is. */
export async function createTable(db: DynamoDb, call: Call): Promise<void> {
  const { table } = db
  const isNew = (await statusOf(db, call)) === undefined && (await db.create(definitionOf(table), call))
  const until = Date.now() + LONGEST_WAIT
  while ((await statusOf(db, call)) !== 'ACTIVE') {
    if (Date.now() > until)
      throw new StorageUnavailableError(`The table ${db.place} is not ready yet. Try again later.`)
    await pause(WAIT, call)
  }
  if (!isNew) return
  const ttl = { AttributeName: 'e', Enabled: true }
  await db.request('UpdateTimeToLive', { TableName: table, TimeToLiveSpecification: ttl }, call)
}

/** `ACTIVE` once it can be used; undefined if there is none. */
async function statusOf(db: DynamoDb, call: Call): Promise<string | undefined> {
  const answer = await db.ifTableExists<TableAnswer>('DescribeTable', { TableName: db.table }, call)
  return answer?.Table.TableStatus
}

interface TableAnswer {
  readonly Table: { readonly TableStatus: string }
}

function definitionOf(table: string): object {
  return {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['s', 'n'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 's', KeyType: 'HASH' },
      { AttributeName: 'n', KeyType: 'RANGE' },
    ],
  }
}
