import type { Call } from '../base/backend.ts'
import { StorageUnavailableError } from '../base/errors.ts'
import { jitter } from '../base/jitter.ts'
import { AwsClient, type AwsResponse } from './aws-client.ts'
import { type AwsConfig, awsEndpoint } from './aws-config.ts'
import type { Attributes, Item } from './dynamodb-item.ts'

export interface DynamoDbPlace extends AwsConfig {
  readonly table: string
}

/** What DynamoDB answers to a request, or to a part of it, that a condition has stopped. */
export interface Refused {
  /** What is there instead; undefined if there is nothing. */
  readonly found: Item | undefined
  /** Whether the same request may have been applied before. */
  readonly unconfirmed: boolean
}

/** One of the actions of a transaction that was refused; those without a reason were not the cause. */
export type Reasons = readonly (Refused | undefined)[]

/** How often a request is sent again that waits for somebody else's transaction, or was answered in part. */
const MOST_ATTEMPTS = 32
/** Milliseconds. */
const FIRST_DELAY = 10
const LONGEST_DELAY = 2000

/** Requests to one table. STORAGE_UNAVAILABLE, with DynamoDB's code and the id of the request. */
export class DynamoDb {
  readonly table: string
  /** Where the table is, for messages. */
  readonly place: string
  readonly #url: string
  readonly #client: AwsClient

  constructor(config: DynamoDbPlace) {
    this.table = config.table
    this.place = placeOf(config)
    this.#url = endpointOf(config)
    this.#client = new AwsClient('dynamodb', config)
  }

  /** The answer to a request that has no condition. */
  async request<T>(operation: string, body: object, call: Call): Promise<T> {
    const response = await this.#send(operation, body, call)
    if (response.fault) throw this.#failure(response)
    return parse<T>(response)
  }

  /** The answer, or `undefined` if there is no such table. */
  async ifTableExists<T>(operation: string, body: object, call: Call): Promise<T | undefined> {
    const response = await this.#send(operation, body, call)
    if (response.fault?.code === 'ResourceNotFoundException') return undefined
    if (response.fault) throw this.#failure(response)
    return parse<T>(response)
  }

  /** Whether a table was made; false if there was one. */
  async create(body: object, call: Call): Promise<boolean> {
    const response = await this.#send('CreateTable', body, call)
    if (response.fault?.code === 'ResourceInUseException') return false
    if (response.fault) throw this.#failure(response)
    return true
  }

  /** A write of one item with a condition; what the condition met, or undefined once it is done. */
  async write(operation: 'PutItem' | 'UpdateItem', body: object, call: Call): Promise<Refused | undefined> {
    const response = await this.#send(operation, body, call)
    const { fault, unconfirmed } = response
    if (fault === undefined) return undefined
    if (fault.code !== 'ConditionalCheckFailedException') throw this.#failure(response)
    return { found: parse<{ Item?: Item }>(response).Item, unconfirmed }
  }

  /**
   * All actions or none: what their conditions met, or undefined once they are done. `token` stands for these very
   * actions: DynamoDB does them once, however often it is asked in the next ten minutes.
   */
  async transact(actions: readonly object[], token: string, call: Call): Promise<Reasons | undefined> {
    for (let attempt = 1; ; attempt++) {
      const body = { TransactItems: actions, ClientRequestToken: token }
      const response = await this.#send('TransactWriteItems', body, call)
      const { fault, unconfirmed } = response
      if (fault === undefined) return undefined
      if (fault.code !== 'TransactionCanceledException') throw this.#failure(response)
      const { CancellationReasons: reasons = [] } = parse<{ CancellationReasons?: readonly Reason[] }>(response)
      if (reasons.some(({ Code }) => Code === CONDITION)) {
        return reasons.map(({ Code, Item: found }) => (Code === CONDITION ? { found, unconfirmed } : undefined))
      }
      const isPassing = reasons.every(({ Code }) => PASSING.test(Code ?? 'None'))
      if (!isPassing || attempt === MOST_ATTEMPTS) throw this.#failure(response)
      await pause(attempt, call)
    }
  }

