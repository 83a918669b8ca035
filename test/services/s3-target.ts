import { type Service, startService } from '../../scripts/services.mjs'
import { S3_CREDENTIALS } from '../../scripts/services/s3.mjs'
import type { BaseConfig } from '../../src/base/backend.ts'
import '../../src/backends/s3-node.ts'
import type { S3Config } from '../../src/backends/s3-node.ts'
import { S3Bucket, checksumHeader } from '../../src/backends/s3-bucket.ts'

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

/** Let pages of any origin use the bucket of the server, and see these headers of its answers. */
export async function allowPages(endpoint: string, exposed: readonly string[]): Promise<void> {
  const fields = {
    AllowedOrigin: ['*'],
    AllowedMethod: ['GET', 'PUT', 'POST', 'DELETE'],
    AllowedHeader: ['*'],
    ExposeHeader: exposed,
    MaxAgeSeconds: ['3000'],
  }
  const rule = Object.entries(fields).flatMap(([name, values]) => values.map((value) => `<${name}>${value}</${name}>`))
  const xml = `<CORSConfiguration><CORSRule>${rule.join('')}</CORSRule></CORSConfiguration>`
  const body = new TextEncoder().encode(xml)
  await bucketAt(endpoint).fetch({ method: 'PUT', query: { cors: '' }, headers: checksumHeader(body), body }, {})
}
