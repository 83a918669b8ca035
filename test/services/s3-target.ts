import { type Service, startService } from '../../scripts/services.mjs'
import { S3_CREDENTIALS } from '../../scripts/services/s3.mjs'
import type { BaseConfig } from '../../src/base/backend.ts'
import '../../src/backends/s3-node.ts'
import type { S3Config } from '../../src/backends/s3-node.ts'
import { S3Bucket } from '../../src/backends/s3-bucket.ts'

export const BUCKET = 'stores'

export type Config = BaseConfig & S3Config & { readonly backend: 's3' }

/** A server with a bucket. */
export async function startS3(args: readonly string[] = []): Promise<Service> {
  const service = await startService('s3', { args })
  await bucketAt(service.url).create({})
  return service
}

export function bucketAt(endpoint: string, bucket: string = BUCKET): S3Bucket {
  return new S3Bucket({ bucket, region: 'us-east-1', endpoint, credentials: S3_CREDENTIALS })
}

/** The config of a store that is not there yet. */
export function configAt(endpoint: string, fields: Partial<S3Config> = {}): Config {
  return {
    backend: 's3',
    id: crypto.randomUUID(),
    bucket: BUCKET,
    region: 'us-east-1',
    endpoint,
    credentials: S3_CREDENTIALS,
    ...fields,
  }
}
