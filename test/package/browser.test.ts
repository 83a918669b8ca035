import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { BrowserContext, Page } from 'playwright'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import { openChromium } from '../../scripts/chromium.mjs'
import { serve } from '../../scripts/serve.mjs'

const project = inject('project')
const csp = "default-src 'none'; script-src 'self'"

/** An app that counts its own runs in an IndexedDB store and shows the count as its title. */
const app = `
  const config = { backend: 'indexeddb', id: 'c0b9a5e2-3d5f-4f57-8a34-6a1c8c3a7d55' }
  const store = await konserve.connectStore(config)
  const runs = ((await store.get('runs')) ?? 0) + 1
  await store.set('runs', runs)
  await konserve.releaseStore(config, store)
  document.title = 'run ' + runs
`

/** An app that keeps a secret in an IndexedDB store, compressed, and shows what it read and which files it took. */
const sealedApp = `
  const config = {
    backend: 'indexeddb',
    id: crypto.randomUUID(),
    compressor: 'lz4',
    encryptor: { type: 'xchacha20-poly1305', key: new Uint8Array(32).fill(7) },
  }
  const plain = await konserve.connectStore({ backend: 'memory', id: crypto.randomUUID() })
  await plain.set('a', 1)
  const files = () => performance.getEntriesByType('resource').map(({ name }) => name.split('/').pop().split('-')[0])
  const before = files()
  const store = await konserve.connectStore(config)
  await store.set('secret', 'word '.repeat(1000))
  await konserve.releaseStore(config, store)
  const again = await konserve.connectStore(config)
  const { length } = await again.get('secret')
  const wrong = { ...config, encryptor: { ...config.encryptor, key: new Uint8Array(32) } }
  await konserve.releaseStore(config, again)
  const refused = await konserve.connectStore(wrong).then(() => 'opened', ({ code }) => code)
  await konserve.deleteStore(config)
  const later = files().filter((name) => !before.includes(name))
  document.title = JSON.stringify({ length, refused, later })
`

/** An app that writes and reads many records by the codec alone, and shows what the page's policy allows. */
const codecApp = `
  import { decode, encode } from 'konserve-ts/cbor'
  const allows = (fn) => { try { fn(); return true } catch { return false } }
  const records = Array.from({ length: 100 }, (_, i) => ({ id: i, name: 'one', on: i % 2 === 0 }))
  const bytes = encode(records)
  document.title = JSON.stringify({
    wasm: allows(() => new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))),
    evaluation: allows(() => new Function('')),
    same: JSON.stringify(decode(bytes)) === JSON.stringify(records),
    bytes: bytes.length,
  })
`

/** An app that keeps a value in memory, for where there is no page. */
const memoryApp = (entry: string) => `
  import { connectStore } from '${entry}'
  const store = await connectStore({ backend: 'memory', id: 'c0b9a5e2-3d5f-4f57-8a34-6a1c8c3a7d56' })
  await store.set('a', [1, 2])
  export default await store.get('a')
`

