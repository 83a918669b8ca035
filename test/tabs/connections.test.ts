import type { Page } from 'playwright'
import { chromium } from 'playwright'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { launchOptions } from '../../scripts/chromium.mjs'
import type { Store } from '../../src/browser.ts'
import { type Browser, openBrowser } from './page.ts'

let browser: Browser
let tabs: [Page, Page]
let config: { backend: 'indexeddb'; id: string; name: string }

declare global {
  interface Window {
    store: Store
  }
}

beforeAll(async () => {
  // Playwright turns the back/forward cache off.
  browser = await openBrowser((profile) =>
    chromium.launchPersistentContext(profile, {
      headless: true,
      ...launchOptions(),
      ignoreDefaultArgs: ['--disable-back-forward-cache'],
    }),
  )
}, 60_000)
afterAll(() => browser?.close())
beforeEach(async () => {
  const id = crypto.randomUUID()
  config = { backend: 'indexeddb', id, name: `connections-${id}` }
  tabs = [await browser.tab(), await browser.tab()]
  await tabs[0].evaluate(async (given) => {
    window.store = await window.konserve.connectStore(given)
    await window.store.set('a', 1)
  }, config)
})
afterEach(() => Promise.all(tabs.map((tab) => tab.close())))

/** How calls on the first tab's store end: what they answer, or the code and message of their errors. */
function calls(): Promise<unknown[]> {
  return tabs[0].evaluate(async () => {
    const { store } = window
    const ended = await Promise.allSettled([store.get('a'), store.set('b', 2), store.update('a', (n: number) => n + 1)])
    return ended.map((each) => {
      if (each.status === 'fulfilled') return each.value ?? null
      const { code, message } = each.reason as { code: string; message: string }
      return [code, message.includes('connect again')]
    })
  })
}

const GONE = ['STORAGE_UNAVAILABLE', true]

/** Open the database in the second tab without the library, at a version, and do something with it. */
function raw<T>(version: number | undefined, use: 'keep' | 'close'): Promise<T> {
  return tabs[1].evaluate(
    ([name, wanted, then]) =>
      new Promise<T>((resolve, reject) => {
        const request = indexedDB.open(name, wanted)
        request.onerror = () => reject(request.error!)
        request.onsuccess = () => {
          if (then === 'close') request.result.close()
          resolve(undefined as T)
        }
      }),
    [config.name, version, use] as const,
  )
}

test('when the browser closes a connection by force, the database is opened again, and no call fails', async () => {
  await tabs[0].evaluate(() => {
    const open = indexedDB.open.bind(indexedDB)
    const counted = Object.assign(window, { opened: 0, settled: undefined as unknown })
    indexedDB.open = (...args) => (counted.opened++, open(...args))
    const writing = async (): Promise<void> => {
      for (let n = 0; counted.opened === 0; n++) await window.store.set('c', n)
    }
    counted.settled = writing().then(
      () => 'done',
      (error) => String(error),
    )
  })
  await tabs[1].goto('chrome://indexeddb-internals')
  await tabs[1].locator('.force-close').first().click()
  // Writes were under way all the time.
  expect(await tabs[0].evaluate(() => (window as unknown as { settled: Promise<string> }).settled)).toBe('done')
  expect(await calls()).toEqual([1, null, [1, 2]])
})

test('after the browser has cleared the data of the site, calls say to connect again, and that works', async () => {
  const session = await tabs[0].context().newCDPSession(tabs[0])
  const origin = new URL(tabs[0].url()).origin
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  expect(await calls()).toEqual([GONE, GONE, GONE])
  const answers = await tabs[0].evaluate(async (given) => {
    await window.konserve.releaseStore(given, window.store)
    window.store = await window.konserve.connectStore(given)
    await window.store.set('a', 5)
    return [await window.store.get('a'), (await window.store.get('b')) ?? null]
  }, config)
  expect(answers).toEqual([5, null])
})

test('a store that another tab has deleted is gone, also if there is a new one of the same id in its place', async () => {
  await tabs[1].evaluate(async (given) => {
    await window.konserve.deleteStore(given)
    window.store = await window.konserve.createStore(given)
    await window.store.set('a', 'new')
  }, config)
  expect(await calls()).toEqual([GONE, GONE, GONE])
  const left = await tabs[1].evaluate(async () => [await window.store.get('a'), await window.store.has('b')])
  expect(left).toEqual(['new', false])
})

test('another tab can raise the version of the database, and calls go on', async () => {
  await raw(2, 'keep')
  expect(await calls()).toEqual([1, null, [1, 2]])
})

