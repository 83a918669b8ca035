import { findChromium, MISSING_CHROMIUM } from './chromium.mjs'
import { findFirefox, MISSING_FIREFOX } from './firefox.mjs'
import { findMiniBrowser, findWebKit, MISSING_WEBKIT } from './webkit.mjs'

/**
 * Global set-up of the tests that run in a browser, each project named for its own: says what is missing before the
 * browser's driver does.
 *
 * @param {{ name: string }} project
 */
export default function requireBrowser({ name }) {
  if (name.startsWith('chromium') && findChromium() === undefined) throw new Error(MISSING_CHROMIUM)
  if (name.startsWith('firefox') && findFirefox() === undefined) throw new Error(MISSING_FIREFOX)
  if (name.startsWith('webkit') && !(findWebKit() && findMiniBrowser())) throw new Error(MISSING_WEBKIT)
}