describe('in Chromium', () => {
  let folder: string
  let browser: BrowserContext
  let server: { url: string; close: () => Promise<void> }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'konserve-pages-'))
    await mkdir(join(folder, 'pages'))
    server = await serve(join(folder, 'pages'), { 'content-security-policy': csp })
    browser = await openChromium(join(folder, 'profile'))
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  test.each(['konserve-ts', 'konserve-ts/js'])('a bundled import of %s keeps a value over a reload', async (entry) => {
    const { code } = await bundle(project, `import * as konserve from '${entry}'\n${app}`, ['browser'])
    const name = entry.replace('/', '-')
    await writeFile(join(folder, 'pages', `${name}.js`), code)
    await writeFile(
      join(folder, 'pages', `${name}.html`),
      `<title></title><script type="module" src="${name}.js"></script>`,
    )
    await expectRuns(`${name}.html`)
  })

  test.each([
    { policy: "script-src 'self'", later: ['transforms'] },
    { policy: "script-src 'self' 'wasm-unsafe-eval'", later: ['full'] },
  ])('an encrypted store loads only $later under the policy $policy', async ({ policy, later }) => {
    const code = `import * as konserve from 'konserve-ts'\n${sealedApp}`
    const { entry, files } = await bundle(project, code, ['browser'], { splits: true })
    await mkdir(join(folder, 'pages/assets'), { recursive: true })
    for (const [name, chunk] of files) await writeFile(join(folder, 'pages', name), chunk)
    await writeFile(join(folder, 'pages/sealed.html'), `<title></title><script type="module" src="${entry}"></script>`)
    expect(await shown('sealed.html', policy)).toEqual({ length: 5000, refused: 'DECRYPTION_FAILED', later })
  })

  test('the script tag takes what encrypts from beside itself, when it is needed', async () => {
    const dist = join(project, 'node_modules/konserve-ts/dist')
    for (const file of ['konserve.global.js', 'codec/wasm/full.js']) {
      await cp(join(dist, file), join(folder, 'pages/lib', file))
    }
    await writeFile(join(folder, 'pages/sealed.js'), `void (async () => {${sealedApp}})()`)
    const tags = '<script src="lib/konserve.global.js"></script><script src="sealed.js"></script>'
    await writeFile(join(folder, 'pages/sealed-tag.html'), `<title></title>${tags}`)
    expect(await shown('sealed-tag.html', "script-src 'self' 'wasm-unsafe-eval'")).toEqual({
      length: 5000,
      refused: 'DECRYPTION_FAILED',
      later: ['full.js'],
    })
  })

  test('the script tag defines konserve and keeps a value over a reload', async () => {
    const script = 'node_modules/konserve-ts/dist/konserve.global.js'
    await cp(join(project, script), join(folder, 'pages/konserve.global.js'))
    await writeFile(join(folder, 'pages/app.js'), `void (async () => {${app}})()`)
    const tags = '<script src="konserve.global.js"></script><script src="app.js"></script>'
    await writeFile(join(folder, 'pages/tag.html'), `<title></title>${tags}`)
    await expectRuns('tag.html')
  })

  test.each([
    { policy: "script-src 'self'", wasm: false, evaluation: false },
    { policy: "script-src 'self' 'wasm-unsafe-eval'", wasm: true, evaluation: false },
    { policy: "script-src 'self' 'unsafe-eval'", wasm: true, evaluation: true },
  ])('the codec reads and writes the same under the policy $policy', async ({ policy, wasm, evaluation }) => {
    const { code } = await bundle(project, codecApp, ['browser'])
    await writeFile(join(folder, 'pages', 'cbor.js'), code)
    await writeFile(join(folder, 'pages', 'cbor.html'), '<title></title><script type="module" src="cbor.js"></script>')
    expect(await shown('cbor.html', policy)).toEqual({ wasm, evaluation, same: true, bytes: 1878 })
  })

  /** What a page shows, as JSON in its title, under a policy of its own. */
  async function shown(path: string, policy: string): Promise<unknown> {
    const strict = await serve(join(folder, 'pages'), { 'content-security-policy': `default-src 'none'; ${policy}` })
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    try {
      await page.goto(strict.url + path)
      return JSON.parse(await title(page, errors))
    } finally {
      await page.close()
      await strict.close()
    }
  }

  async function expectRuns(path: string): Promise<void> {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(server.url + path)
    const first = await title(page, errors)
    await page.reload()
    const second = await title(page, errors)
    await page.evaluate(() =>
      indexedDB.databases().then((all) => all.forEach(({ name }) => indexedDB.deleteDatabase(name!))),
    )
    await page.close()
    expect([first, second, errors]).toEqual(['run 1', 'run 2', []])
  }
})

describe('bundles', () => {
  test.each([
    { entry: 'konserve-ts', conditions: ['browser'], as: 'the browser condition' },
    { entry: 'konserve-ts', conditions: ['workerd', 'worker'], as: 'the workerd condition' },
    { entry: 'konserve-ts', conditions: [], as: 'the default condition' },
    { entry: 'konserve-ts/js', conditions: [], as: 'the js entry' },
    { entry: 'konserve-ts/cbor', conditions: [], as: 'the codec by itself' },
    { entry: 'konserve-ts/testing', conditions: [], as: 'the testing entry' },
  ])('no module of $as imports one of Node', async ({ entry, conditions }) => {
    const { builtins } = await bundle(project, `export * from '${entry}'`, conditions)
    expect(builtins).toEqual([])
  })

  test('the modules of the node condition import those of Node, so that the check above sees them', async () => {
    const { builtins } = await bundle(project, `export * from 'konserve-ts'`, ['node'])
    expect(builtins.some((each) => /-> node:fs/.test(each))).toBe(true)
  })

  test.each([
    { name: 'default', entry: 'konserve-ts', conditions: [] },
    { name: 'js', entry: 'konserve-ts/js', conditions: [] },
  ])('the bundle of $name runs where there is no DOM', async ({ name, entry, conditions }) => {
    const { code } = await bundle(project, memoryApp(entry), conditions)
    const path = join(project, `${name}.bundle.mjs`)
    await writeFile(path, code)
    const module: { default: unknown } = await import(/* @vite-ignore */ pathToFileURL(path).href)
    expect(module.default).toEqual([1, 2])
  })
})

async function title(page: Page, errors: string[]): Promise<string> {
  await page
    .waitForFunction(() => document.title !== '', undefined, { timeout: 15_000 })
    .catch(() => {
      throw new Error(`The page did not finish. ${errors.join('\n')}`)
    })
  return page.title()
}