  /** The items under these keys, without those that are missing, in no order. */
  async getItems(keys: readonly Attributes[], consistent: boolean, call: Call): Promise<Item[]> {
    const found: Item[] = []
    let wanted: readonly Attributes[] = keys
    for (let attempt = 1; wanted.length > 0; attempt++) {
      const request = { Keys: wanted, ConsistentRead: consistent }
      const body = { RequestItems: { [this.table]: request } }
      const { Responses, UnprocessedKeys } = await this.request<BatchGetAnswer>('BatchGetItem', body, call)
      const items = Responses?.[this.table] ?? []
      found.push(...items)
      wanted = UnprocessedKeys?.[this.table]?.Keys ?? []
      // An answer that is full is no reason to wait.
      if (wanted.length > 0 && items.length === 0) await this.#again(attempt, call)
      if (items.length > 0) attempt = 0
    }
    return found
  }

  /** Puts and deletes without conditions, at most 25, in no order. */
  async writeItems(requests: readonly object[], call: Call): Promise<void> {
    let wanted = requests
    for (let attempt = 1; wanted.length > 0; attempt++) {
      const body = { RequestItems: { [this.table]: wanted } }
      const { UnprocessedItems } = await this.request<BatchWriteAnswer>('BatchWriteItem', body, call)
      wanted = UnprocessedItems?.[this.table] ?? []
      if (wanted.length > 0) await this.#again(attempt, call)
    }
  }

  async #again(attempt: number, call: Call): Promise<void> {
    if (attempt < MOST_ATTEMPTS) return pause(attempt, call)
    throw new StorageUnavailableError(
      `DynamoDB leaves requests to ${this.place} undone: it is asked for more than the table may do. Try later, or raise its throughput.`,
    )
  }

  /** A single item may be held by a transaction for a moment. */
  async #send(operation: string, body: object, call: Call): Promise<AwsResponse> {
    for (let attempt = 1; ; attempt++) {
      const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` }
      const readOnly = READS.test(operation)
      const request = { method: 'POST', url: this.#url, headers, body: JSON.stringify(body), readOnly }
      const response = await this.#client.fetch(request, call)
      if (response.fault?.code !== 'TransactionConflictException' || attempt === MOST_ATTEMPTS) return response
      await pause(attempt, call)
    }
  }

  #failure(response: AwsResponse): Error {
    return this.#client.unexpected(response, REMEDIES[response.fault?.code ?? '']?.(this.place))
  }
}

interface Reason {
  readonly Code?: string
  readonly Item?: Item
}

interface BatchGetAnswer {
  readonly Responses?: Readonly<Record<string, readonly Item[]>>
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly Attributes[] }>>
}

interface BatchWriteAnswer {
  readonly UnprocessedItems?: Readonly<Record<string, readonly object[]>>
}

const READS = /^(?:GetItem|BatchGetItem|Query|Describe)/
const CONDITION = 'ConditionalCheckFailed'
const PASSING = /^(?:None|TransactionConflict|ThrottlingError|ProvisionedThroughputExceeded)$/

const REMEDIES: Readonly<Record<string, (place: string) => string>> = {
  ResourceNotFoundException: (place) =>
    `There is no table ${place}: check \`table\` and \`region\`, or let createStore(config, { createContainer: true }) make it.`,
  ValidationException: (place) =>
    `Is ${place} a table with the partition key \`s\` and the sort key \`n\`, both strings? createStore(config, { createContainer: true }) makes such a one.`,
}

/** The table and where it is, without anything secret. */
export function placeOf(config: DynamoDbPlace): string {
  const { host } = new URL(endpointOf(config))
  return `${config.table} at ${host} (${config.region})`
}

/** Wait for a random time below a bound that doubles. */
export async function pause(attempt: number, { signal }: Call): Promise<void> {
  signal?.throwIfAborted()
  await new Promise((resolve) => setTimeout(resolve, jitter(attempt, FIRST_DELAY, LONGEST_DELAY)))
  signal?.throwIfAborted()
}

function endpointOf({ endpoint, region }: AwsConfig): string {
  return endpoint ?? awsEndpoint('dynamodb', region)
}

function parse<T>({ body }: AwsResponse): T {
  return JSON.parse(new TextDecoder().decode(body)) as T
}
