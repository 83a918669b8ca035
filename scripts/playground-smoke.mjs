import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { findChromium, MISSING_CHROMIUM, openChromium } from './chromium.mjs'
import { PLAYGROUND_CSP } from './playground-csp.mjs'
import { serve } from './serve.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const KEY = 'smoke'
const VALUE = { greeting: `hello ${Date.now()}` }

if (findChromium() === undefined) {
  console.error(MISSING_CHROMIUM)
  process.exit(1)
}
await build({ root, configFile: join(root, 'vite.config.ts'), logLevel: 'warn' })
const profile = await mkdtemp(join(tmpdir(), 'konserve-playground-'))
const server = await serve(join(root, 'dist-playground'), { 'content-security-policy': PLAYGROUND_CSP })
try {
  await smoke(server.url)
  console.log(
    `The playground set "${KEY}", was reloaded and closed, read it back, and showed what another tab wrote, under its strict CSP.`,
  )
} finally {
  await server.close()
  await rm(profile, { recursive: true, force: true })
}

/**
 * Set a key through the page; read it back after a reload, and again in a new browser on the same profile.
 *
 * @param {string} url
 */
async function smoke(url) {
  await visit(url, async (page) => {
    await page.fill('#key', KEY)
    await page.fill('#value', JSON.stringify(VALUE))
    await page.click('#save')
    await page.waitForSelector(`[data-key="${KEY}"]`)
    await page.reload()
    await expectValue(page)
    await expectOtherTabsWrite(page)
  })
  await visit(url, expectValue)
}

/**
 * Run `steps` in the page; an error that the page logs or throws, CSP violations among them, fails it.
 *
 * @param {string} url
 * @param {(page: import('playwright').Page) => Promise<void>} steps
 */
async function visit(url, steps) {
  const browser = await openChromium(profile)
  /** @type {string[]} */
  const errors = []
  try {
    const page = await browser.newPage()
    page.setDefaultTimeout(15_000)
    page.on('pageerror', (error) => errors.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.location().url.endsWith('/favicon.ico')) errors.push(message.text())
    })
    await page.goto(url)
    await steps(page).catch(async (error) => {
      const status = await page.textContent('#status', { timeout: 1000 }).catch(() => null)
      throw new Error([`The page's status is ${JSON.stringify(status)}.`, ...errors].join('\n'), { cause: error })
    })
  } finally {
    await browser.close()
  }
  if (errors.length > 0) throw new Error(`The page logged errors:\n${errors.join('\n')}`)
}

/**
 * What another tab writes appears without a reload.
 *
 * @param {import('playwright').Page} page
 */
async function expectOtherTabsWrite(page) {
  const other = await page.context().newPage()
  await other.goto(page.url())
  await other.fill('#key', `${KEY}-other`)
  await other.fill('#value', '1')
  await other.click('#save')
  await page.waitForSelector(`[data-key="${KEY}-other"]`)
  await other.close()
}

/** @param {import('playwright').Page} page */
async function expectValue(page) {
  await page.click(`[data-key="${KEY}"]`)
  await page.waitForFunction(
    ({ greeting }) => /** @type {HTMLTextAreaElement} */ (document.querySelector('#value')).value.includes(greeting),
    VALUE,
  )
}
