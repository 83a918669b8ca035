import type { Call } from '../base/backend.ts'
import type { AwsResponse } from './aws-client.ts'
import { mapAtOnce } from './at-once.ts'
import { crc32cBase64 } from './crc32c.ts'
import { type S3Bucket, checksumHeader } from './s3-bucket.ts'
import { escapeXml, textOf } from './s3-xml.ts'

/** Bytes of a part, and of the largest object that goes in one piece. S3 wants 5 MiB at least. */
export const PART_SIZE: number = 8 * 1024 * 1024
const PARTS_AT_ONCE = 4

/** Put a large object in parts, each with its checksum. The answer is that of the last request, which has the condition. */
export async function putInParts(
  bucket: S3Bucket,
  key: string,
  bytes: Uint8Array,
  { metadata, condition, expects }: PartsOptions,
  call: Pick<Call, 'signal'>,
): Promise<Put> {
  const headers = { ...metadata, 'x-amz-checksum-algorithm': 'CRC32C' }
  const started = await bucket.fetch({ method: 'POST', key, query: { uploads: '' }, headers }, call)
  const uploadId = textOf(bucket.xml(started, 'InitiateMultipartUploadResult'), 'UploadId')
  try {
    const parts = Array.from({ length: Math.ceil(bytes.length / PART_SIZE) }, (_, i) =>
      bytes.subarray(i * PART_SIZE, (i + 1) * PART_SIZE),
    )
    const listed = await mapAtOnce(PARTS_AT_ONCE, parts, async (body, i) => {
      const query = { partNumber: i + 1, uploadId }
      const { headers } = await bucket.fetch({ method: 'PUT', key, query, headers: checksumHeader(body), body }, call)
      const etag = `<ETag>${escapeXml(headers.get('etag') ?? '')}</ETag>`
      return `<Part><PartNumber>${i + 1}</PartNumber>${etag}<ChecksumCRC32C>${crc32cBase64(body)}</ChecksumCRC32C></Part>`
    })
    const body = `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${listed.join('')}</CompleteMultipartUpload>`
    const done = await bucket.fetch(
      // An upload that was completed, without our hearing of it, is not there any more.
      { method: 'POST', key, query: { uploadId }, headers: condition, body, expects: [...expects, 'NoSuchUpload'] },
      call,
    )
    if (done.fault) await abort()
    return done.fault
      ? { ...done, etag: null }
      : { ...done, etag: textOf(bucket.xml(done, 'CompleteMultipartUploadResult'), 'ETag') ?? null }
  } catch (error) {
    await abort().catch(() => undefined)
    throw error
  }

  /** Parts of uploads that are not ended cost what they take. */
  async function abort(): Promise<void> {
    await bucket.fetch({ method: 'DELETE', key, query: { uploadId }, expects: ['NoSuchUpload'] }, {})
  }
}

/** What a write of an object ended with. */
export interface Put extends Pick<AwsResponse, 'status' | 'fault' | 'unconfirmed'> {
  readonly etag: string | null
}

export interface PartsOptions {
  readonly metadata: Readonly<Record<string, string>>
  readonly condition: Readonly<Record<string, string>>
  readonly expects: readonly string[]
}
