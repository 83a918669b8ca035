import { mkdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { S3_CREDENTIALS } from '../../scripts/services/s3.mjs'
import type { Name } from '../../src/base/entry.ts'
import { S3Blobs } from '../../src/backends/s3-blobs.ts'
import { type ListedStore, listStores } from '../../src/backends/s3-node.ts'
import { connectStore, createStore, deleteStore, releaseStore } from '../../src/node.ts'
import { MANY, MOST_GROWTH, keyOf, listMany } from './listing.ts'
import { startProxy } from './proxy.ts'
import { BUCKET, bucketAt, configAt, startS3 } from './s3-target.ts'

const service = await startS3()
const proxy = await startProxy(service.port)
afterAll(async () => {
  await proxy.close()
  await service.stop()
})

/** Bytes of each object: holes, which take no room on a disk. */
const SIZE = 1024 * 1024

test('100,000 keys are listed in order, both ways, with a flat memory, and no value is read', async () => {
  const config = configAt(`http://127.0.0.1:${proxy.port}`)
  const store = await connectStore(config)
  await makeObjects(join(service.folder, BUCKET, config.id))
  for (const reverse of [false, true]) {
    const received = proxy.received
    expect(await listMany(store, { reverse })).toBeLessThan(MOST_GROWTH)
    // What S3 says of an object has some hundreds of bytes. In reverse it says it twice.
    expect(proxy.received - received).toBeLessThan(MANY * 1000)
  }
  await releaseStore(config, store)
}, 600_000)

test('a listing in reverse shows what was written and deleted between its pages, each name at most once', async () => {
  const blobs = new S3Blobs(bucketAt(service.url), `reverse/${crypto.randomUUID()}/`)
  const call = { sync: false }
  const bytes = new Uint8Array(20)
  const numbers = Array.from({ length: 2500 }, (_, i) => i * 2)
  await blobs.writeMany(
    numbers.map((number) => ({ put: [nameOf(number), bytes] })),
    call,
  )
  const pages: number[] = []
  const all = async (between: (page: number) => Promise<unknown>): Promise<Name[]> => {
    const names: Name[] = []
    let after: Name | undefined
    do {
      const page = await blobs.list({ prefix: 'skey', reverse: true, limit: 300, after }, call)
      names.push(...page.names)
      after = page.next
      pages.push(page.names.length)
      await between(pages.length)
    } while (after !== undefined)
    return names
  }
  const seen = await all(async (page) => {
    if (page !== 4) return
    const deleted = numbers.filter((number) => number < 2000)
    await blobs.writeMany(
      deleted.map((number) => ({ delete: nameOf(number) })),
      call,
    )
    for (const number of [2001, 4999]) await blobs.put(nameOf(number), bytes, {}, call)
  })
  const left = [...numbers.filter((number) => number >= 2000), 2001].sort((a, b) => b - a).map(nameOf)
  expect(seen).toEqual(left)
  expect(Math.max(...pages)).toBe(300)
  expect(await all(async () => undefined)).toEqual([nameOf(4999), ...left])
})

test('what else is in the folder of a store is not listed, and stays when the store goes', async () => {
  const config = configAt(service.url)
  const bucket = bucketAt(service.url)
  const store = await connectStore(config)
  await store.set('a', 1)
  const others = [`${config.id}/read me.txt`, `${config.id}/sub/sa`]
  for (const key of others) await bucket.fetch({ method: 'PUT', key, body: 'other' }, {})
  expect(await store.keys().toArray()).toEqual(['a'])
  await deleteStore(config)
  expect((await bucket.list({ prefix: config.id }, {}))?.keys).toEqual(others)
  await expect(connectStore(config)).rejects.toMatchObject({ code: 'UNSUPPORTED_LAYOUT' })
})

test('listStores finds the stores of a bucket, and those behind a prefix, over more than one page', async () => {
  const place = { bucket: 'many-stores', region: 'us-east-1', endpoint: service.url, credentials: S3_CREDENTIALS }
  const config = { ...configAt(service.url), bucket: place.bucket }
  const byId = await createStore(config, { createContainer: true })
  const nested = { ...config, id: crypto.randomUUID(), prefix: "tenants/Ann & Bob's <1>" }
  const other = { ...config, id: crypto.randomUUID(), prefix: 'tenants/é' }
  const stores = [byId, await createStore(nested), await createStore(other)]
  const bucket = bucketAt(service.url, place.bucket)
  for (const key of ['no-store/a', 'tenants/broken/~d', 'top'])
    await bucket.fetch({ method: 'PUT', key, body: 'x' }, {})
  for (let i = 0; i < 1010; i++) {
    mkdirSync(join(service.folder, place.bucket, `tenants/folder-${i}/deeper`), { recursive: true })
  }
  expect(await found(listStores(place))).toEqual([{ id: config.id, prefix: config.id }])
  expect(await found(listStores({ ...place, prefix: 'tenants' }))).toEqual([
    { id: nested.id, prefix: nested.prefix },
    { id: other.id, prefix: other.prefix },
  ])
  expect(stores.map(({ id }) => id)).toEqual([config.id, nested.id, other.id])
  await expect(found(listStores({ ...place, bucket: 'x' }))).rejects.toMatchObject({ code: 'INVALID_CONFIG' })
  await expect(found(listStores({ ...place, bucket: 'missing' }))).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
  })
})

async function found(stores: AsyncIterable<ListedStore>): Promise<ListedStore[]> {
  const all: ListedStore[] = []
  for await (const store of stores) all.push(store)
  return all
}

function nameOf(number: number): Name {
  return `s${keyOf(number)}`
}

/** Put the objects of the keys where the server keeps them: it would take minutes to write them one by one. */
async function makeObjects(folder: string): Promise<void> {
  for (let i = 0; i < MANY; i++) {
    const file = await open(join(folder, nameOf(i)), 'w')
    await file.truncate(SIZE)
    await file.close()
  }
}
