// `konserve-ts/dynamodb` where threads can be waited for.
import { registerBackend } from '../base/backend.ts'
import { blobDefinition } from '../engine/blob-definition.ts'
import { dynamoDbDefinition } from './dynamodb-definition.ts'
import { withSyncCalls } from './sync-calls.ts'

export * from './dynamodb.ts'

registerBackend('dynamodb', blobDefinition(withSyncCalls('dynamodb', import.meta.url, dynamoDbDefinition)))
