import { type Check, count, object, optional } from '../base/schema.ts'

/** Keys of AWS, or of a service that speaks its protocol. */
export interface AwsCredentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of temporary credentials. */
  readonly sessionToken?: string | undefined
  /** When they end: a function that gives credentials is asked for new ones before. */
  readonly expiration?: Date | undefined
}

/** Credentials, or what gives them: asked at the first request, before they expire, and once after a refusal as expired. */
export type AwsCredentialsSource = AwsCredentials | (() => AwsCredentials | Promise<AwsCredentials>)

/** How a service of AWS is reached. */
export interface AwsConfig {
  readonly region: string
  /** The URL of a service other than AWS itself. */
  readonly endpoint?: string | undefined
  /** Default in Node: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment. */
  readonly credentials?: AwsCredentialsSource | undefined
  /** Milliseconds that one request may take with all its retries. Default 30,000. */
  readonly timeout?: number | undefined
}

const secret = shownNever(
  (value) => typeof value === 'string' && value !== '' && !/[^\x20-\x7e]/.test(value),
  'a string of printable ASCII',
)
const date: Check = (value) =>
  value instanceof Date && !Number.isNaN(value.getTime()) ? undefined : 'a Date that is valid'
const keys = object({
  accessKeyId: secret,
  secretAccessKey: secret,
  sessionToken: optional(secret),
  expiration: optional(date),
})
const isObject = shownNever((value) => typeof value === 'object' && value !== null, 'an object or a function')

/** What credentials have to be, wherever they come from. */
export const credentialsCheck: Check = (value) => isObject(value) ?? keys(value)

/** The checks of these fields, to be spread into a backend's own. They show nothing that may be a secret. */
export const awsFields: Readonly<Record<keyof AwsConfig, Check>> = {
  region: (value) =>
    typeof value === 'string' && /^[a-z0-9-]+$/.test(value) ? undefined : 'the name of a region, as us-east-1',
  endpoint: optional(
    shownNever(isEndpoint, 'a URL with http: or https: and nothing behind its path, nor a user in it'),
  ),
  credentials: optional((value) => (typeof value === 'function' ? undefined : credentialsCheck(value))),
  timeout: optional(count),
}

/** The fields that are never shown. */
export const awsSecrets: readonly string[] = ['credentials']

/** The address of a service in a region of AWS. */
export function awsEndpoint(service: string, region: string): string {
  return `https://${service}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function isEndpoint(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, username, password, search, hash } = new URL(value)
  return /^https?:$/.test(protocol) && username + password + search + hash === ''
}

function shownNever(isRight: (value: unknown) => boolean, expected: string): Check {
  return (value) => (isRight(value) ? undefined : [{ message: `expected ${expected}` }])
}
