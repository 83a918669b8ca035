import type { Serializer } from '../base/entry.ts'
import { UnserializableValueError } from '../base/errors.ts'
import { clone } from './clone.ts'

/**
 * The platform's structured clone (HTML, section 2.7).
 *
 * @throws UNSERIALIZABLE_VALUE, whose cause is what the platform says
 */
export function platformClone<T>(value: T): T {
  try {
    return structuredClone(value)
  } catch (error) {
    throw uncloneable(error)
  }
}

/** How the values of a serializer are copied: a copy is what writing and reading would give. */
export function cloneBy(serializer: Serializer | undefined): <T>(value: T) => T {
  return serializer === 'structured-clone' ? platformClone : clone
}

/** What to report of a value that the platform does not clone, or does not store. */
export function uncloneable(cause: unknown): UnserializableValueError {
  const reason = `what the platform does not clone (${String(cause)})`
  return new UnserializableValueError(reason, [], { cause }, 'Leave it out, or convert it.')
}
