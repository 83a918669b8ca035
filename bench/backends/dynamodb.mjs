import { Buffer } from 'node:buffer'
import { startService } from '../../scripts/services.mjs'
import { load, openOurs } from './ours.mjs'

const REGION = 'eu-central-1'
const TABLE = 'konserve'
const CREDENTIALS = { accessKeyId: 'BENCHKEY', secretAccessKey: 'of the benchmark' }

/**
 * The driver is aws4fetch with DynamoDB's own requests: GetItem, PutItem, BatchGetItem of 100, and TransactWriteItems of 100,
 * as many at a time as we send.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openDynamoDb(driven) {
  const service = await startService('dynamodb', { args: ['-inMemory'] })
  const place = { table: TABLE, region: REGION, endpoint: service.url, credentials: CREDENTIALS }
  const { ours, sync, close } = await openOurs({ backend: 'dynamodb', ...place }, 'dynamodb-node')
  const { AwsClient } = await load('aws4fetch')
  const client = new AwsClient({ ...CREDENTIALS, service: 'dynamodb', region: REGION, retries: 0 })

  /**
   * @param {string} operation
   * @param {object} body
   */
  const request = async (operation, body) => {
    const headers = { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` }
    const response = await client.fetch(service.url, { method: 'POST', headers, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`DynamoDB answers ${response.status}.`)
    return response.json()
  }
  return {
    ours,
    sync,
    peers: {
      driver: overRequests(request, '0d4b6f0e-97c5-4a52-8d0e-3f6a1c5f2b71', driven.driver),
      bytes: overRequests(request, '5c1e8a43-2b7f-4f19-9e64-a0d2c7b98f35', driven.bytes),
    },
    async close() {
      await close()
      await service.stop()
    },
  }
}

/**
 * @param {(operation: string, body: object) => Promise<any>} request
 * @param {string} partition as long as ours: it is sent, and comes back with each item
 * @param {import('../suites/backends.mjs').Driven} driven
 * @returns {import('../suites/backends.mjs').Store}
 */
function overRequests(request, partition, { encode, decode }) {
  /** @param {string} key */
  const at = (key) => ({ s: { S: partition }, n: { S: key } })
  /**
   * @param {string} key
   * @param {any} value
   */
  const itemOf = (key, value) => ({ ...at(key), v: { B: encode(value).toString('base64') } })
  /** @param {any} item */
  const bytesOf = (item) => Buffer.from(item.v.B, 'base64')
  return {
    async get(key) {
      const body = { TableName: TABLE, Key: at(key), ConsistentRead: true }
      return decode(key, bytesOf((await request('GetItem', body)).Item))
    },
    set: (key, value) => request('PutItem', { TableName: TABLE, Item: itemOf(key, value) }),
    async getMany(keys) {
      const found = new Map()
      await hundredsAtOnce(keys, async (some) => {
        const RequestItems = { [TABLE]: { Keys: some.map(at), ConsistentRead: true } }
        const { Responses } = await request('BatchGetItem', { RequestItems })
        for (const item of Responses[TABLE]) found.set(item.n.S, bytesOf(item))
      })
      return keys.map((key) => decode(key, found.get(key)))
    },
    setMany: (pairs) =>
      hundredsAtOnce(pairs, (some) => {
        const TransactItems = some.map(([key, value]) => ({ Put: { TableName: TABLE, Item: itemOf(key, value) } }))
        return request('TransactWriteItems', { TransactItems })
      }),
  }
}

/**
 * Four requests at a time.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {(some: readonly T[]) => Promise<unknown>} call
 */
async function hundredsAtOnce(items, call) {
  let next = 0
  const worker = async () => {
    for (let from = next++ * 100; from < items.length; from = next++ * 100) await call(items.slice(from, from + 100))
  }
  await Promise.all([worker(), worker(), worker(), worker()])
}
