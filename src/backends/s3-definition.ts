import type { BaseConfig, Call } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type Check, fields, oneOf, optional } from '../base/schema.ts'
import type { ContainerState } from '../engine/blob-definition.ts'
import { type AwsConfig, awsFields, awsSecrets } from './aws-config.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { S3Blobs, s3Capabilities } from './s3-blobs.ts'
import { S3Bucket, bucketUrl } from './s3-bucket.ts'
import type { RemoteDefinition } from './sync-calls.ts'

/** A bucket, and how to reach it. */
export interface S3BucketConfig extends AwsConfig {
  readonly bucket: string
  /**
   * Where the bucket's name stands in a URL. Default `path` with an `endpoint`, `virtual-host` at AWS, where a bucket
   * with a dot in its name is `path`, too.
   */
  readonly style?: 'path' | 'virtual-host' | undefined
}

export interface S3Config extends BlobOptions, S3BucketConfig {
  /** What the keys of the store's objects start with, and those of nothing else; a slash follows. Default the id. */
  readonly prefix?: string | undefined
}

const bucketName: Check = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/.test(value)
    ? undefined
    : 'the name of a bucket: 3 to 63 letters, digits, dots and hyphens'

/** Bytes of a prefix: with a slash and a name it fits into the 1,024 of a key. */
const MOST_PREFIX = 700

export const prefixText: Check = (value) => {
  const isRight =
    typeof value === 'string' &&
    new TextEncoder().encode(value).length <= MOST_PREFIX &&
    value.split('/').every((segment) => !/^\.{0,2}$|\p{C}/u.test(segment))
  return isRight
    ? undefined
    : `up to ${MOST_PREFIX} bytes of text, without a slash at its ends, an empty segment, . or ..`
}

/** The checks of what says which bucket. */
export const bucketFields: Readonly<Record<keyof S3BucketConfig, Check>> = {
  ...awsFields,
  bucket: bucketName,
  style: optional(oneOf('path', 'virtual-host')),
}

/** Without calls that answer at once, which only Node has. */
export const s3Definition: RemoteDefinition<BaseConfig & S3Config> = {
  schema: fields({ ...bucketFields, prefix: optional(prefixText), ...blobOptions }),
  secrets: awsSecrets,
  capabilities: s3Capabilities,
  methods: ['getMany', 'writeMany'],
  locate: (config) => `${bucketUrl(config)}/${folderOf(config)}`,
  container: (config, context) => look(bucketOf(config), folderOf(config), context),
  async open(config, context) {
    const bucket = bucketOf(config)
    if (context.createContainer) await bucket.create(context)
    return new S3Blobs(bucket, folderOf(config))
  },
  // There is no place but its objects.
  remove: () => undefined,
}

/** By config: who looks and who opens share the credentials that were asked for, and what is known of the clock. */
const buckets = new WeakMap<BaseConfig & S3Config, S3Bucket>()

function bucketOf(config: BaseConfig & S3Config): S3Bucket {
  const bucket = buckets.get(config) ?? new S3Bucket(config)
  buckets.set(config, bucket)
  return bucket
}

function folderOf({ prefix, id }: BaseConfig & S3Config): string {
  return `${prefix ?? id}/`
}

async function look(bucket: S3Bucket, folder: string, call: Call): Promise<ContainerState> {
  const descriptor = folder + DESCRIPTOR_NAME
  const first = await bucket.list({ prefix: descriptor, limit: 1 }, call, { expects: ['NoSuchBucket'] })
  if (first === undefined) return 'absent'
  if (first.keys[0] === descriptor) return 'store'
  const any = await bucket.list({ prefix: folder, limit: 1 }, call)
  return any!.keys.length === 0 ? 'empty' : 'foreign'
}
