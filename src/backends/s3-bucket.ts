import type { Call } from '../base/backend.ts'
import { type KonserveError, QuotaExceededError } from '../base/errors.ts'
import { AwsClient, type AwsResponse } from './aws-client.ts'
import { type AwsConfig, awsEndpoint } from './aws-config.ts'
import { faultOf } from './aws-errors.ts'
import { crc32cBase64 } from './crc32c.ts'
import { elementsOf, escapeXml, rootOf, textOf } from './s3-xml.ts'

export interface S3Place extends AwsConfig {
  readonly bucket: string
  readonly style?: 'path' | 'virtual-host' | undefined
}

export interface S3Request {
  readonly method: string
  readonly key?: string | undefined
  readonly query?: Readonly<Record<string, string | number | undefined>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | string | undefined
  /** Codes of refusals that whoever asks deals with. */
  readonly expects?: readonly string[] | undefined
}

export interface KeysQuery {
  readonly prefix?: string | undefined
  readonly startAfter?: string | undefined
  readonly limit?: number | undefined
  /** Keys with one behind the prefix are not listed, but what they start with up to there. */
  readonly delimiter?: '/' | undefined
  /** The `next` of the page before. */
  readonly from?: string | undefined
}

/** A page of the keys of a bucket, in the order of their bytes. */
export interface KeysPage {
  readonly keys: readonly string[]
  /** With a delimiter: what the keys start with that go on behind it. */
  readonly prefixes: readonly string[]
  /** What the next page is asked for with, if there is one. */
  readonly next: string | undefined
}

/** Keys that one request lists, or deletes. */
export const MOST_KEYS = 1000

/** A bucket, by S3's requests. */
export class S3Bucket {
  readonly #place: S3Place
  readonly #client: AwsClient
  readonly #url: string

  constructor(place: S3Place) {
    this.#place = place
    this.#client = new AwsClient('s3', place)
    this.#url = bucketUrl(place)
  }

  /** The answer, or a refusal that the request `expects`. */
  async fetch(
    { method, key, query = {}, headers, body, expects = [] }: S3Request,
    call: Pick<Call, 'signal'>,
  ): Promise<AwsResponse> {
    const path = key === undefined ? '' : `/${key.split('/').map(encoded).join('/')}`
    const fields = Object.entries(query).filter(([, value]) => value !== undefined)
    const search = fields.map(([name, value]) => `${name}=${encoded(String(value))}`).join('&')
    const url = `${this.#url}${path || '/'}${search && `?${search}`}`
    const response = await this.#client.fetch({ method, url, headers, body }, call)
    if (response.fault && !expects.includes(response.fault.code)) throw this.#failure(response)
    return response
  }

  /** The error of an answer that is of another form than it must be. */
  unexpected(response: Pick<AwsResponse, 'status' | 'fault'>, remedy?: string): KonserveError {
    return this.#client.unexpected(response, remedy)
  }

  /** @throws STORAGE_UNAVAILABLE if the bucket is missing, unless `NoSuchBucket` is expected: then it is `undefined`. */
  async list(
    query: KeysQuery,
    call: Pick<Call, 'signal'>,
    { expects }: Pick<S3Request, 'expects'> = {},
  ): Promise<KeysPage | undefined> {
    const { prefix, startAfter, limit = MOST_KEYS, delimiter, from } = query
    const fields = {
      'list-type': 2,
      prefix,
      delimiter,
      'start-after': startAfter,
      'continuation-token': from,
      'max-keys': Math.min(limit, MOST_KEYS),
    }
    const response = await this.fetch({ method: 'GET', query: fields, expects }, call)
    if (response.fault) return undefined
    const root = this.xml(response, 'ListBucketResult')
    return {
      keys: elementsOf(root, 'Contents').map((each) => textOf(each, 'Key') ?? ''),
      prefixes: elementsOf(root, 'CommonPrefixes').map((each) => textOf(each, 'Prefix') ?? ''),
      next: textOf(root, 'IsTruncated') === 'true' ? textOf(root, 'NextContinuationToken') : undefined,
    }
  }

  /** Delete up to a thousand objects; those that are not there are no error. */
  async deleteMany(keys: readonly string[], call: Pick<Call, 'signal'>): Promise<void> {
    const objects = keys.map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`).join('')
    const body = new TextEncoder().encode(`<Delete><Quiet>true</Quiet>${objects}</Delete>`)
    const headers = checksumHeader(body)
    const response = await this.fetch({ method: 'POST', query: { delete: '' }, headers, body }, call)
    const failed = elementsOf(this.xml(response, 'DeleteResult'), 'Error')
    const first = failed.find((each) => textOf(each, 'Code') !== 'NoSuchKey')
    if (first) throw this.#failure({ ...response, fault: faultOf(response.status, response.headers, first) })
  }

  /** Make the bucket where it is missing. */
  async create(call: Pick<Call, 'signal'>): Promise<void> {
    const { region } = this.#place
    if (await this.list({ limit: 1 }, call, { expects: ['NoSuchBucket'] })) return
    const location = `<LocationConstraint>${region}</LocationConstraint>`
    const body = `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${location}</CreateBucketConfiguration>`
    // The region that needs no naming may not be named.
    await this.fetch(
      { method: 'PUT', ...(region !== 'us-east-1' && { body }), expects: ['BucketAlreadyOwnedByYou'] },
      call,
    )
  }

  /** What is in the root of an answer in XML, which has that name. */
  xml(response: AwsResponse, name: string): string {
    const { status, headers, body } = response
    const document = new TextDecoder().decode(body)
    const root = rootOf(document, name)
    if (root !== undefined) return root
    // S3 may find out that it fails when it has begun to answer.
    throw this.#failure({ status, fault: faultOf(status, headers, document) })
  }

  #failure(response: Pick<AwsResponse, 'status' | 'fault'>): KonserveError {
    const { bucket } = this.#place
    switch (response.fault?.code) {
      case 'NoSuchBucket':
        return this.unexpected(
          response,
          `There is no bucket ${bucket}. Make it: createStore(config, { createContainer: true }), or check \`bucket\` and \`region\`.`,
        )
      case 'QuotaExceeded':
      case 'XMinioStorageFull':
      case 'InsufficientCapacity':
        return new QuotaExceededError(`The bucket ${bucket} is full. Free space, and do it again.`, {
          cause: this.unexpected(response),
        })
      default:
        return this.unexpected(response)
    }
  }
}

/** The header by which S3 checks what it got. */
export function checksumHeader(body: Uint8Array): Readonly<Record<string, string>> {
  return { 'x-amz-checksum-crc32c': crc32cBase64(body) }
}

/** The address of a bucket, without a slash at its end. */
export function bucketUrl({ bucket, region, endpoint, style }: S3Place): string {
  const base = new URL(endpoint ?? awsEndpoint('s3', region))
  // The certificate of a virtual host does not cover names with dots.
  const isPath = style ? style === 'path' : endpoint !== undefined || bucket.includes('.')
  if (!isPath) base.hostname = `${bucket}.${base.hostname}`
  return base.href.replace(/\/+$/, '') + (isPath ? `/${bucket}` : '')
}

/** As signatures want it: all but letters, digits and -._~ */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`)
}
