import type {
  Blob,
  BlobBackend,
  BlobCapabilities,
  BlobOp,
  BlobWrite,
  ByteRange,
  Call,
  Condition,
  ListOptions,
  NamesPage,
} from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { type KonserveError, StorageUnavailableError } from '../base/errors.ts'
import { conflict } from '../engine/condition.ts'
import { mapAtOnce } from './at-once.ts'
import { MOST_KEYS, type S3Bucket, checksumHeader } from './s3-bucket.ts'
import {
  HISTORY_HEADER,
  type State,
  extended,
  isComplete,
  newWriteId,
  stateOf,
  stateOfVersion,
  versionOf,
  writesSince,
} from './s3-history.ts'
import { S3Listing } from './s3-listing.ts'
import { PART_SIZE, type Put, putInParts } from './s3-multipart.ts'

export const s3Capabilities: BlobCapabilities = {
  sync: false,
  atomicUpdate: 'everywhere',
  atomicBatch: 0,
  persistent: true,
  lock: 'process',
  watch: 'process',
  compareAndSet: true,
}

const CALLS_AT_ONCE = 16
/** What S3 answers when a condition does not hold. */
const REFUSED = ['PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey', 'NoSuchUpload']
/** Enough to be answered where an object is only asked for its state. */
const FIRST_BYTE: ByteRange = { start: 0, end: 1 }

interface Found {
  readonly state: State
  readonly bytes: Uint8Array
}

/** Blobs as the objects behind `folder` of a bucket. */
export class S3Blobs implements BlobBackend {
  readonly capabilities: BlobCapabilities = s3Capabilities
  readonly #bucket: S3Bucket
  readonly #folder: string
  readonly #listing: S3Listing

  constructor(bucket: S3Bucket, folder: string) {
    this.#bucket = bucket
    this.#folder = folder
    this.#listing = new S3Listing(bucket, folder)
  }

  async get(name: Name, { range }: { readonly range?: ByteRange | undefined }, call: Call): Promise<Blob | undefined> {
    const found = await this.#find(name, range, call)
    return found && { bytes: found.bytes, version: versionOf(found.state) }
  }

  getMany(names: readonly Name[], call: Call): Promise<(Blob | undefined)[]> {
    return mapAtOnce(CALLS_AT_ONCE, names, (name) => this.get(name, {}, call))
  }

  put(name: Name, bytes: Uint8Array, { ifVersion }: BlobWrite, call: Call): Promise<Version> {
    const base = typeof ifVersion === 'string' ? stateOfVersion(ifVersion) : ifVersion
    return this.#write(name, bytes, base, call)
  }

  async delete(name: Name, { ifVersion }: Condition, call: Call): Promise<boolean> {
    if (ifVersion === null) {
      if (await this.#find(name, FIRST_BYTE, call)) throw conflict(name)
      return false
    }
    const base = ifVersion === undefined ? undefined : stateOfVersion(ifVersion)
    const request = { method: 'DELETE', key: this.#folder + name, headers: conditionOf(base), expects: REFUSED }
    const { fault, unconfirmed } = await this.#bucket.fetch(request, call)
    // S3 does not say whether there was anything, and after a lost answer nobody knows who has deleted it.
    if (!fault || !base || (unconfirmed && fault.code === 'NoSuchKey')) return true
    const { state } = (await this.#find(name, FIRST_BYTE, call)) ?? {}
    throw refused(name, base, state, unconfirmed)
  }

  list(options: ListOptions, call: Call): Promise<NamesPage> {
    return this.#listing.list(options, call)
  }

  async writeMany(ops: readonly BlobOp[], call: Call): Promise<void> {
    const deleted: string[] = []
    const others: BlobOp[] = []
    for (const op of ops) {
      if ('delete' in op && op.ifVersion === undefined) deleted.push(this.#folder + op.delete)
      else others.push(op)
    }
    await mapAtOnce(CALLS_AT_ONCE, others, (op): Promise<unknown> =>
      'put' in op ? this.put(...op.put, op, call) : this.delete(op.delete, op, call),
    )
    for (let i = 0; i < deleted.length; i += MOST_KEYS) {
      await this.#bucket.deleteMany(deleted.slice(i, i + MOST_KEYS), call)
    }
  }

  close(): void {
    // There is no connection of its own.
  }

  async #find(name: Name, range: ByteRange | undefined, call: Call): Promise<Found | undefined> {
    const response = await this.#bucket.fetch(
      {
        method: 'GET',
        key: this.#folder + name,
        ...(range && { headers: { range: `bytes=${range.start}-${range.end - 1}` } }),
        expects: ['NoSuchKey', 'InvalidRange'],
      },
      call,
    )
    if (response.fault?.code === 'NoSuchKey') return undefined
    // The blob ends before the range begins.
    if (response.fault) {
      const whole = await this.#find(name, FIRST_BYTE, call)
      return whole && { ...whole, bytes: new Uint8Array(0) }
    }
    return {
      state: stateOf(known(response.headers.get('etag')), response.headers.get(HISTORY_HEADER)),
      bytes: response.body,
    }
  }

  /** Put an object in the place of `base`: a state, nothing (`null`), or whatever is there. */
  async #write(name: Name, bytes: Uint8Array, base: State | null | undefined, call: Call): Promise<Version> {
    const id = newWriteId()
    const history = extended(id, base)
    const put = await this.#send(this.#folder + name, bytes, { [HISTORY_HEADER]: history }, conditionOf(base), call)
    if (!put.fault) return versionOf({ etag: known(put.etag), history })
    const { state } = (await this.#find(name, FIRST_BYTE, call)) ?? {}
    const since = state ? writesSince(id, state.history) : -1
    if (since === 0) return versionOf(state!)
    // It was done, and others have written since: no condition will ever be met by this version.
    if (since > 0) return versionOf({ etag: '"replaced"', history })
    throw base === undefined ? this.#bucket.unexpected(put) : refused(name, base, state, put.unconfirmed)
  }

  async #send(
    key: string,
    body: Uint8Array,
    metadata: Readonly<Record<string, string>>,
    condition: Readonly<Record<string, string>>,
    call: Call,
  ): Promise<Put> {
    const expects = Object.keys(condition).length > 0 ? REFUSED : []
    if (body.length > PART_SIZE) return putInParts(this.#bucket, key, body, { metadata, condition, expects }, call)
    const headers = { ...metadata, ...condition, ...checksumHeader(body) }
    const response = await this.#bucket.fetch({ method: 'PUT', key, headers, body, expects }, call)
    return { ...response, etag: response.headers.get('etag') }
  }
}

function conditionOf(base: State | null | undefined): Readonly<Record<string, string>> {
  if (base === undefined) return {}
  return base ? { 'if-match': base.etag } : { 'if-none-match': '*' }
}

/** The error of a write on `base` that is not in the history of what was `found`. */
function refused(name: Name, base: State | null, found: State | undefined, unconfirmed: boolean): KonserveError {
  return unconfirmed && !isComplete(found?.history ?? '', base) ? unknown(name) : conflict(name)
}

function known(etag: string | null): string {
  if (etag) return etag
  throw new StorageUnavailableError(
    `An answer of S3 has no ETag. In a page, let the bucket's CORS rules expose ETag and ${HISTORY_HEADER}.`,
  )
}

function unknown(name: Name): StorageUnavailableError {
  return new StorageUnavailableError(
    `The answer to a write of ${name} was lost, and somebody else has set or deleted the entry since: whether the write ` +
      'was done is not known. Read what is there before you do it again.',
  )
}
