import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig, type UserWorkspaceConfig } from 'vitest/config'
import type { BrowserProviderOption } from 'vitest/node'
import { bundledScripts } from './scripts/bundled-scripts.mjs'
import { findChromium, launchOptions } from './scripts/chromium.mjs'
import { findFirefox, firefoxLaunchOptions } from './scripts/firefox.mjs'
import { webkit } from './scripts/vitest-webkit.mjs'

const IN_EVERY_BROWSER = ['test/browser/contexts/*.test.ts', ...platformNeutral('test/codec')]

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/browser/**',
            'test/firefox/**',
            'test/system/**',
            'test/interop/**',
            'test/package/**',
            'test/runtimes/**',
            'test/services/**',
          ],
          testTimeout: 30_000,
          // Some proofs fill several stores before they begin.
          hookTimeout: 60_000,
        },
      },
      inBrowser('chromium', playwright({ launchOptions: findChromium() === undefined ? {} : launchOptions() }), [
        'test/browser/**/*.test.ts',
        ...platformNeutral('test/codec'),
        ...platformNeutral('test/store'),
      ]),
      inBrowser(
        'firefox',
        playwright({ launchOptions: findFirefox() === undefined ? {} : firefoxLaunchOptions() }),
        IN_EVERY_BROWSER,
      ),
      inBrowser('webkit', webkit(), IN_EVERY_BROWSER),
      // Driven from here, as those of Chromium in test/tabs are.
      { test: { name: 'firefox-tabs', include: ['test/firefox/**/*.test.ts'], testTimeout: 120_000 } },
      // Needs programs that look at the system, strace for one.
      { test: { name: 'system', include: ['test/system/**/*.test.ts'], testTimeout: 120_000 } },
      {
        test: {
          name: 'interop',
          include: ['test/interop/**/*.test.ts'],
          globalSetup: ['scripts/interop-tools.mjs'],
          testTimeout: 120_000,
        },
      },
      // Of real servers, and of the built package: `npm run build` comes first.
      {
        // What these import of src is taken from dist: calls that are not awaited are made in a thread, which loads that.
        resolve: { alias: [{ find: /^(?:\.\.\/)+src\/(.*)\.ts$/, replacement: `${import.meta.dirname}/dist/$1.js` }] },
        test: { name: 'services', include: ['test/services/**/*.test.ts'], testTimeout: 60_000, hookTimeout: 120_000 },
      },
      // Of the built package: `npm run build` comes first.
      { test: { name: 'runtimes', include: ['test/runtimes/**/*.test.ts'], testTimeout: 300_000 } },
      {
        test: {
          name: 'package',
          include: ['test/package/**/*.test.ts'],
          globalSetup: ['test/package/install.ts'],
          testTimeout: 120_000,
        },
      },
    ],
  },
})

function inBrowser(
  browser: 'chromium' | 'firefox' | 'webkit',
  provider: BrowserProviderOption,
  include: string[],
): UserWorkspaceConfig {
  return {
    optimizeDeps: {
      // Found late, each of these would make vite reload the page in the middle of a test.
      include: [
        '@noble/ciphers/aes.js',
        '@noble/ciphers/chacha.js',
        '@noble/hashes/sha2.js',
        'fast-check',
        'idb',
        'uuid',
      ],
    },
    plugins: [bundledScripts()],
    test: {
      name: browser,
      include,
      globalSetup: ['scripts/require-browser.mjs'],
      testTimeout: 30_000,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider,
        instances: [{ browser }],
      },
    },
  }
}

/** The tests under `folder` that import nothing of Node's, so that the browser runs them too. */
function platformNeutral(folder: string): string[] {
  const root = import.meta.dirname
  let names: string[]
  try {
    names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  } catch {
    return []
  }
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .filter((path) => !/from 'node:|import\('node:/.test(readFileSync(join(root, path), 'utf8')))
}
