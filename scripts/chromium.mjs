import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright'
import { findProgram } from './programs.mjs'

/** What to tell a user whose machine has no browser for the tests. */
export const MISSING_CHROMIUM =
  'No Chromium was found: install one (`npx playwright install --with-deps chromium`, or `apt-get install chromium`), ' +
  'or set KONSERVE_CHROMIUM to the path of a Chromium or Chrome.'

/**
 * The Chromium to test with: the one that KONSERVE_CHROMIUM or CHROMIUM_PATH names, else Playwright's own, else one on
 * the PATH.
 *
 * @returns {string | undefined}
 */
export function findChromium() {
  const names = [chromium.executablePath(), 'chromium', 'chromium-browser', 'google-chrome']
  return findProgram(['KONSERVE_CHROMIUM', 'CHROMIUM_PATH'], names)
}

/**
 * How Playwright starts it: without a sandbox, which the root user of a container cannot have, and without the services
 * that reach for the network.
 *
 * @returns {{ executablePath: string, chromiumSandbox: boolean, args: string[] }}
 */
export function launchOptions() {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error(MISSING_CHROMIUM)
  return {
    executablePath,
    chromiumSandbox: false,
    args: [
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  }
}

/**
 * A headless browser whose storage is on disk, in the folder `profile`. (That of a plain context is in memory.)
 *
 * @param {string} profile
 * @returns {Promise<import('playwright').BrowserContext>}
 */
export function openChromium(profile) {
  return chromium.launchPersistentContext(profile, { headless: true, ...launchOptions() })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const path = findChromium()
  console.log(path ?? MISSING_CHROMIUM)
  if (path === undefined) process.exitCode = 1
}
