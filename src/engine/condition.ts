import type { BlobOp, Condition } from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { ConflictError } from '../base/errors.ts'

/** @throws CONFLICT if `found`, the version of what is under `name`, is not the expected one. */
export function checkVersion(name: Name, found: Version | null = null, { ifVersion = found }: Condition): void {
  if (ifVersion !== found) throw conflict(name)
}

/** The error of a write whose entry is not at the version that it expects. */
export function conflict(name: Name): ConflictError {
  return new ConflictError(`The entry ${name} is not at the expected version.`)
}

/** What an operation is on. */
export function nameOf(op: BlobOp): Name {
  return 'put' in op ? op.put[0] : op.delete
}
