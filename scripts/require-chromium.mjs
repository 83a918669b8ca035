import { findChromium, MISSING_CHROMIUM } from './chromium.mjs'

/** Global set-up of the tests that run in the browser: says what is missing before Playwright does. */
export default function requireChromium() {
  if (findChromium() === undefined) throw new Error(MISSING_CHROMIUM)
}
