import type { Condition } from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { ConflictError } from '../base/errors.ts'

/** @throws CONFLICT if `found`, the version of what is under `name`, is not the expected one. */
export function checkVersion(name: Name, found: Version | null = null, { ifVersion = found }: Condition): void {
  if (ifVersion !== found) throw new ConflictError(`The entry ${name} is not at the expected version.`)
}
