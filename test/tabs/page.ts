import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { BrowserContext, Page } from 'playwright'
import { build } from 'vite'
import { openChromium } from '../../scripts/chromium.mjs'
import { serve } from '../../scripts/serve.mjs'

/** The functions that a page has as `konserve`. */
export type Konserve = typeof import('../../src/browser.ts')

declare global {
  interface Window {
    konserve: Konserve
  }
}

/** A browser with its profile on disk, and a page with the library in it. */
export interface Browser {
  /** A new tab on the page. */
  tab(): Promise<Page>
  /** Close the browser, and open it again with the same profile. */
  restart(): Promise<void>
  close(): Promise<void>
}

/** Opens a browser on a profile. */
export type OpenContext = (profile: string) => Promise<BrowserContext>

export async function openBrowser(open: OpenContext = openChromium): Promise<Browser> {
  const folder = mkdtempSync(join(tmpdir(), 'konserve-tabs-'))
  const site = join(folder, 'site')
  const profile = join(folder, 'profile')
  await buildSite(site)
  // Frames without an origin import the library, too.
  const server = await serve(site, { 'access-control-allow-origin': '*' })
  let context: BrowserContext
  try {
    context = await open(profile)
  } catch (error) {
    await server.close()
    throw error
  }
  return {
    async tab() {
      const page = await context.newPage()
      await page.goto(server.url)
      await page.waitForFunction(() => 'konserve' in window)
      return page
    },
    async restart() {
      await context.close()
      context = await open(profile)
    },
    async close() {
      await context.close()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The page, and the library, as files. */
export async function buildSite(site: string): Promise<void> {
  await buildForBrowser(site)
  writeFileSync(join(site, 'index.html'), PAGE)
}

const PAGE = `<!doctype html>
<meta charset="utf-8">
<title>konserve</title>
<link rel="icon" href="data:,">
<script type="module">
  import * as konserve from './konserve.js'
  window.konserve = konserve
</script>
`

/** The browser entry as one module. */
async function buildForBrowser(outDir: string): Promise<void> {
  await build({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    configFile: false,
    logLevel: 'silent',
    publicDir: false,
    build: {
      outDir,
      target: 'es2022',
      lib: { entry: 'src/browser.ts', formats: ['es'], fileName: () => 'konserve.js' },
      // The package's `sideEffects` names the modules of dist/, not those of src/.
      rolldownOptions: { treeshake: false },
    },
  })
}
