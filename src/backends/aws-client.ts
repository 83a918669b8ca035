import type { AwsV4Signer } from 'aws4fetch'
import type { Call } from '../base/backend.ts'
import { type KonserveError, LimitExceededError, StorageUnavailableError } from '../base/errors.ts'
import { jitter } from '../base/jitter.ts'
import type { AwsConfig } from './aws-config.ts'
import { Credentials } from './aws-credentials.ts'
import { missingDriver } from './missing-driver.ts'
import {
  type AwsFault,
  type AwsService,
  faultOf,
  isExpired,
  isFinal,
  isPassing,
  isUnsent,
  refusal,
  skewOf,
  unavailable,
  unreachable,
} from './aws-errors.ts'

export interface AwsRequest {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly body?: Uint8Array | string | undefined
  /** It changes nothing, whatever its method. */
  readonly readOnly?: boolean | undefined
}

export interface AwsResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  /** Of an answer that is no success. */
  readonly fault: AwsFault | undefined
  /**
   * The service may have done this very request already, in an attempt whose answer was lost: what it says of a
   * condition may be our own doing. (Browsers and proxies may send a request again without telling.)
   */
  readonly unconfirmed: boolean
}

/** Milliseconds. */
const DEFAULT_TIMEOUT = 30_000
/** Milliseconds in which an answer may well not come. */
const BRIEF = 100
const FIRST_DELAY = 50
const LONGEST_DELAY = 5000
/** Bytes of an answer: more than any entry may have. */
const MOST_BYTES = 1024 * 1024 * 1024

/**
 * Requests to a service of AWS, or to one that speaks its protocol: signed, in the service's time, and done again as
 * long as that can help.
 */
export class AwsClient {
  readonly #service: AwsService
  readonly #region: string
  readonly #timeout: number
  readonly #credentials: Credentials
  /** Keys that signatures are made with, by day. */
  readonly #signingKeys = new Map<string, ArrayBuffer>()
  /** Milliseconds that the service's clock is ahead. */
  #skew = 0

  constructor(service: AwsService, config: AwsConfig) {
    this.#service = service
    this.#region = config.region
    this.#timeout = config.timeout ?? DEFAULT_TIMEOUT
    this.#credentials = new Credentials(config)
  }

