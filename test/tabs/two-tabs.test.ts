import type { Page } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src/browser.ts'
import { type Browser, openBrowser } from './page.ts'

let browser: Browser
let tabs: [Page, Page]
let config: { backend: 'indexeddb'; id: string }

beforeAll(async () => {
  browser = await openBrowser()
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  tabs = [await browser.tab(), await browser.tab()]
  config = { backend: 'indexeddb', id: crypto.randomUUID() }
})
afterEach(() => Promise.all(tabs.map((tab) => tab.close())))

type Config = typeof config

/** Run `fn` in both tabs at the same moment. */
async function inBoth<T>(fn: (given: { config: Config; start: number; tab: number }) => Promise<T>): Promise<T[]> {
  const start = Date.now() + 500
  return Promise.all(tabs.map((page, tab) => page.evaluate(fn, { config, start, tab })))
}

test('2 tabs with 500 updates each on one key give exactly 1,000', async () => {
  const answers = await inBoth(async ({ config, start }) => {
    const store = await window.konserve.connectStore(config)
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
    const results: number[] = []
    // Five at a time, so that the two tabs take turns.
    for (let i = 0; i < 100; i++) {
      const updates = Array.from({ length: 5 }, () => store.update('n', (n: number = 0) => n + 1))
      for (const [, next] of await Promise.all(updates)) results.push(next)
    }
    return results
  })
  const all = answers.flat().sort((a, b) => a - b)
  expect(all).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
  // They really ran at once: neither tab's answers are one run of numbers.
  for (const results of answers) expect(results.at(-1)! - results[0]!).toBeGreaterThan(499)
  const values = await inBoth(async ({ config }) => (await window.konserve.connectStore(config)).get('n'))
  expect(values).toEqual([1000, 1000])
})

test('2 tabs with 500 updates all at once give exactly 1,000, under a tier of their own too', async () => {
  const answers = await inBoth(async ({ config, start, tab }) => {
    const store = await window.konserve.connectStore(
      tab === 0
        ? config
        : {
            backend: 'tiered',
            id: config.id,
            frontendConfig: { backend: 'memory' },
            backendConfig: { backend: 'indexeddb' },
          },
    )
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
    const updates = Array.from({ length: 500 }, () => store.update('n', (n: number = 0) => n + 1))
    return (await Promise.all(updates)).map(([, next]) => next)
  })
  expect(answers.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1))
  const value = await tabs[0].evaluate(async (given) => (await window.konserve.connectStore(given)).get('n'), config)
  expect(value).toBe(1000)
})

test('of 16 createStore at once over two tabs one wins, and 15 find that the store exists', async () => {
  for (let round = 0; round < 5; round++) {
    config = { backend: 'indexeddb', id: crypto.randomUUID() }
    const codes = await inBoth(async ({ config, start }) => {
      await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
      const made = await Promise.allSettled(Array.from({ length: 8 }, () => window.konserve.createStore(config)))
      return made.map((each) => (each.status === 'fulfilled' ? 'made' : String((each.reason as { code: string }).code)))
    })
    expect(codes.flat().sort()).toEqual([...Array.from({ length: 15 }, () => 'STORE_EXISTS'), 'made'])
  }
})

test('16 connectStore at once over two tabs all give the same store', async () => {
  const done = await inBoth(async ({ config, start }) => {
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
    const stores = await Promise.all(Array.from({ length: 8 }, () => window.konserve.connectStore(config)))
    await Promise.all(stores.map((store) => store.update('n', (n: number = 0) => n + 1)))
    return stores.length
  })
  expect(done).toEqual([8, 8])
  const value = await tabs[1].evaluate(async (given) => (await window.konserve.connectStore(given)).get('n'), config)
  expect(value).toBe(16)
})

test('withLock lets one tab in at a time', async () => {
  const spans = await inBoth(async ({ config, start }) => {
    const store = await window.konserve.connectStore(config)
    await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
    const own: [from: number, until: number][] = []
    const enter = (): Promise<void> =>
      store.withLock('door', async () => {
        const from = Date.now()
        // Without the lock, this read and write would lose some of the other tab's.
        const n = ((await store.get('door', { default: 0 })) as number) + 1
        await new Promise((resolve) => setTimeout(resolve, 15))
        await store.set('door', n)
        own.push([from, Date.now()])
      })
    await Promise.all(Array.from({ length: 10 }, enter))
    return own
  })
  const value = await tabs[0].evaluate(async (given) => (await window.konserve.connectStore(given)).get('door'), config)
  expect(value).toBe(20)
  const inOrder = spans.flat().sort(([a], [b]) => a - b)
  expect(inOrder).toHaveLength(20)
  for (const [i, [from]] of inOrder.entries()) expect(from).toBeGreaterThanOrEqual(inOrder[i - 1]?.[1] ?? 0)
})

