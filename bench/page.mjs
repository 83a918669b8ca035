import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../scripts/bundle.mjs'
import { openChromium } from '../scripts/chromium.mjs'
import { openFirefox } from '../scripts/firefox.mjs'
import { serve } from '../scripts/serve.mjs'
import { openWebKit } from '../scripts/webkit.mjs'

/** The browsers that a suite can run in, each opened with a folder for its profile. */
export const BROWSERS = {
  chromium: { name: 'Chromium', open: openChromium },
  firefox: { name: 'Firefox', open: openFirefox },
  webkit: { name: 'WebKitGTK', open: openWebKit },
}

/** The suites of what only a browser has. */
export const ONLY_IN_PAGE = ['indexeddb']

/** A page with these has the finest clock that its browser gives: without them it steps by up to 1 ms. */
const ISOLATED = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' }

/**
 * Run a suite in a page of a browser, bundled as an app is.
 *
 * @param {keyof typeof BROWSERS} browser
 * @param {string} suite
 * @param {import('./harness.mjs').Options} options
 * @returns {Promise<{ environment: string, results: import('./harness.mjs').Result[] }>} `environment`: name and version
 */
export async function runInPage(browser, suite, options) {
  const folder = mkdtempSync(join(tmpdir(), 'konserve-bench-'))
  const root = fileURLToPath(new URL('..', import.meta.url))
  try {
    const { code } = await bundle(root, `export { run } from './bench/suites/${suite}.mjs'`, ['browser'])
    writeFileSync(join(folder, 'suite.js'), code)
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Benchmark</title>')
    const server = await serve(folder, ISOLATED)
    try {
      const { name, open } = BROWSERS[browser]
      const context = await open(join(folder, 'profile'))
      try {
        const page = await context.newPage()
        await page.goto(server.url)
        const script = `import('${server.url}suite.js').then(({ run }) => run(${JSON.stringify(options)}))`
        return { environment: `${name} ${context.browser()?.version()}`, results: await page.evaluate(script) }
      } finally {
        await context.close()
      }
    } finally {
      await server.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
