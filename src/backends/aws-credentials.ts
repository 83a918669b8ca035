import { InvalidConfigError, StorageUnavailableError } from '../base/errors.ts'
import { issuesOf } from '../base/schema.ts'
import { refuse } from '../engine/config.ts'
import { type AwsConfig, type AwsCredentials, credentialsCheck } from './aws-config.ts'

/** Milliseconds before they expire from which on credentials are not used any more. */
const MARGIN = 60_000

/** The credentials of one client, asked for when they are needed, and by all who wait for them at once. */
export class Credentials {
  readonly #source: AwsConfig['credentials']
  #found: AwsCredentials | undefined
  #asking: Promise<AwsCredentials> | undefined

  constructor({ credentials }: Pick<AwsConfig, 'credentials'>) {
    this.#source = credentials
  }

  /** Those that are good at `now`, in the service's time. */
  async get(now: number): Promise<AwsCredentials> {
    const { expiration } = this.#found ?? {}
    const isGood = !expiration || !this.#mayChange || expiration.getTime() - MARGIN > now
    if (this.#found && isGood) return this.#found
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined))
    return (this.#found = await this.#asking)
  }

  /** The service does not take `refused` any more. Answers whether there may be others. */
  expire(refused: AwsCredentials): boolean {
    if (this.#mayChange && this.#found === refused) this.#found = undefined
    return this.#mayChange
  }

  get #mayChange(): boolean {
    return typeof this.#source === 'function'
  }

  async #ask(): Promise<AwsCredentials> {
    if (typeof this.#source !== 'function') return this.#source ?? ofNode()
    let given: AwsCredentials
    try {
      given = await this.#source()
    } catch (cause) {
      const message = 'The function in `credentials` failed, so that no request can be signed.'
      throw new StorageUnavailableError(message, { cause })
    }
    return checked(given)
  }
}

/** What a function has given, without what else there may be: those of the AWS SDK tell more. */
function checked(given: AwsCredentials): AwsCredentials {
  const { accessKeyId, secretAccessKey, sessionToken, expiration } = { ...given }
  const credentials = { accessKeyId, secretAccessKey, sessionToken, expiration }
  refuse(issuesOf(credentialsCheck, credentials, 'credentials()'))
  return credentials
}

function ofNode(): AwsCredentials {
  // A platform without an environment has no `process`, or one without it.
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = globalThis.process?.env ?? {}
  if (AWS_ACCESS_KEY_ID && AWS_SECRET_ACCESS_KEY) {
    return {
      accessKeyId: AWS_ACCESS_KEY_ID,
      secretAccessKey: AWS_SECRET_ACCESS_KEY,
      sessionToken: AWS_SESSION_TOKEN || undefined,
    }
  }
  const message =
    'give { accessKeyId, secretAccessKey, sessionToken? } or a function that answers with them; ' +
    'in Node the environment variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY do as well'
  throw new InvalidConfigError([{ path: 'credentials', message }])
}
