import { type BaseConfig, type Call, registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type Check, fields, issuesOf, object, oneOf, optional } from '../base/schema.ts'
import { parseDescriptor } from '../engine/descriptor.ts'
import { refuse } from '../engine/config.ts'
import { type ContainerState, blobDefinition } from '../engine/blob-definition.ts'
import { mapAtOnce } from './at-once.ts'
import { type AwsConfig, awsFields, awsSecrets } from './aws-config.ts'
import { type BlobOptions, blobOptions } from './blob-options.ts'
import { S3Blobs, s3Capabilities } from './s3-blobs.ts'
import { S3Bucket, bucketUrl } from './s3-bucket.ts'

export type { AwsConfig, AwsCredentials, AwsCredentialsSource } from './aws-config.ts'

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

declare module '../base/backend.ts' {
  interface BackendConfigs {
    s3: S3Config
  }
}

const bucketName: Check = (value) =>
  typeof value === 'string' && /^[A-Za-z0-9][\w.-]{1,61}[A-Za-z0-9]$/.test(value)
    ? undefined
    : 'the name of a bucket: 3 to 63 letters, digits, dots and hyphens'

/** Bytes of a prefix: with a slash and a name it fits into the 1,024 of a key. */
const MOST_PREFIX = 700

const prefixText: Check = (value) => {
  const isRight =
    typeof value === 'string' &&
    new TextEncoder().encode(value).length <= MOST_PREFIX &&
    value.split('/').every((segment) => !/^\.{0,2}$|\p{C}/u.test(segment))
  return isRight
    ? undefined
    : `up to ${MOST_PREFIX} bytes of text, without a slash at its ends, an empty segment, . or ..`
}

const bucketFields = { ...awsFields, bucket: bucketName, style: optional(oneOf('path', 'virtual-host')) }

registerBackend(
  's3',
  blobDefinition<BaseConfig & S3Config>({
    schema: fields({ ...bucketFields, prefix: optional(prefixText), ...blobOptions }),
    secrets: awsSecrets,
    capabilities: s3Capabilities,
    locate: (config) => `${bucketUrl(config)}/${folderOf(config)}`,
    container: (config, context) => look(bucketOf(config), folderOf(config), context),
    async open(config, context) {
      const bucket = bucketOf(config)
      if (context.createContainer) await bucket.create(context)
      return new S3Blobs(bucket, folderOf(config))
    },
    // There is no place but its objects.
    remove: () => undefined,
  }),
)

/** A store that was found: its id, and the `prefix` of its config. */
export interface ListedStore {
  readonly id: string
  readonly prefix: string
}

export interface ListStoresConfig extends S3BucketConfig {
  /** The stores whose prefix starts so, followed by a slash, and has no further one. Default those without a slash. */
  readonly prefix?: string | undefined
}

/**
 * The stores in a bucket, in the order of their prefixes. What is no store of this version is left out.
 *
 * Errors: `INVALID_CONFIG`, `STORAGE_UNAVAILABLE`, `MISSING_DRIVER`.
 *
 * @example
 * for await (const { id, prefix } of listStores({ bucket: 'stores', region: 'eu-central-1' })) console.log(id, prefix)
 */
export async function* listStores(
  { bucket: name, region, endpoint, style, credentials, timeout, prefix }: ListStoresConfig,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): AsyncGenerator<ListedStore, void, undefined> {
  const config = { bucket: name, region, endpoint, style, credentials, timeout }
  refuse(issuesOf(object({ ...bucketFields, prefix: optional(prefixText) }), { ...config, prefix }))
  const bucket = new S3Bucket(config)
  const call = { sync: false, signal }
  let from: string | undefined
  do {
    const page = await bucket.list({ prefix: prefix && `${prefix}/`, delimiter: '/', from }, call)
    const stores = await mapAtOnce(READS_AT_ONCE, page!.prefixes, async (folder) => {
      const blob = await new S3Blobs(bucket, folder).get(DESCRIPTOR_NAME, {}, call)
      const id = blob && idOf(blob.bytes)
      return id === undefined ? undefined : { id, prefix: folder.slice(0, -1) }
    })
    yield* stores.filter((store) => store !== undefined)
    from = page!.next
  } while (from !== undefined)
}

const READS_AT_ONCE = 16

function idOf(bytes: Uint8Array): string | undefined {
  try {
    return parseDescriptor(bytes).id
  } catch {
    return undefined
  }
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
