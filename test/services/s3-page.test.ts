import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import { openChromium } from '../../scripts/chromium.mjs'
import type { Service } from '../../scripts/services.mjs'
import { connectStore } from '../../src/node.ts'
import { type HttpFaults, startHttpFaults } from './http-faults.ts'
import { BUCKET, allowPages, configAt, startS3 } from './s3-target.ts'
import { serveLibrary } from './site.ts'

type S3Library = typeof import('../../src/browser.ts') & typeof import('../../src/backends/s3.ts')
declare const konserve: S3Library

const HOST = 'localhost'
const root = fileURLToPath(new URL('../..', import.meta.url))

let folder: string
let service: Service
let faults: HttpFaults
let site: { url: string; close: () => Promise<void> }
let browser: BrowserContext
let page: Page

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konserve-s3-page-'))
  site = await serveLibrary(folder, 'backends/s3.ts')
  service = await startS3(['--virtual-domain', HOST])
  faults = await startHttpFaults(service.port)
  browser = await openChromium(join(folder, 'profile'))
  page = await browser.newPage()
  await page.goto(site.url)
  await page.waitForFunction(() => 'konserve' in window)
})

afterAll(async () => {
  await browser?.close()
  await site?.close()
  await faults?.close()
  await service?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('a page whose origin the bucket does not allow is told about CORS', async () => {
  const config = configAt(service.url, { timeout: 500 })
  const error = await page.evaluate(
    (given) =>
      konserve.connectStore(given).then(
        () => undefined,
        ({ code, message }) => ({ code, message }),
      ),
    config,
  )
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining('CORS') })
})

test('a page that may not see the ETag is told what to expose', async () => {
  await allowPages(service.url, ['ETag'])
  faults.fault = async (_request, forward) => {
    const answer = await forward()
    return { ...answer, headers: { ...answer.headers, 'access-control-expose-headers': 'Date' } }
  }
  const error = await page.evaluate(
    (given) =>
      konserve.connectStore(given).then(
        () => undefined,
        ({ code, message }) => ({ code, message }),
      ),
    configAt(faults.url),
  )
  faults.fault = undefined
  expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: expect.stringContaining('expose ETag') })
})

test('a page and Node share a store in a bucket: values, updates, listings, large binaries, tiers', async () => {
  await allowPages(service.url, ['ETag', 'x-amz-meta-konserve-writes', 'Date'])
  const config = configAt(service.url)
  const store = await connectStore(config)
  await store.set('counter', 0)
  const adding = (async () => {
    for (let i = 0; i < 100; i++) await store.update('counter', (old) => Number(old) + 1)
  })()
  const seen = await page.evaluate(async (given) => {
    const there = await konserve.connectStore(given)
    for (let i = 0; i < 100; i++) await there.update('counter', (old) => Number(old) + 1)
    await there.setMany(Array.from({ length: 50 }, (_, i) => [`many ${i}`, { i }]))
    await there.setBinary('bytes', new Uint8Array(3_000_000).fill(7))
    await there.set('text', 'x'.repeat(9_000_000))
    const keys: unknown[] = []
    for await (const key of there.keys({ prefix: 'many', reverse: true })) keys.push(key)
    const many = await there.getMany(keys as string[])
    await there.delete('many 7')
    const stores: unknown[] = []
    for await (const { prefix } of konserve.listStores(given)) stores.push(prefix)
    const { id, ...backendConfig } = given
    await konserve.releaseStore(given, there)
    const tier = await konserve.connectStore({
      backend: 'tiered',
      id,
      frontendConfig: { backend: 'memory' },
      backendConfig,
    })
    const text = await tier.get('text')
    return {
      keys: keys.length,
      many: many.size,
      isListed: stores.includes(id),
      text: [text.length, tier.get('text', { sync: true }).length],
      last: await tier.get('many 49'),
    }
  }, config)
  await adding
  expect(seen).toEqual({
    keys: 50,
    many: 50,
    isListed: true,
    text: [9_000_000, 9_000_000],
    last: { i: 49 },
  })
  expect(await store.get('counter')).toBe(200)
  expect(await store.has('many 7')).toBe(false)
  expect(await store.getBinary('bytes')).toEqual(new Uint8Array(3_000_000).fill(7))
}, 300_000)

test('an update in a page whose answer is lost is done once, though the browser itself may send it again', async () => {
  await allowPages(service.url, ['ETag', 'x-amz-meta-konserve-writes', 'Date'])
  const config = configAt(faults.url)
  const store = await connectStore({ ...config, endpoint: service.url })
  await store.set('counter', 0)
  let writes = 0
  let lost = 0
  faults.fault = async ({ method }, forward) => {
    const answer = await forward()
    if (method !== 'PUT' || ++writes % 2 === 0) return answer
    lost++
    return 'lost'
  }
  await page.evaluate(async (given) => {
    const there = await konserve.connectStore(given)
    for (let i = 0; i < 50; i++) await there.update('counter', (old) => Number(old) + 1)
  }, config)
  faults.fault = undefined
  expect(lost).toBeGreaterThan(40)
  expect(await store.get('counter')).toBe(50)
})

test('the name of the bucket may stand in the name of the host', async () => {
  await allowPages(service.url, ['ETag', 'x-amz-meta-konserve-writes', 'Date'])
  const config = configAt(service.url)
  await (await connectStore(config)).set('a', 1)
  // The browser knows where names under localhost are.
  const endpoint = service.url.replace('127.0.0.1', HOST)
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  const read = await page.evaluate(
    async (given) => {
      const there = await konserve.connectStore(given)
      await there.set('weird /%~(,é', 2)
      return [await there.get('a'), await there.get('weird /%~(,é')]
    },
    { ...config, endpoint, style: 'virtual-host' as const },
  )
  expect(read).toEqual([1, 2])
  expect(requests.every((url) => url.startsWith(`http://${BUCKET}.${HOST}:`))).toBe(true)
})

test('a page loads at most 8 kB more at its start for the s3 backend, after gzip, and nothing of Node', async () => {
  const bundled = (code: string): ReturnType<typeof bundle> => bundle(root, code, ['browser'], { splits: true })
  const size = (code: string): number => gzipSync(code, { level: 9 }).length
  const core = await bundled(`export * from 'konserve-ts'`)
  const both = await bundled(`export * from 'konserve-ts'\nexport * from 'konserve-ts/s3'`)
  expect(both.builtins).toEqual([])
  expect(size(both.code) - size(core.code)).toBeGreaterThan(1000)
  expect(size(both.code) - size(core.code)).toBeLessThanOrEqual(8000)
  // The driver comes when the first store is opened.
  expect(chunks(both.later).filter((name) => !chunks(core.later).includes(name))).toEqual(['aws4fetch.esm'])
})

/** The names of these chunks without the sums of their text, in which the name of the entry that they import stands. */
function chunks(later: ReadonlyMap<string, unknown>): string[] {
  return [...later.keys()].map((name) => /^assets\/(.+)-.{8}\.js$/.exec(name)?.[1] ?? name)
}
