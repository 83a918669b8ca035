import type { Key } from '../base/entry.ts'
import { InvalidKeyError } from '../base/errors.ts'
import { isolateKey, sameKey } from './names.ts'

/** What keys start with: strings with a string, arrays with elements. */
export type Prefix = string | readonly Key[]

/** Which keys of a store a view sees, and under which keys of its own. */
export interface Scope {
  /** The store's key for the view's. */
  inner(key: Key): Key
  /** The view's key for the store's, `undefined` outside the view. */
  outer(key: Key | undefined): Key | undefined
  /** What those of the store's keys start with that start with `prefix` in the view. Others may, too. */
  start(prefix?: Prefix): Prefix | undefined
}

export const rootScope: Scope = {
  inner: (key) => key,
  outer: (key) => key,
  start: (prefix) => prefix,
}

/** The view of `parent` under `prefix`. */
export function subScope(parent: Scope, prefix: unknown): Scope {
  const start = toPrefix(prefix)
  const inner = (key: Key): Key => {
    if (typeof start !== 'string') return [...start, key]
    if (typeof key === 'string') return start + key
    throw new InvalidKeyError(`In the scope ${JSON.stringify(start)} keys are strings.`, { key })
  }
  const scope: Scope = {
    inner: (key) => parent.inner(inner(key)),
    outer(key) {
      const outer = parent.outer(key)
      if (!startsWith(outer, start)) return undefined
      if (typeof outer === 'string') return outer.slice(start.length)
      return outer.length === start.length + 1 ? outer.at(-1) : undefined
    },
    start: (within = '') =>
      parent.start(
        (typeof start === 'string' || (within && typeof within === 'string') ? inner(within) : start) as Prefix,
      ),
  }
  scope.start()
  return scope
}

/** A copy of what a caller gave as a prefix. */
export function toPrefix(prefix: unknown): Prefix {
  const copy = isolateKey(prefix)
  if (typeof copy === 'string' || Array.isArray(copy)) return copy
  throw new InvalidKeyError('A prefix is a string or an array of keys.', { key: prefix })
}

export function startsWith(key: Key | undefined, prefix: Prefix): key is string | readonly Key[] {
  if (typeof prefix === 'string') return typeof key === 'string' && key.startsWith(prefix)
  return (
    Array.isArray(key) && key.length >= prefix.length && prefix.every((element, i) => sameKey(element, key[i] as Key))
  )
}
