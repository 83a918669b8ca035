import { startService } from '../../scripts/services.mjs'
import { S3_CREDENTIALS } from '../../scripts/services/s3.mjs'
import { load, openOurs } from './ours.mjs'

const REGION = 'us-east-1'
const BUCKET = 'bench'
/** As many requests of a call as we have under way. */
const AT_ONCE = 16

/**
 * The driver is aws4fetch with one request for each object, and as many at a time as we send.
 *
 * @type {import('../suites/backends.mjs').Open}
 */
export async function openS3(driven) {
  const service = await startService('s3')
  const place = { bucket: BUCKET, region: REGION, endpoint: service.url, credentials: S3_CREDENTIALS }
  const { ours, sync, close } = await openOurs({ backend: 's3', ...place }, 's3-node')
  const { AwsClient } = await load('aws4fetch')
  const client = new AwsClient({ ...S3_CREDENTIALS, service: 's3', region: REGION, retries: 0 })
  const { createStorage } = await load('unstorage')
  const { default: s3Driver } = await load('unstorage/drivers/s3')
  const storage = createStorage({
    driver: s3Driver({ ...S3_CREDENTIALS, bucket: BUCKET, region: REGION, endpoint: service.url }),
  })

  const at = `${service.url}/${BUCKET}`
  return {
    ours,
    sync,
    peers: {
      driver: overClient(client, `${at}/driver`, driven.driver),
      bytes: overClient(client, `${at}/bytes`, driven.bytes),
      unstorage: {
        get: (key) => storage.getItem(key),
        set: (key, value) => storage.setItem(key, value),
        getMany: async (keys) => (await storage.getItems([...keys])).map((/** @type {any} */ { value }) => value),
        setMany: (pairs) => storage.setItems(pairs.map(([key, value]) => ({ key, value }))),
      },
    },
    async close() {
      await close()
      await service.stop()
    },
  }
}

/**
 * @param {any} client
 * @param {string} url of the folder
 * @param {import('../suites/backends.mjs').Driven} driven
 * @returns {import('../suites/backends.mjs').Store}
 */
function overClient(client, url, { encode, decode }) {
  /** @param {string} key */
  const get = async (key) => {
    const response = await client.fetch(`${url}/${key}`)
    return decode(key, new Uint8Array(await response.arrayBuffer()))
  }
  /**
   * @param {string} key
   * @param {any} value
   */
  const set = async (key, value) => {
    const response = await client.fetch(`${url}/${key}`, { method: 'PUT', body: encode(value) })
    if (!response.ok) throw new Error(`S3 answers ${response.status}.`)
  }
  return {
    get,
    set,
    getMany: (keys) => atOnce(keys, get),
    setMany: (pairs) => atOnce(pairs, ([key, value]) => set(key, value)),
  }
}

/**
 * @template T, R
 * @param {readonly T[]} items
 * @param {(item: T) => Promise<R>} call
 */
async function atOnce(items, call) {
  /** @type {R[]} */
  const answers = []
  let next = 0
  const worker = async () => {
    for (let i = next++; i < items.length; i = next++) answers[i] = await call(/** @type {T} */ (items[i]))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return answers
}
