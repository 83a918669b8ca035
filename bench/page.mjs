import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from '../scripts/bundle.mjs'
import { openChromium } from '../scripts/chromium.mjs'
import { serve } from '../scripts/serve.mjs'

/**
 * Run a suite in a page of Chromium, bundled as an app is.
 *
 * @param {string} suite
 * @param {{ rounds: number }} options
 * @returns {Promise<import('./harness.mjs').Result[]>}
 */
export async function runInPage(suite, options) {
  const folder = mkdtempSync(join(tmpdir(), 'konserve-bench-'))
  const root = fileURLToPath(new URL('..', import.meta.url))
  const { code } = await bundle(root, `export { run } from './bench/suites/${suite}.mjs'`, ['browser'])
  writeFileSync(join(folder, 'suite.js'), code)
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Benchmark</title>')
  const server = await serve(folder)
  const context = await openChromium(join(folder, 'profile'))
  try {
    const page = await context.newPage()
    await page.goto(server.url)
    return await page.evaluate(async ({ url, given }) => (await import(url)).run(given), {
      url: `${server.url}suite.js`,
      given: options,
    })
  } finally {
    await context.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
