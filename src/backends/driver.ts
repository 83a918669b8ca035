import { createRequire } from 'node:module'
import { missingDriver } from './missing-driver.ts'

const require = createRequire(import.meta.url)

/**
 * A driver of Node's, loaded when the first store needs it: at once, so that a synchronous call can open a store.
 * MISSING_DRIVER where it is not installed, or has no binary for this platform.
 */
export function requireDriver<Driver>(name: string): Driver {
  try {
    return require(name) as Driver
  } catch (cause) {
    throw missingDriver(name, cause)
  }
}
