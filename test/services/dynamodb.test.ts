import { afterAll } from 'vitest'
import { CREDENTIALS, configAt, startDynamoDb } from './dynamodb-target.ts'
import { runEngineSuite } from './suite.ts'

// The suite asks for configs before any test runs.
const service = await startDynamoDb()

afterAll(() => service.stop())

runEngineSuite({
  name: 'dynamodb',
  module: 'backends/dynamodb-node.js',
  secrets: [CREDENTIALS.secretAccessKey],
  config: () => ({ ...configAt(service.url) }),
})
