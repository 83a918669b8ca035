import { registerBackend } from '../base/backend.ts'
import { blobDefinition } from '../engine/blob-definition.ts'
import { type DynamoDbConfig, dynamoDbDefinition } from './dynamodb-definition.ts'

export type { AwsConfig, AwsCredentials, AwsCredentialsSource } from './aws-config.ts'
export type { DynamoDbConfig }

declare module '../base/backend.ts' {
  interface BackendConfigs {
    dynamodb: DynamoDbConfig
  }
}

registerBackend('dynamodb', blobDefinition(dynamoDbDefinition))
