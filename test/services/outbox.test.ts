import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Service } from '../../scripts/services.mjs'
import { spawnChromium } from '../../scripts/spawn-chromium.mjs'
import { connectStore } from '../../src/node.ts'
import type { PendingWrites, Store } from '../../src/node.ts'
import { type HttpFaults, startHttpFaults } from './http-faults.ts'
import { allowPages, configAt, startS3 } from './s3-target.ts'
import { serveLibrary } from './site.ts'

/*
 * The outbox of a PWA: memory of what was written offline is in IndexedDB, and two tabs, of a browser that is killed, have it in
 * common.
 */

type S3Library = typeof import('../../src/browser.ts') & typeof import('../../src/backends/s3.ts')
declare const konserve: S3Library
declare const report: (id: string) => Promise<void>
declare const window: { store: Store; seen: PendingWrites['entries'][]; stopped: boolean }

const KEYS = Array.from({ length: 20 }, (_, i) => `list ${i}`)
const WRITES = 1000
/** How many of them are acknowledged when the browser is killed. */
const KILLS = [WRITES / 3, (2 * WRITES) / 3]

let folder: string
let service: Service
let faults: HttpFaults
let site: { url: string; close: () => Promise<void> }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'konserve-outbox-'))
  site = await serveLibrary(folder, 'backends/s3.ts')
  service = await startS3()
  await allowPages(service.url, ['ETag', 'x-amz-meta-konserve-writes', 'Date'])
  faults = await startHttpFaults(service.port)
})

afterAll(async () => {
  await site?.close()
  await faults?.close()
  await service?.stop()
  await rm(folder, { recursive: true, force: true })
})

test('what two tabs write offline is in S3 once they are online, in order and once, though the browser was killed twice', async () => {
  const { id, ...backendConfig } = configAt(faults.url, { timeout: 2000 })
  const config = {
    backend: 'tiered',
    id,
    writePolicy: 'write-behind',
    frontendConfig: { backend: 'indexeddb' },
    backendConfig,
  } as const
  const acknowledged: string[] = []
  let browser = await spawnChromium(join(folder, 'profile'))

  /** A tab with the library. */
  const openTab = async (): Promise<Page> => {
    const page = await browser.context.newPage()
    await page.exposeFunction('report', (write: string) => void acknowledged.push(write))
    await page.goto(site.url)
    await page.waitForFunction(() => 'konserve' in globalThis)
    return page
  }
  const connect = async (page: Page): Promise<void> =>
    page.evaluate(async (given) => {
      window.store = await konserve.connectStore(given)
      window.seen = []
      window.store.tier?.watchPending(({ entries }) => window.seen.push(entries))
    }, config)
  /** Write one thing after another, each when the one before is acknowledged. */
  const write = async (page: Page, label: string): Promise<void> =>
    page.evaluate(
      async ([keys, name]) => {
        for (let i = 0; !window.stopped; i++) {
          await window.store.update(keys[i % keys.length]!, (old) => [...(old as string[]), `${name} ${i}`])
          await report(`${name} ${i}`)
        }
      },
      [KEYS, label] as const,
    )

  // Once online, so that there is a store, with something in it.
  const first = await openTab()
  await connect(first)
  await first.evaluate(async (keys) => {
    await window.store.setMany(keys.map((key) => [key, []]))
    await window.store.flush()
  }, KEYS)
  await first.close()
  faults.fault = () => 'lost'

  for (const [session, limit] of [...KILLS, WRITES].entries()) {
    const tabs = [await openTab(), await openTab()]
    await browser.context.setOffline(true)
    for (const tab of tabs) await connect(tab)
    const writing = Promise.allSettled(tabs.map((tab, i) => write(tab, `session ${session} tab ${i}`)))
    await expect.poll(() => acknowledged.length, { timeout: 30_000, interval: 5 }).toBeGreaterThanOrEqual(limit)
    if (limit < WRITES) {
      await browser.kill()
      await writing
      browser = await spawnChromium(join(folder, 'profile'))
      continue
    }
    for (const tab of tabs) await tab.evaluate(() => void (window.stopped = true))
    expect((await writing).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    for (const tab of tabs) expect(await tab.evaluate(() => window.store.tier!.pending().entries)).toBe(KEYS.length)

    // Of ten requests one fails, before it is done or after.
    let requests = 0
    const sizes = new Map<string, number[]>()
    faults.fault = async ({ method, url }, forward, body) => {
      requests++
      if (requests % 20 === 10) return 'lost'
      const answer = await forward()
      if (method === 'PUT') sizes.set(url!, [...(sizes.get(url!) ?? []), body.length])
      return requests % 20 === 0 ? 'lost' : answer
    }
    await browser.context.setOffline(false)
    for (const tab of tabs) {
      await tab.evaluate(() => window.store.flush())
      const seen = await tab.evaluate(() => window.seen)
      expect([seen.at(-1), await tab.evaluate(() => window.store.tier!.pending().entries)]).toEqual([0, 0])
    }
    expect(requests).toBeGreaterThan(KEYS.length)
    // What was written grows: nothing older came later.
    for (const each of sizes.values()) expect(each).toEqual(each.toSorted((a, b) => a - b))
  }
  await browser.kill()

  const store = await connectStore({ ...configAt(service.url), id })
  const there: string[] = []
  for (const key of KEYS) {
    const list = (await store.get(key)) as string[]
    there.push(...list)
    const orders = new Map<string, number[]>()
    for (const each of list) {
      const [, label, i] = /^(.*) (\d+)$/.exec(each)!
      orders.set(label!, [...(orders.get(label!) ?? []), Number(i)])
    }
    for (const order of orders.values()) expect(order).toEqual(order.toSorted((a, b) => a - b))
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(WRITES)
  expect(new Set(there).size).toBe(there.length)
  expect(acknowledged.filter((each) => !there.includes(each))).toEqual([])
}, 180_000)