test('deleteStore in one tab ends in time while another has the store open, which gets a typed error', async () => {
  const [first, second] = tabs
  await second.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('a', 1)
    Object.assign(window, { store })
  }, config)
  const took = await first.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('b', 2)
    const started = performance.now()
    await window.konserve.deleteStore(given)
    const exists = await window.konserve.storeExists(given)
    return { milliseconds: performance.now() - started, exists }
  }, config)
  expect(took.exists).toBe(false)
  expect(took.milliseconds).toBeLessThan(3000)
  const codes = await second.evaluate(async () => {
    const { store } = window as unknown as { store: Store }
    const calls = [
      store.get('a'),
      store.set('a', 2),
      store.update('a', () => 3),
      store.append('log', 1),
      store.has('a'),
    ]
    const ended = await Promise.allSettled(calls)
    return ended.map((each) => {
      if (each.status === 'fulfilled') return 'answered'
      const { code, key, name } = each.reason as { code: string; key: unknown; name: string }
      return `${name} ${code} ${String(key)}`
    })
  })
  expect(codes).toEqual(['a', 'a', 'a', 'log', 'a'].map((key) => `StorageUnavailableError STORAGE_UNAVAILABLE ${key}`))
  // The place is free: a new store has nothing of the old one.
  const keys = await first.evaluate(async (given) => {
    const store = await window.konserve.createStore(given)
    const found: unknown[] = []
    for await (const key of store.keys()) found.push(key)
    await store.set('c', 3)
    return found
  }, config)
  expect(keys).toEqual([])
  const value = await second.evaluate(async (given) => {
    const { store } = window as unknown as { store: Store }
    await window.konserve.releaseStore(given, store)
    return (await window.konserve.connectStore(given)).get('c')
  }, config)
  expect(value).toBe(3)
})

test('deleteStore in one tab while another writes without pause neither hangs nor leaves half a store', async () => {
  const [first, second] = tabs
  const writing = second.evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    for (let n = 0; ; n++) {
      try {
        await store.set(`key-${n}`, { n })
      } catch (error) {
        return { n, code: (error as { code: string }).code }
      }
    }
  }, config)
  await first.evaluate(async (given) => {
    await window.konserve.connectStore(given)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await window.konserve.deleteStore(given)
  }, config)
  const { n, code } = await writing
  expect(n).toBeGreaterThan(10)
  expect(code).toBe('STORAGE_UNAVAILABLE')
  const exists = await first.evaluate((given) => window.konserve.storeExists(given), config)
  expect(exists).toBe(false)
})

test('what was stored is there after the browser was closed and opened again', async () => {
  const stored = await tabs[0].evaluate(async (given) => {
    const store = await window.konserve.connectStore(given)
    await store.set('map', new Map([['a', new Date(5)]]), { meta: { author: 'a' } })
    await store.setBinary(
      'large',
      new Uint8Array(2_500_000).map((_, i) => i * 7),
    )
    for (let i = 0; i < 20; i++) await store.append('log', i)
    await store.flush()
    return (await store.getMeta('map'))?.lastWrite.getTime()
  }, config)
  await browser.restart()
  tabs = [await browser.tab(), await browser.tab()]
  const found = await tabs[1].evaluate(async (given) => {
    const store = await window.konserve.connectStore(given, { create: false })
    const map = (await store.get('map')) as Map<string, Date>
    const meta = await store.getMeta('map')
    const large = (await store.getBinary('large'))!
    return {
      time: map.get('a')?.getTime(),
      author: meta?.['author'],
      lastWrite: meta?.lastWrite.getTime(),
      whole: large.length === 2_500_000 && large.every((byte, i) => byte === ((i * 7) & 255)),
      log: await store.log('log'),
    }
  }, config)
  expect(found).toEqual({ time: 5, author: 'a', lastWrite: stored, whole: true, log: [...Array(20).keys()] })
}, 60_000)