  /**
   * What the service answers: a success, or a refusal that is about what was asked (no such key, a condition). All
   * else throws: credentials that it does not take, no answer in time. STORAGE_UNAVAILABLE, INVALID_CONFIG, MISSING_DRIVER.
   */
  async fetch(request: AwsRequest, { signal }: Pick<Call, 'signal'>): Promise<AwsResponse> {
    // The clock of the day may be set meanwhile.
    const until = performance.now() + this.#timeout
    let unconfirmed = false
    let renewed = false
    let corrected = false
    /** Of the last attempt that had time for an answer. */
    let told: KonserveError | undefined
    for (let attempt = 0; ; attempt++) {
      signal?.throwIfAborted()
      const credentials = await this.#credentials.get(Date.now() + this.#skew)
      let error: KonserveError
      let left = 0
      try {
        const signed = await this.#sign(request, credentials)
        left = (until - performance.now()) / 2
        // Half of what is left: an attempt that gets no answer at all leaves time for another one.
        const { status, headers, body } = await send(signed, left, signal)
        if (status >= 200 && status < 300) return { status, headers, body, fault: undefined, unconfirmed }
        const text = new TextDecoder().decode(body)
        const fault = faultOf(status, headers, text)
        const skew = skewOf(fault, headers, text)
        if (skew !== undefined && !corrected) {
          corrected = true
          this.#skew = skew
          continue
        }
        if (isExpired(fault) && !renewed && this.#credentials.expire(credentials)) {
          renewed = true
          continue
        }
        if (!isPassing(status, fault)) {
          const refused = refusal(this.#service, status, fault, headers)
          if (refused) throw refused
          return { status, headers, body, fault, unconfirmed }
        }
        unconfirmed ||= status >= 500
        error = told = unavailable(
          this.#service,
          fault,
          'It was asked again until the time was over. Try later, or raise `timeout`.',
        )
      } catch (cause) {
        signal?.throwIfAborted()
        if (!(cause instanceof NoAnswer)) throw cause
        const lost = unreachable(this.#service, request.url, cause.cause)
        if (isFinal(cause.cause)) throw lost
        if (left >= BRIEF) told = lost
        // If there was hardly time for an answer, what was said before tells more.
        error = told ?? lost
        unconfirmed ||= !isUnsent(cause.cause)
      }
      const wait = jitter(attempt, FIRST_DELAY, LONGEST_DELAY)
      if (performance.now() + wait >= until) throw unconfirmed ? perhapsDone(request, error) : error
      await delay(wait, signal)
    }
  }

  /** The error of an answer that whoever asked did not expect. */
  unexpected({ status, fault }: Pick<AwsResponse, 'status' | 'fault'>, remedy?: string): KonserveError {
    const said = fault ?? { code: String(status), message: 'an answer of another form', requestId: undefined }
    return unavailable(this.#service, said, remedy)
  }

  async #sign(
    { method, url, headers, body }: AwsRequest,
    { accessKeyId, secretAccessKey, sessionToken }: Awaited<ReturnType<Credentials['get']>>,
  ): Promise<Signed> {
    Signer ??= await loadSigner()
    if (this.#signingKeys.size > MOST_KEYS) this.#signingKeys.clear()
    const signer = new Signer({
      method,
      url,
      ...(headers && { headers: { ...headers } }),
      ...(body !== undefined && { body: body as BodyInit }),
      accessKeyId,
      secretAccessKey,
      ...(sessionToken && { sessionToken }),
      service: this.#service,
      region: this.#region,
      cache: this.#signingKeys,
      datetime: new Date(Date.now() + this.#skew).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    })
    return signer.sign()
  }
}

/** Days, or credentials, whose signing keys are kept. */
const MOST_KEYS = 16

interface Signed {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly body?: BodyInit | null
}

type Answer = Pick<AwsResponse, 'status' | 'headers' | 'body'>

/** There was none, or not a whole one; `cause` is why. */
class NoAnswer extends Error {}

async function send({ url, ...init }: Signed, timeout: number, outer: AbortSignal | undefined): Promise<Answer> {
  const late = new AbortController()
  const abort = (): void => late.abort(outer?.reason)
  outer?.addEventListener('abort', abort)
  const timer = setTimeout(() => late.abort(new Error(`no answer in ${Math.round(timeout)} ms`)), timeout)
  try {
    const response = await fetch(url, { ...init, ...FETCH, signal: late.signal } as RequestInit)
    return { status: response.status, headers: response.headers, body: await readBody(response) }
  } catch (cause) {
    if (cause instanceof LimitExceededError) throw cause
    throw new NoAnswer('', { cause })
  } finally {
    clearTimeout(timer)
    outer?.removeEventListener('abort', abort)
  }
}

const FETCH = {
  // A signature is for one address.
  redirect: 'manual',
  // Browsers would answer from what they have read before; platforms without a cache refuse the field.
  ...('cache' in Request.prototype && { cache: 'no-store' }),
}

async function readBody(response: Response): Promise<Uint8Array> {
  const size = Number(response.headers.get('content-length'))
  if (size <= MOST_BYTES) return new Uint8Array(await response.arrayBuffer())
  void response.body?.cancel()
  throw new LimitExceededError(`An answer has ${size} bytes. The most are ${MOST_BYTES}.`)
}

function perhapsDone({ method, readOnly }: AwsRequest, error: KonserveError): KonserveError {
  if (readOnly || method === 'GET' || method === 'HEAD') return error
  const message = `${error.message} Whether the write was done is not known: read what is there before you do it again.`
  return new StorageUnavailableError(message, { cause: error.cause })
}

/** Loaded once: each `import()` takes its time, of a module that is there as well. */
let Signer: typeof AwsV4Signer | undefined

async function loadSigner(): Promise<typeof AwsV4Signer> {
  try {
    const { AwsV4Signer } = await import('aws4fetch')
    return AwsV4Signer
  } catch (cause) {
    throw missingDriver('aws4fetch', cause)
  }
}

function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}
