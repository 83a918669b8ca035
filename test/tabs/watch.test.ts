import type { Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { WatchEvent } from '../../src/browser.ts'
import { type Browser, openBrowser } from './page.ts'

let browser: Browser
let tabs: Page[]
let config: { backend: 'indexeddb'; id: string }

declare global {
  interface Window {
    /** What a watch was told, each event with what the store had then. */
    told: WatchEvent[]
    endWatch: () => void
  }
}

beforeAll(async () => {
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  config = { backend: 'indexeddb', id: crypto.randomUUID() }
  tabs = [await browser.tab(), await browser.tab(), await browser.tab()]
})
afterEach(() => Promise.all(tabs.map((tab) => tab.close())))

/** Watch everything in a tab, and wait until the other tabs have heard of that. */
async function watch(tab: Page, filter: { prefix?: string } = {}): Promise<void> {
  await tab.evaluate(
    async ([given, what]) => {
      const store = await window.konserve.connectStore(given)
      window.told = []
      window.endWatch = store.watch(what, (event) => window.told.push(event))
      await new Promise((resolve) => setTimeout(resolve, 300))
      window.told.length = 0
    },
    [config, filter] as const,
  )
}

/** What a tab was told, once that is `count` events, and a moment longer for those that should not come. */
async function toldTo(tab: Page, count: number): Promise<WatchEvent[]> {
  await tab.waitForFunction((n) => window.told.length >= n, count, { timeout: 10_000 })
  return tab.evaluate(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300))
    return window.told
  })
}

/** Run code with a connected `store` in a worker of a tab, and end the worker as soon as it is done. */
function inWorker(tab: Page, code: string, { isDeaf = false } = {}): Promise<void> {
  return tab.evaluate(
    async ([given, body, before]) => {
      const source = `
        ${before}
        const konserve = await import('${location.origin}/konserve.js')
        const store = await konserve.connectStore(${JSON.stringify(given)})
        ${body}
        postMessage('done')`
      const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
      const worker = new Worker(url, { type: 'module' })
      await new Promise((resolve) => (worker.onmessage = resolve))
      worker.terminate()
    },
    [config, code, isDeaf ? DEAF : ''] as const,
  )
}

/** What other tabs answer does not reach it in time. */
const DEAF = `Object.defineProperty(BroadcastChannel.prototype, 'onmessage', { set() {} })`

const open = (tab: Page): Promise<void> =>
  tab.evaluate(async (given) => void (await window.konserve.connectStore(given)), config)

test('a watch is told of the writes of its own tab, of another tab, and of a worker, without their values', async () => {
  const [first, second] = tabs as [Page, Page]
  await open(second)
  await watch(first)
  await first.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('own', 1)
  }, config)
  await second.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('user:1', { secret: 'value' })
    await store.update('user:1', (old: object) => ({ ...old, more: true }))
    await store.append('log', 'element')
    await store.setMany([
      [['a', 1], 1],
      ['L'.repeat(300), 2],
    ])
    await store.delete('user:1')
    await store.delete('missing')
    await store.delete('L'.repeat(300))
  }, config)
  await inWorker(second, `await store.set('worker', 1)`)
  const told = await toldTo(first, 9)
  expect(told).toEqual([
    { type: 'set', key: 'own' },
    { type: 'set', key: 'user:1' },
    { type: 'set', key: 'user:1' },
    { type: 'set', key: 'log' },
    { type: 'set', key: ['a', 1] },
    { type: 'set', key: 'L'.repeat(300) },
    { type: 'delete', key: 'user:1' },
    { type: 'delete', key: 'L'.repeat(300) },
    { type: 'set', key: 'worker' },
  ])
})

test('a worker that writes at once and ends, before it hears that anybody watches, is told of exactly', async () => {
  const [first, second] = tabs as [Page, Page]
  await watch(first)
  await inWorker(second, `await store.set('worker', 1); await store.set('worker', 2)`, { isDeaf: true })
  const set = { type: 'set', key: 'worker' }
  expect(await toldTo(first, 2)).toEqual([set, set])
})

