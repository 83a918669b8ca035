import { firefox } from 'playwright'
import { findProgram } from './programs.mjs'

/** What to tell a user whose machine has no Firefox. */
export const MISSING_FIREFOX =
  'No Firefox was found: install one (`apt-get install firefox-esr`), or set KONSERVE_FIREFOX to the path of one.'

/**
 * The Firefox to test with: the one that KONSERVE_FIREFOX names, else the one on the PATH.
 *
 * @returns {string | undefined}
 */
export function findFirefox() {
  return findProgram(['KONSERVE_FIREFOX'], ['firefox', 'firefox-esr'])
}

/**
 * How Playwright starts a Firefox that it has not built itself.
 *
 * @returns {{ channel: string, executablePath: string }}
 */
export function firefoxLaunchOptions() {
  const executablePath = findFirefox()
  if (executablePath === undefined) throw new Error(MISSING_FIREFOX)
  return { channel: 'moz-firefox', executablePath }
}

/**
 * A headless Firefox whose storage is on disk, in the folder `profile`. A page that is driven counts as one that is being
 * debugged, in which every promise records the stack that it was made on: 4 µs in the place of half a one. Not here.
 *
 * @param {string} profile
 * @returns {Promise<import('playwright').BrowserContext>}
 */
export function openFirefox(profile) {
  const firefoxUserPrefs = { 'javascript.options.asyncstack': false }
  return firefox.launchPersistentContext(profile, { headless: true, ...firefoxLaunchOptions(), firefoxUserPrefs })
}
