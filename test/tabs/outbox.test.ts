import type { Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Store, StoreConfig, WatchEvent } from '../../src/browser.ts'
import { type Browser, openBrowser } from './page.ts'

/* Tabs that have one front in common: one of them sends what all of them have written. */

declare const window: {
  konserve: typeof import('../../src/browser.ts')
  store: Store
  told: WatchEvent[]
  waited: number[]
}

let browser: Browser
let tabs: Page[]
let id: string

beforeAll(async () => {
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  id = crypto.randomUUID()
  tabs = [await browser.tab(), await browser.tab()]
  for (const tab of tabs) {
    await tab.evaluate(async (given) => {
      window.store = await window.konserve.connectStore({
        backend: 'tiered',
        id: given,
        writePolicy: 'write-behind',
        frontendConfig: { backend: 'indexeddb', name: `front ${given}` },
        backendConfig: { backend: 'indexeddb', name: `back ${given}` },
      })
      window.told = []
      window.waited = []
      window.store.watch({}, (event) => window.told.push(event))
      window.store.tier!.watchPending(({ entries }) => window.waited.push(entries))
    }, id)
  }
})
afterEach(() => Promise.all(tabs.map((tab) => tab.close())))

const set = (tab: Page, key: string, value: unknown): Promise<void> =>
  tab.evaluate(([k, v]) => window.store.set(k as string, v), [key, value])

/** What the back has. */
const inBack = (tab: Page, key: string): Promise<unknown> =>
  tab.evaluate(
    async ([given, k]) => {
      const config = { backend: 'indexeddb', id: given, name: `back ${given}` } as const
      const store = await window.konserve.connectStore(config)
      return store.get(k)
    },
    [id, key] as const,
  )

/** The tabs that have the lock of the outbox, and those that wait for it. */
const lockOf = (tab: Page): Promise<readonly [held: number, pending: number]> =>
  tab.evaluate(async (given) => {
    const { held = [], pending = [] } = await navigator.locks.query()
    const ours = ({ name = '' }: LockInfo): boolean => name.startsWith('konserve-ts:outbox') && name.includes(given)
    return [held.filter(ours).length, pending.filter(ours).length] as const
  }, id)

test('one tab sends what both have written, and both hear of the writes and of what waits', async () => {
  const [first, second] = tabs as [Page, Page]
  expect(await lockOf(first)).toEqual([1, 1])
  await set(second, 'a', 1)
  await second.evaluate(() => window.store.flush())
  expect(await inBack(second, 'a')).toBe(1)
  for (const tab of tabs) {
    // A tab that opens its back may be told to look anew.
    const isTold = (): boolean => window.told.some((event) => event.type === 'set' && event.key === 'a')
    await tab.waitForFunction(isTold, undefined, { timeout: 5000 })
    await tab.waitForFunction(() => window.waited.at(-1) === 0, undefined, { timeout: 5000 })
    expect(await tab.evaluate(() => [Math.max(...window.waited), window.store.tier!.pending().entries])).toEqual([1, 0])
  }
  expect(await first.evaluate(() => window.store.get('a'))).toBe(1)
})

test('a tab takes over when the one that sends is gone, or has released its store', async () => {
  const [first, second] = tabs as [Page, Page]
  await first.close()
  await set(second, 'a', 1)
  await expect.poll(() => inBack(second, 'a'), { timeout: 5000 }).toBe(1)
  expect(await lockOf(second)).toEqual([1, 0])
  await second.evaluate(() => window.konserve.releaseStore(window.store.config as StoreConfig, window.store))
  expect(await lockOf(second)).toEqual([0, 0])
})

test('a call that goes to the back at once waits for what another tab sends', async () => {
  const [, second] = tabs as [Page, Page]
  await second.evaluate(async () => {
    await window.store.set('a', 1)
    await window.store.set('a', 2, { writePolicy: 'write-through' })
  })
  expect(await inBack(second, 'a')).toBe(2)
  await expect.poll(() => second.evaluate(() => window.store.tier!.pending().entries)).toBe(0)
  expect(await second.evaluate(() => window.store.get('a'))).toBe(2)
})
