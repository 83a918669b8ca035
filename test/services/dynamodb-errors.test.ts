import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from '../../scripts/services.mjs'
import {
  connectStore,
  createStore,
  deleteStore,
  releaseStore,
  storeExists,
  validateStoreConfig,
} from '../../src/node.ts'
import type { Store } from '../../src/node.ts'
import { CREDENTIALS, type Config, configAt, startDynamoDb, tableAt } from './dynamodb-target.ts'
import { type Answer, startHttpProxy } from './dynamodb-proxy.ts'

const ASYNC = { sync: false }

const service = await startDynamoDb()
const proxy = await startHttpProxy(service.url)
afterAll(async () => {
  await proxy.close()
  await service.stop()
})

let config: Config
let store: Store

beforeEach(async () => {
  config = configAt(proxy.url)
  store = await connectStore(config)
})
afterEach(async () => {
  proxy.handler = ({ forward }) => forward()
  await deleteStore(config)
})

const refusal = (type: string, Message: string, more: object = {}): Answer => ({
  status: 400,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${type}`, Message, ...more },
})
const throttled = refusal('ProvisionedThroughputExceededException', 'The level of configured throughput was exceeded.')

/** Answer each operation so the first `times` times, then let the server do it. */
function refuse(answer: Answer, times: number): { readonly refused: number } {
  const seen = new Map<string, number>()
  const state = { refused: 0 }
  proxy.handler = async ({ operation, forward }) => {
    const count = (seen.get(operation) ?? 0) + 1
    seen.set(operation, count)
    if (count > times) return forward()
    state.refused++
    return answer
  }
  return state
}

const errorOf = async (task: Promise<unknown>): Promise<{ code: string; message: string }> => {
  const error = await task.then(
    () => new Error('There was no error.'),
    (reason: Error) => reason,
  )
  const all = [error, error.cause].map(
    (each) => `${String(each)} ${(each as Error | undefined)?.stack} ${JSON.stringify(each)}`,
  )
  expect(all.join()).not.toContain(CREDENTIALS.secretAccessKey)
  return error as unknown as { code: string; message: string }
}

async function useAll(): Promise<void> {
  await store.set('a', 1)
  expect(await store.update('a', (n) => Number(n) + 1)).toEqual([1, 2])
  await store.setMany([
    ['b', 2],
    ['c', 'c'.repeat(900_000)],
  ])
  expect((await store.getMany(['a', 'b', 'c'])).size).toBe(3)
  expect(await store.keys().toArray()).toEqual(['a', 'b', 'c'])
  expect(await store.delete('c')).toBe(true)
}

test('requests that are throttled are done again', async () => {
  const state = refuse(throttled, 2)
  await useAll()
  expect(state.refused).toBeGreaterThanOrEqual(14)
})

test('what is throttled for longer than the time-out is an error with the code and the request of DynamoDB', async () => {
  await releaseStore(config, store)
  const hurried = { ...config, timeout: 1000 }
  store = await connectStore(hurried)
  refuse(throttled, Infinity)
  const { code, message } = await errorOf(store.set('a', 1))
  expect(code).toBe('STORAGE_UNAVAILABLE')
  expect(message).toContain('ProvisionedThroughputExceededException (request REQUEST-OF-THE-PROXY)')
})

test('what a batch leaves undone is asked for again', async () => {
  let undone = 0
  proxy.handler = async ({ operation, body, forward }) => {
    if (!operation.startsWith('Batch')) return forward()
    const [[table, asked]] = Object.entries(body['RequestItems'] as object) as [
      [string, { Keys: unknown[] } | unknown[]],
    ]
    const all = 'Keys' in asked ? asked.Keys : asked
    const some = all.slice(0, Math.floor(all.length / 2))
    const rest = all.slice(some.length)
    undone += rest.length
    const request = (list: unknown[]): object => ({
      [table]: 'Keys' in asked ? { ...asked, Keys: list } : list,
    })
    // One alone is left undone every other time.
    if (some.length === 0 && undone % 2 === 0) return forward()
    const answer =
      some.length > 0 ? await forward({ RequestItems: request(some) }) : { status: 200, body: { Responses: {} } }
    return { ...answer, body: { ...answer.body, UnprocessedKeys: request(rest), UnprocessedItems: request(rest) } }
  }
  await useAll()
  expect(undone).toBeGreaterThan(5)
})

test('what waits for the transaction of somebody else is done again', async () => {
  const cancelled = refusal('TransactionCanceledException', 'cancelled [TransactionConflict]', {
    CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
  })
  const busy = refusal('TransactionConflictException', 'Transaction is ongoing for the item')
  let refused = 0
  proxy.handler = async ({ operation, forward }) => {
    if (operation === 'TransactWriteItems' && ++refused % 3 !== 0) return cancelled
    if (/^(?:UpdateItem|PutItem)$/.test(operation) && ++refused % 3 !== 0) return busy
    return forward()
  }
  await useAll()
  expect(refused).toBeGreaterThan(6)
})

test('a transaction that is cancelled for good is an error', async () => {
  refuse(
    refusal('TransactionCanceledException', 'cancelled [ValidationError]', {
      CancellationReasons: [{ Code: 'ValidationError', Message: 'no' }, { Code: 'None' }],
    }),
    Infinity,
  )
  const { code, message } = await errorOf(
    store.setMany([
      ['a', 1],
      ['b', 2],
    ]),
  )
  expect(code).toBe('STORAGE_UNAVAILABLE')
  expect(message).toContain('TransactionCanceledException (request REQUEST-OF-THE-PROXY)')
  proxy.handler = ({ forward }) => forward()
})

test('a clock that is wrong is put right by what DynamoDB says', async () => {
  const state = refuse(
    refusal('InvalidSignatureException', 'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z'),
    1,
  )
  await useAll()
  expect(state.refused).toBeGreaterThan(0)
})

test('credentials that DynamoDB does not take are an error without a secret in it', async () => {
  // DynamoDB Local looks at nothing but the form of the key id.
  const wrong = configAt(service.url, { credentials: { ...CREDENTIALS, accessKeyId: 'no key id!' } })
  const calls: ((config: Config) => Promise<unknown>)[] = [connectStore, createStore, storeExists, deleteStore]
  for (const call of calls) {
    const { code, message } = await errorOf(call(wrong))
    expect(code).toBe('STORAGE_UNAVAILABLE')
    expect(message).toMatch(/UnrecognizedClientException \(request [\w-]+\).*Check `credentials`/)
  }
  const answer = refusal('InvalidSignatureException', `The Canonical String was ${CREDENTIALS.secretAccessKey}`)
  refuse(answer, Infinity)
  expect((await errorOf(store.get('a'))).code).toBe('STORAGE_UNAVAILABLE')
})

test('a missing table is an error that says how to make it, and createContainer makes it', async () => {
  const table = `t${crypto.randomUUID()}`
  const missing = configAt(service.url, { table })
  expect(await storeExists(missing)).toBe(false)
  expect((await errorOf(connectStore(missing, { create: false }))).code).toBe('STORE_NOT_FOUND')
  for (const call of [connectStore, createStore]) {
    const { code, message } = await errorOf(call(missing))
    expect(code).toBe('STORAGE_UNAVAILABLE')
    expect(message).toMatch(/ResourceNotFoundException \(request [\w-]+\).*\{ createContainer: true \}/)
    expect(message).toContain(table)
  }
  await deleteStore(missing)

  const made = await Promise.allSettled(
    [missing, configAt(service.url, { table })].map((each) => createStore(each, { createContainer: true })),
  )
  expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
  const db = tableAt(service.url)
  expect(await db.request('DescribeTable', { TableName: table }, ASYNC)).toMatchObject({
    Table: { BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' } },
  })
  expect(await db.request('DescribeTimeToLive', { TableName: table }, ASYNC)).toEqual({
    TimeToLiveDescription: { AttributeName: 'e', TimeToLiveStatus: 'ENABLED' },
  })
  await expect(createStore(missing, { createContainer: true })).rejects.toMatchObject({ code: 'STORE_EXISTS' })
  await deleteStore(missing)
  expect(await storeExists(missing)).toBe(false)
})

test('a table with another key is an error that says which it has to be', async () => {
  const table = `t${crypto.randomUUID()}`
  const definition = {
    TableName: table,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  }
  await tableAt(service.url).request('CreateTable', definition, ASYNC)
  const { code, message } = await errorOf(connectStore(configAt(service.url, { table })))
  expect(code).toBe('STORAGE_UNAVAILABLE')
  expect(message).toMatch(/ValidationException .*partition key `s` and the sort key `n`/)
})

test('a partition with other things in it is no store', async () => {
  const foreign = configAt(service.url)
  const item = { s: { S: foreign.id }, n: { S: 'somebody' } }
  await tableAt(service.url).request('PutItem', { TableName: foreign.table, Item: item }, ASYNC)
  expect(await storeExists(foreign)).toBe(false)
  expect((await errorOf(connectStore(foreign))).code).toBe('UNSUPPORTED_LAYOUT')
})

test('a server that is not there is an error within the time-out', async () => {
  const nowhere = configAt(`http://127.0.0.1:${await freePort()}`, { timeout: 500 })
  const { code, message } = await errorOf(connectStore(nowhere))
  expect(code).toBe('STORAGE_UNAVAILABLE')
  expect(message).toContain('ECONNREFUSED')
  expect(message).not.toContain('is not known')
})

