import { afterAll } from 'vitest'
import '../../src/backends/dynamodb.ts'
import { createStore, deleteStore } from '../../src/node.ts'
import { startService } from '../../scripts/services.mjs'
import { runEngineSuite } from './suite.ts'

const service = await startService('dynamodb')
afterAll(() => service.stop())

const config = (): {
  backend: 'dynamodb'
  id: string
  table: string
  region: string
  endpoint: string
  credentials: { accessKeyId: string; secretAccessKey: string }
} => ({
  backend: 'dynamodb',
  id: crypto.randomUUID(),
  table: 'konserve',
  region: 'eu-central-1',
  endpoint: service.url,
  credentials: { accessKeyId: 'TESTKEY', secretAccessKey: 'a secret of the tests' },
})

const first = config()
await createStore(first, { createContainer: true })
await deleteStore(first)

runEngineSuite({
  name: 'dynamodb',
  module: 'backends/dynamodb.js',
  config,
  secrets: ['a secret of the tests'],
})
