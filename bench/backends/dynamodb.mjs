import { Buffer } from 'node:buffer'
import { startService } from '../../scripts/services.mjs'
import { load, openOurs } from './ours.mjs'

const REGION = 'eu-central-1'
const TABLE = 'konserve'
const CREDENTIALS = { accessKeyId: 'BENCHKEY', secretAccessKey: 'of the benchmark' }
const PARTITION = { S: 'driver' }

/**
 * The driver is aws4fetch with DynamoDB's own requests: GetItem, PutItem, BatchGetItem of 100, and TransactWriteItems of 100,
 * as many at a time as we send.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openDynamoDb({ encoded, read }) {
  const service = await startService('dynamodb', { args: ['-inMemory'] })
  const place = { table: TABLE, region: REGION, endpoint: service.url, credentials: CREDENTIALS }
  const { ours, close } = await openOurs({ backend: 'dynamodb', ...place }, 'dynamodb-node')
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
  /** @param {any} item */
  const bytesOf = (item) => Buffer.from(item.v.B, 'base64')
  /**
   * @param {string} key
   * @param {any} value
   */
  const itemOf = (key, value) => ({ s: PARTITION, n: { S: key }, v: { B: encoded(value).toString('base64') } })
  return {
    ours,
    peers: {
      driver: {
        async get(key) {
          const body = { TableName: TABLE, Key: { s: PARTITION, n: { S: key } }, ConsistentRead: true }
          return read(key, bytesOf((await request('GetItem', body)).Item))
        },
        set: (key, value) => request('PutItem', { TableName: TABLE, Item: itemOf(key, value) }),
        async getMany(keys) {
          const found = new Map()
          await hundredsAtOnce(keys, async (some) => {
            const Keys = some.map((key) => ({ s: PARTITION, n: { S: key } }))
            const { Responses } = await request('BatchGetItem', {
              RequestItems: { [TABLE]: { Keys, ConsistentRead: true } },
            })
            for (const item of Responses[TABLE]) found.set(item.n.S, bytesOf(item))
          })
          return keys.map((key) => read(key, found.get(key)))
        },
        setMany: (pairs) =>
          hundredsAtOnce(pairs, (some) => {
            const TransactItems = some.map(([key, value]) => ({ Put: { TableName: TABLE, Item: itemOf(key, value) } }))
            return request('TransactWriteItems', { TransactItems })
          }),
      },
    },
    async close() {
      await close()
      await service.stop()
    },
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
