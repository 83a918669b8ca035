import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openChromium } from '../../scripts/chromium.mjs'
import { serve } from '../../scripts/serve.mjs'
import type { Service } from '../../scripts/services.mjs'
import { connectStore, deleteStore } from '../../src/node.ts'
import { type Config, configAt, startDynamoDb } from './dynamodb-target.ts'
import { serveLibrary } from './site.ts'

const UPDATES = 50
let folder: string
let site: Awaited<ReturnType<typeof serve>>
let elsewhere: Awaited<ReturnType<typeof serve>>
let service: Service
let context: BrowserContext
let config: Config

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'konserve-page-'))
  site = await serveLibrary(folder, 'backends/dynamodb.ts')
  elsewhere = await serve(folder)
  service = await startDynamoDb(['-cors', new URL(site.url).origin])
  context = await openChromium(join(folder, 'profile'))
  config = configAt(service.url)
}, 120_000)
afterAll(async () => {
  await context?.close()
  await service?.stop()
  await site?.close()
  await elsewhere?.close()
  rmSync(folder, { recursive: true, force: true })
})

async function openPage(url: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(url)
  await page.waitForFunction(() => 'konserve' in window)
  return page
}

test('a page in Chromium uses a table: values, large ones, batches, listings, updates with others', async () => {
  const page = await openPage(site.url)
  const found = await page.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('text', 'grüße')
    await store.set('large', 'l'.repeat(900_000))
    await store.setBinary('binary', new Uint8Array(1_500_000).fill(7))
    await store.batch(Array.from({ length: 250 }, (_, i) => ({ set: [`k${i}`, i] })))
    const keys = []
    for await (const key of store.keys({ prefix: 'k', limit: 5, reverse: true })) keys.push(key)
    return {
      text: await store.get('text'),
      large: ((await store.get('large')) as string).length,
      binary: ((await store.getBinary('binary')) as Uint8Array).every((byte) => byte === 7),
      many: (await store.getMany(['k0', 'k249', 'none'])).size,
      deleted: [await store.delete('text'), await store.delete('text')],
      keys,
    }
  }, config)
  expect(found).toEqual({
    text: 'grüße',
    large: 900_000,
    binary: true,
    many: 2,
    deleted: [true, false],
    keys: ['k99', 'k98', 'k97', 'k96', 'k95'],
  })

  const other = await openPage(site.url)
  const store = await connectStore(config)
  const inPage = async ([given, times]: readonly [Config, number]): Promise<void> => {
    const opened = await window.konserve.connectStore(given)
    for (let i = 0; i < times; i++) await opened.update('count', (n = 0) => Number(n) + 1)
  }
  await Promise.all([
    page.evaluate(inPage, [config, UPDATES] as const),
    other.evaluate(inPage, [config, UPDATES] as const),
    (async () => {
      for (let i = 0; i < UPDATES; i++) await store.update('count', (n = 0) => Number(n) + 1)
    })(),
  ])
  expect(await store.get('count')).toBe(3 * UPDATES)
  await Promise.all([page.close(), other.close()])
  await deleteStore(config)
}, 120_000)

test('a page of another origin gets an error that names CORS', async () => {
  const page = await openPage(elsewhere.url)
  const error = await page.evaluate(
    (given) =>
      window.konserve.connectStore(given).then(
        () => 'no error',
        (reason: Error & { code: string }) => `${reason.code}: ${reason.message}`,
      ),
    { ...config, id: crypto.randomUUID(), timeout: 1000 },
  )
  expect(error).toMatch(/^STORAGE_UNAVAILABLE: .*CORS/)
  await page.close()
}, 60_000)
