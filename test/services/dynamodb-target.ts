import { type Service, startService } from '../../scripts/services.mjs'
import type { BaseConfig } from '../../src/base/backend.ts'
import '../../src/backends/dynamodb-node.ts'
import type { DynamoDbConfig } from '../../src/backends/dynamodb-node.ts'
import { DynamoDb } from '../../src/backends/dynamodb-client.ts'
import type { Item } from '../../src/backends/dynamodb-item.ts'
import { createTable } from '../../src/backends/dynamodb-table.ts'

export const TABLE = 'konserve'
/** DynamoDB Local takes any, as long as the key id is of letters and digits. */
export const CREDENTIALS = { accessKeyId: 'TESTKEY', secretAccessKey: 'the secret of the tests' }

export type Config = BaseConfig & DynamoDbConfig & { readonly backend: 'dynamodb' }

/** A server with a table. */
export async function startDynamoDb(args: readonly string[] = []): Promise<Service> {
  const service = await startService('dynamodb', { args })
  await createTable(tableAt(service.url), { sync: false })
  return service
}

export function tableAt(endpoint: string): DynamoDb {
  return new DynamoDb({ table: TABLE, region: 'eu-central-1', endpoint, credentials: CREDENTIALS })
}

/** The config of a store that is not there yet. */
export function configAt(endpoint: string, fields: Partial<Config> = {}): Config {
  return {
    backend: 'dynamodb',
    id: crypto.randomUUID(),
    table: TABLE,
    region: 'eu-central-1',
    endpoint,
    credentials: CREDENTIALS,
    ...fields,
  }
}

/** The partition and sort keys of everything in the table that is of store `id`. */
export async function itemsOf(endpoint: string, id: string): Promise<string[]> {
  const found: string[] = []
  let start: object | undefined
  do {
    const page: { Items: Item[]; LastEvaluatedKey?: object } = await tableAt(endpoint).request(
      'Scan',
      {
        TableName: TABLE,
        ProjectionExpression: 's, n',
        ConsistentRead: true,
        ...(start && { ExclusiveStartKey: start }),
      },
      { sync: false },
    )
    found.push(
      ...page.Items.filter(({ s }) => s!.S.startsWith(id)).map(({ s, n }) => `${s!.S.slice(id.length)} ${n!.S}`),
    )
    start = page.LastEvaluatedKey
  } while (start)
  return found.sort()
}
