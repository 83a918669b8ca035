import { type KonserveError, StorageUnavailableError } from '../base/errors.ts'

export type AwsService = 's3' | 'dynamodb'

/** What a service says of a request that it did not do. */
export interface AwsFault {
  /** The service's own code: NoSuchKey, ConditionalCheckFailedException. Of an answer without a body its status. */
  readonly code: string
  readonly message: string
  readonly requestId: string | undefined
}

const CREDENTIALS = /AccessDenied|AccessKey|Signature|Token|UnrecognizedClient|UserNotFound|AuthorizationHeader|Skewed/
const EXPIRED = /^ExpiredToken|^TokenRefresh/
// Throttled, too slow, or damaged on the way.
const PASSING =
  /Throttl|SlowDown|RequestLimit|ThroughputExceeded|TooManyRequests|^LimitExceeded|InProgress|RequestTimeout$|OperationAborted|BadDigest|ChecksumMismatch/
const SKEWED = /expired|not yet current/
const CERTIFICATE = /CERT|SSL|TLS|EPROTO|UNABLE_TO_/

const LABELS: Readonly<Record<AwsService, string>> = { s3: 'S3', dynamodb: 'DynamoDB' }

/** What an answer that is no success says: XML of S3, JSON of DynamoDB. */
export function faultOf(status: number, headers: Headers, text: string): AwsFault {
  const type = jsonText(text, '__type') ?? headers.get('x-amzn-errortype')?.split(':')[0]
  return {
    code: xmlText(text, 'Code') ?? type?.slice(type.lastIndexOf('#') + 1) ?? String(status),
    message: xmlText(text, 'Message') ?? jsonText(text, 'message') ?? '',
    requestId: headers.get('x-amz-request-id') ?? headers.get('x-amzn-requestid') ?? xmlText(text, 'RequestId'),
  }
}

/** Whether the same request may be done later. */
export function isPassing(status: number, { code }: AwsFault): boolean {
  return (status >= 500 && code !== 'NotImplemented') || status === 429 || PASSING.test(code)
}

export function isExpired({ code }: AwsFault): boolean {
  return EXPIRED.test(code)
}

/** How far the service's clock is ahead of this one's, in milliseconds, if that is why it refused. */
export function skewOf({ code, message }: AwsFault, headers: Headers, text: string): number | undefined {
  const isSkewed = code === 'RequestTimeTooSkewed' || (code.startsWith('InvalidSignature') && SKEWED.test(message))
  // A page sees the header only if the service says that it may.
  const time = headers.get('date') ?? xmlText(text, 'ServerTime') ?? compactTime(message)
  const ahead = Date.parse(time ?? '') - Date.now()
  return isSkewed && !Number.isNaN(ahead) ? ahead : undefined
}

/** What a request ends with that the service refuses for good, whatever was asked. */
export function refusal(
  service: AwsService,
  status: number,
  fault: AwsFault,
  headers: Headers,
): KonserveError | undefined {
  const { code } = fault
  if (CREDENTIALS.test(code) || status === 401 || (status === 403 && !code.includes('Quota'))) {
    // Its message may hold what was signed, a session token for one.
    return unavailable(service, { ...fault, message: '' }, credentialsRemedy(fault))
  }
  // A page is not even told the status.
  if (status === 0 || (status >= 300 && status < 400)) {
    const region = headers.get('x-amz-bucket-region')
    return unavailable(
      service,
      fault,
      `What is asked for is in another region${region ? `, ${region}` : ''}: put it into \`region\`.`,
    )
  }
  return undefined
}

/** The error of an answer that nobody expected. */
export function unavailable(
  service: AwsService,
  { code, message, requestId }: AwsFault,
  remedy: string = '',
): KonserveError {
  const request = requestId ? ` (request ${requestId})` : ''
  const said = message && `: ${message.slice(0, MOST_SAID).replace(/[.\s]+$/, '')}`
  return new StorageUnavailableError(`${LABELS[service]} answers ${code}${request}${said}. ${remedy}`.trimEnd())
}

/** The error of a request that got no answer. */
export function unreachable(service: AwsService, url: string, cause: unknown): KonserveError {
  const { origin } = new URL(url)
  const label = LABELS[service]
  if (isCertificate(cause)) {
    return new StorageUnavailableError(
      `No TLS connection to ${label} at ${origin}: ${codeOf(cause)}. Check that it speaks TLS, and that its certificate ` +
        'is for this name and of an authority that this machine knows (in Node NODE_EXTRA_CA_CERTS adds one).',
      { cause },
    )
  }
  const inPage = cause instanceof TypeError ? ' (in a page also if the service does not allow its origin: CORS)' : ''
  const why = codeOf(cause) ?? `${reasonOf(cause as Error)}${inPage}`
  return new StorageUnavailableError(`${label} at ${origin} cannot be reached: ${why}.`, { cause })
}

/** Another try would end in the same way. */
export function isFinal(cause: unknown): boolean {
  return isCertificate(cause) || codeOf(cause) === 'ENOTFOUND'
}

/** The service cannot have got the request. */
export function isUnsent(cause: unknown): boolean {
  return ['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(codeOf(cause) ?? '')
}

function isCertificate(cause: unknown): boolean {
  return CERTIFICATE.test(codeOf(cause) ?? '')
}

/** The system's code; Node wraps it twice. */
function codeOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: unknown }
  return typeof code === 'string' ? code : cause === undefined ? undefined : codeOf(cause)
}

/** What is said by what lies deepest. */
function reasonOf({ message, cause }: Error): string {
  return cause instanceof Error ? reasonOf(cause) : message
}

function credentialsRemedy({ code }: AwsFault): string {
  if (/Skewed/.test(code)) return 'Set the clock of this machine.'
  if (EXPIRED.test(code)) {
    return 'The credentials have expired: give `credentials` a function that answers with fresh ones.'
  }
  if (/^40|^AccessDenied/.test(code)) return 'Check that the policy of these credentials allows the request.'
  return 'Check `credentials` and `region`.'
}

/** `20260131T101112Z`, the last one. */
function compactTime(message: string): string | undefined {
  const found = [...message.matchAll(/(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/g)].at(-1)
  return found && `${found.slice(1, 4).join('-')}T${found.slice(4).join(':')}Z`
}

function xmlText(text: string, name: string): string | undefined {
  return new RegExp(`<${name}>([^<]*)<`).exec(text)?.[1]
}

function jsonText(text: string, name: string): string | undefined {
  return new RegExp(`"${name}"\\s*:\\s*"((?:[^"\\\\]|\\\\.)*)"`, 'i').exec(text)?.[1]
}

/** Characters of a service's message that are repeated. */
const MOST_SAID = 300
