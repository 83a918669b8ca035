import { MissingDriverError } from '../base/errors.ts'

/** What a backend gets whose library cannot be loaded. */
export function missingDriver(name: string, cause: unknown): MissingDriverError {
  return new MissingDriverError(
    `The driver ${name} is not installed, or does not run on this platform. Install it: npm install ${name}`,
    { cause },
  )
}
