import type { BaseConfig } from '../base/backend.ts'
import { type Check, fields, flag, optional } from '../base/schema.ts'
import { type AwsConfig, awsFields, awsSecrets } from './aws-config.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { dynamoDbBlobs, dynamoDbCapabilities, lookFor } from './dynamodb-blobs.ts'
import { DynamoDb, placeOf } from './dynamodb-client.ts'
import { PieceStore } from './dynamodb-pieces.ts'
import { createTable } from './dynamodb-table.ts'
import type { RemoteDefinition } from './sync-calls.ts'

const tableName: Check = (value) =>
  typeof value === 'string' && /^[\w.-]{3,255}$/.test(value)
    ? undefined
    : 'the name of a table: 3 to 255 letters, digits, _, - and .'

const schema = fields({ table: tableName, consistentRead: optional(flag), ...awsFields, ...blobOptions })

export interface DynamoDbConfig extends AwsConfig, BlobOptions {
  /** The table, which many stores may share. Its partition key is `s` and its sort key `n`, both strings. */
  readonly table: string
  /**
   * Whether a read sees every write that was acknowledged before it. Default true; `false` halves what reads cost, and
   * what they find may be a second old.
   */
  readonly consistentRead?: boolean | undefined
}

/** Without calls that answer at once, which only Node has. */
export const dynamoDbDefinition: RemoteDefinition<BaseConfig & DynamoDbConfig> = {
  schema,
  secrets: awsSecrets,
  capabilities: dynamoDbCapabilities,
  methods: ['getMany', 'scan', 'batch', 'writeMany'],
  locate: (config) => `${config.id} in ${placeOf(config)}`,
  container: (config, context) => lookFor(new DynamoDb(config), config.id, context),
  async open(config, context) {
    const db = new DynamoDb(config)
    if (context.createContainer) await createTable(db, context)
    const { id, consistentRead = true } = config
    return dynamoDbBlobs(db, { id, consistentRead, onError: context.onError })
  },
  /** The table stays: other stores may be in it. */
  remove: (config, context) => new PieceStore(new DynamoDb(config), config.id).collect(context, { all: true }),
}
