import { afterAll } from 'vitest'
import { S3_CREDENTIALS } from '../../scripts/services/s3.mjs'
import { configAt, startS3 } from './s3-target.ts'
import { runEngineSuite } from './suite.ts'

// The suite asks for configs before any test runs.
const service = await startS3()

afterAll(() => service.stop())

runEngineSuite({
  name: 's3',
  module: 'backends/s3-node.js',
  addressable: true,
  secrets: [S3_CREDENTIALS.secretAccessKey],
  config: () => ({ ...configAt(service.url, { prefix: `suite/${crypto.randomUUID()}` }) }),
})