test('what is under way when another tab raises the version is done', async () => {
  const writing = tabs[0].evaluate(async () => {
    const writes = []
    for (let i = 0; i < 40; i++) {
      writes.push(
        window.store.set(`key-${i}`, i),
        window.store.update('n', (n: number = 0) => n + 1),
      )
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await Promise.all(writes)
    return window.store.get('n')
  })
  for (const version of [2, 3, 4]) await raw(version, 'close')
  expect(await writing).toBe(40)
})

test('when space runs out, only what does not fit fails, with how much is used, and nothing is lost', async () => {
  // Another origin: the browser remembers for a while how much room the one before has.
  const tab = tabs[0]
  await tab.goto(tab.url().replace('127.0.0.1', 'localhost'))
  await tab.waitForFunction(() => 'konserve' in window)
  const session = await tab.context().newCDPSession(tab)
  const { origin } = new URL(tab.url())
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 2_000_000 })
  await tab.evaluate(async (given) => {
    window.store = await window.konserve.connectStore(given)
    await window.store.set('a', 1)
  }, config)
  const ended = await tabs[0].evaluate(async () => {
    const { store } = window
    // Browsers compress.
    const noise = (size: number): Uint8Array => new Uint8Array(size).map(() => Math.random() * 256)
    const writes = [
      store.set('small-1', 1),
      store.set('large', noise(4_000_000)),
      store.set(
        'too-large',
        Array.from({ length: 5 }, () => noise(900_000)),
      ),
      store.set('small-2', 2),
      store.update('a', (n: number) => n + 1),
    ]
    const settled = await Promise.allSettled(writes)
    const errors = settled.map((each) =>
      each.status === 'rejected' ? (each.reason as Record<string, unknown>) : undefined,
    )
    return {
      errors: errors.map(
        (error) => error && [error['code'], typeof error['usage'], typeof error['quota'], error['key']],
      ),
      kept: [
        await store.get('small-1'),
        await store.get('small-2'),
        await store.get('a'),
        await store.has('too-large'),
      ],
    }
  })
  const refused = (key: string): unknown[] => ['QUOTA_EXCEEDED', 'number', 'number', key]
  expect(ended.errors).toEqual([undefined, refused('large'), refused('too-large'), undefined, undefined])
  expect(ended.kept).toEqual([1, 2, 2, false])
  await session.send('Storage.overrideQuotaForOrigin', { origin })
  const stored = await tabs[0].evaluate(async () => {
    await window.store.set('too-large', new Uint8Array(5_000_000))
    return window.store.has('too-large')
  })
  expect(stored).toBe(true)
}, 60_000)

test('where a page may not store anything, connecting says so', async () => {
  const end = await tabs[0].evaluate(async () => {
    // It has no origin of its own.
    const frame = document.createElement('iframe')
    frame.sandbox.add('allow-scripts')
    const told = new Promise((resolve) => addEventListener('message', ({ data }) => resolve(data), { once: true }))
    frame.srcdoc = `<script type="module">
      import { connectStore } from '${location.origin}/konserve.js'
      const config = { backend: 'indexeddb', id: '7b1d2f54-0c1e-4a3b-9a57-6f0e2d1c3b4a' }
      connectStore(config)
        .then(() => 'connected', ({ code, name, message }) => [code, name, message.includes('Let this site store data')])
        .then((end) => parent.postMessage(end, '*'))
    </script>`
    document.body.append(frame)
    return told
  })
  expect(end).toEqual(['STORAGE_UNAVAILABLE', 'StorageUnavailableError', true])
})

// Chromium may drop the page, as when memory is short: then there is nothing to come back to.
test('a page in the back/forward cache blocks no other tab, and goes on when it comes back', { retry: 2 }, async () => {
  const [first, second] = tabs
  const elsewhere = first.url().replace('127.0.0.1', 'localhost')
  await first.evaluate(() => {
    Object.assign(window, { persisted: false })
    addEventListener('pageshow', ({ persisted }) => Object.assign(window, { persisted }))
    window.store.watch({}, (event) => Object.assign(window, { told: event.type }))
  })
  await first.goto(elsewhere)
  await raw(2, 'close')
  await second.evaluate(async (given) => {
    window.store = await window.konserve.connectStore(given)
    await window.store.set('a', 'from the other tab')
  }, config)
  await first.goBack({ waitUntil: 'commit' })
  await first.waitForFunction(() => (window as unknown as { persisted: boolean }).persisted)
  expect(await first.evaluate(() => window.store.get('a'))).toBe('from the other tab')
  expect(await first.evaluate(() => (window as unknown as { told: string }).told)).toBe('resync')
  await first.goto(elsewhere)
  await second.evaluate((given) => window.konserve.deleteStore(given), config)
  await first.goBack({ waitUntil: 'commit' })
  expect(await calls()).toEqual([GONE, GONE, GONE])
})