test('what is wrong with a config is said by field, without what it holds', () => {
  const wrong = {
    ...config,
    table: 'a b',
    region: '',
    consistentRead: 'yes',
    endpoint: 'nowhere',
    timeout: 0,
    credentials: { accessKeyId: 'x' },
  }
  try {
    validateStoreConfig(wrong as never)
    expect.unreachable()
  } catch (error) {
    const { issues } = error as { issues: { path: string }[] }
    expect(issues.map(({ path }) => path).sort()).toEqual([
      'consistentRead',
      'credentials.secretAccessKey',
      'endpoint',
      'region',
      'table',
      'timeout',
    ])
  }
})

test('an entry is left to DynamoDB to remove an hour after it has expired', async () => {
  const before = Date.now()
  await store.set('short', 1, { ttl: 60_000 })
  await store.setMany(
    [
      ['many', 1],
      ['others', 2],
    ],
    { ttl: 60_000 },
  )
  await store.set('for ever', 1, { ttl: 60_000 })
  await store.set('for ever', 1)
  const expiry = async (name: string): Promise<number | undefined> => {
    const key = { s: { S: config.id }, n: { S: name } }
    const body = { TableName: config.table, Key: key }
    const { Item } = await tableAt(service.url).request<{ Item: { e?: { N: string } } }>('GetItem', body, ASYNC)
    return Item.e && Number(Item.e.N)
  }
  for (const name of ['sshort', 'smany']) {
    const seconds = (await expiry(name))! - before / 1000
    expect(seconds).toBeGreaterThanOrEqual(3660)
    expect(seconds).toBeLessThan(3700)
  }
  expect(await expiry('sfor%20ever')).toBeUndefined()
})

test('reads see what was written before, unless the config says that they need not', async () => {
  await releaseStore(config, store)
  for (const consistentRead of [undefined, true, false]) {
    const read = await connectStore({ ...config, ...(consistentRead !== undefined && { consistentRead }) })
    const asked: unknown[] = []
    proxy.handler = ({ operation, body, forward }) => {
      if (/^(?:GetItem|Query)$/.test(operation)) asked.push(body['ConsistentRead'])
      if (operation === 'BatchGetItem') asked.push(JSON.stringify(body).includes('"ConsistentRead":true'))
      return forward()
    }
    await read.get('a')
    await read.getMany(['a', 'b'])
    for await (const _ of read.keys()) throw new Error('There is none.')
    expect(asked).toEqual(Array.from({ length: 3 }, () => consistentRead ?? true))
    proxy.handler = ({ forward }) => forward()
    await releaseStore({ ...config, ...(consistentRead !== undefined && { consistentRead }) }, read)
  }
})