test('two tabs that write one key by turns are told of in the order of their commits, in every tab', async () => {
  await Promise.all(tabs.map(open))
  for (const tab of tabs) await watch(tab)
  const write = (tab: Page, n: number): Promise<void> =>
    tab.evaluate(
      async ([given, self]) => {
        const store = await window.konserve.connectStore(given)
        for (let i = 0; i < 60; i++) {
          // The value says who wrote it last, and whether it was there before.
          if ((i + self) % 3 === 0) await store.delete('k')
          else await store.set('k', self)
        }
      },
      [config, n] as const,
    )
  await Promise.all(tabs.slice(0, 2).map(write))
  const exists = await tabs[2]!.evaluate(async (given) => (await window.konserve.connectStore(given)).has('k'), config)
  const orders = await Promise.all(tabs.map((tab) => toldTo(tab, 60)))
  expect(orders[0]).toEqual(orders[1])
  expect(orders[0]).toEqual(orders[2])
  expect(orders[0]!.every(({ type }) => type !== 'resync')).toBe(true)
  // A delete is told only of what was there: never two in a row.
  const kinds = orders[0]!.map(({ type }) => type)
  expect(kinds.some((kind, i) => kind === 'delete' && kinds[i - 1] === 'delete')).toBe(false)
  expect(kinds.at(-1)).toBe(exists ? 'set' : 'delete')
})

test('a prefix is watched across tabs, and a watch that has ended is told nothing', async () => {
  const [first, second] = tabs as [Page, Page]
  await open(second)
  await watch(first, { prefix: 'a' })
  const write = (keys: string[]): Promise<void> =>
    second.evaluate(
      async ([given, all]) => {
        const store = await window.konserve.connectStore(given)
        for (const key of all) await store.set(key, 1)
      },
      [config, keys] as const,
    )
  await write(['b', 'a1', 'c', 'a2'])
  expect(await toldTo(first, 2)).toEqual([
    { type: 'set', key: 'a1' },
    { type: 'set', key: 'a2' },
  ])
  await first.evaluate(() => window.endWatch())
  await write(['a3'])
  expect(await toldTo(first, 2)).toHaveLength(2)
})

test('a tab whose neighbour was killed after a commit, before it could tell of it, gets one resync', async () => {
  const [first, second, third] = tabs as [Page, Page, Page]
  await Promise.all([second, third].map(open))
  await watch(first)
  await second.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    // As if it ended here: nothing is posted any more.
    BroadcastChannel.prototype.postMessage = () => undefined
    await store.set('lost', 1)
    await store.set('lost', 2)
  }, config)
  await third.evaluate(async (given) => (await window.konserve.connectStore(given)).set('next', 1), config)
  expect(await toldTo(first, 1)).toEqual([{ type: 'resync' }])
  await third.evaluate(async (given) => (await window.konserve.connectStore(given)).set('more', 1), config)
  expect(await toldTo(first, 2)).toEqual([{ type: 'resync' }, { type: 'set', key: 'more' }])
})

test('a tab that was frozen, and so has not heard of everything, gets one resync when it wakes', async () => {
  const [first, second] = tabs as [Page, Page]
  await open(second)
  await watch(first)
  await second.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    // What is posted to a frozen page may be lost.
    const { postMessage } = BroadcastChannel.prototype
    BroadcastChannel.prototype.postMessage = () => undefined
    for (let i = 0; i < 20; i++) await store.set('k', i)
    BroadcastChannel.prototype.postMessage = postMessage
  }, config)
  await first.evaluate(() => document.dispatchEvent(new Event('resume')))
  expect(await toldTo(first, 1)).toEqual([{ type: 'resync' }])
  await second.evaluate(async (given) => (await window.konserve.connectStore(given)).set('k', 20), config)
  expect(await toldTo(first, 2)).toEqual([{ type: 'resync' }, { type: 'set', key: 'k' }])
})

test('a tab that had written just before another one watched makes it read again', async () => {
  const [first, second] = tabs as [Page, Page]
  await open(first)
  await second.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('k', 1)
  }, config)
  await first.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    window.told = []
    store.watch({}, (event) => window.told.push(event))
  }, config)
  expect(await toldTo(first, 1)).toEqual([{ type: 'resync' }])
})

test('while nobody watches nothing is numbered; while somebody does, the marks do not pile up', async () => {
  const [first, second] = tabs as [Page, Page]
  const marks = (): Promise<number> =>
    second.evaluate(async (given) => {
      const store = await window.konserve.connectStore(given)
      // By now an answer would have come.
      await new Promise((resolve) => setTimeout(resolve, 2100))
      for (let i = 0; i < 200; i++) await store.set(`k${i}`, i)
      const database = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open(`konserve-${given.id}`)
        request.onsuccess = () => resolve(request.result)
      })
      const count = await new Promise<number>((resolve) => {
        const request = database.transaction('commits').objectStore('commits').count()
        request.onsuccess = () => resolve(request.result)
      })
      database.close()
      return count
    }, config)
  expect(await marks()).toBe(0)
  await watch(first)
  const left = await marks()
  expect(left).toBeGreaterThan(0)
  expect(left).toBeLessThan(140)
  expect(await toldTo(first, 200)).toHaveLength(200)
}, 60_000)
