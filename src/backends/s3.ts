import { registerBackend } from '../base/backend.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { issuesOf, object, optional } from '../base/schema.ts'
import { blobDefinition } from '../engine/blob-definition.ts'
import { refuse } from '../engine/config.ts'
import { parseDescriptor } from '../engine/descriptor.ts'
import { mapAtOnce } from './at-once.ts'
import { S3Blobs } from './s3-blobs.ts'
import { S3Bucket } from './s3-bucket.ts'
import { type S3BucketConfig, type S3Config, bucketFields, prefixText, s3Definition } from './s3-definition.ts'

export type { AwsConfig, AwsCredentials, AwsCredentialsSource } from './aws-config.ts'
export type { S3BucketConfig, S3Config } from './s3-definition.ts'

declare module '../base/backend.ts' {
  interface BackendConfigs {
    s3: S3Config
  }
}

registerBackend('s3', blobDefinition(s3Definition))

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
