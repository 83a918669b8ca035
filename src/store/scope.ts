import type { Key, Name } from '../base/entry.ts'
import { InvalidKeyError } from '../base/errors.ts'
import { namePrefix, sameKey, stringPrefix } from './names.ts'

/** Which keys of a store a view sees, and under which keys of its own. */
export interface Scope extends Step {
  /** Where to look for the view's keys under `prefix`. The names are a superset: `matches` decides, by the view's key. */
  range(prefix?: string | readonly Key[]): { readonly prefix: Name; matches(key: Key): boolean }
}

/** Keys that start with a string, or arrays that start with elements, the next of them perhaps with a string. */
type Pattern = { readonly string: string } | { readonly elements: readonly Key[]; readonly last?: string } | undefined

export const rootScope: Scope = makeScope({
  inner: (key) => key,
  outer: (key) => key,
  lift: (pattern) => pattern,
})

/** The view of `parent` under `prefix`. */
export function subScope(parent: Scope, prefix: unknown): Scope {
  const step =
    typeof prefix === 'string' ? stringStep(prefix) : Array.isArray(prefix) ? arrayStep([...prefix]) : undefined
  if (step === undefined) throw new InvalidKeyError('A scope is a string or an array of keys.', { key: prefix })
  const scope = makeScope({
    inner: (key) => parent.inner(step.inner(key)),
    outer: (key) => {
      const outer = parent.outer(key)
      return outer === undefined ? undefined : step.outer(outer)
    },
    lift: (pattern) => parent.lift(step.lift(pattern)),
  })
  scope.range()
  return scope
}

interface Step {
  /** The store's key for the view's. */
  inner(key: Key): Key
  /** The view's key for the store's, `undefined` outside the view. */
  outer(key: Key): Key | undefined
  /** What the store's keys look like whose keys in the view look so. */
  lift(pattern: Pattern): Pattern
}

function makeScope(step: Step): Scope {
  return {
    ...step,
    range(prefix) {
      const pattern = step.lift(toPattern(prefix))
      const name =
        pattern === undefined
          ? ''
          : 'string' in pattern
            ? stringPrefix(pattern.string)
            : namePrefix(pattern.elements, pattern.last)
      return { prefix: name, matches: (key) => startsWith(key, prefix) }
    },
  }
}

function stringStep(prefix: string): Step {
  return {
    inner(key) {
      if (typeof key === 'string') return prefix + key
      throw new InvalidKeyError(`In the scope ${JSON.stringify(prefix)} keys are strings.`, { key })
    },
    outer: (key) => (typeof key === 'string' && key.startsWith(prefix) ? key.slice(prefix.length) : undefined),
    lift(pattern) {
      if (pattern === undefined) return { string: prefix }
      if ('string' in pattern) return { string: prefix + pattern.string }
      throw new InvalidKeyError(
        `In the scope ${JSON.stringify(prefix)} keys are strings, so no array can lead to them.`,
      )
    },
  }
}

function arrayStep(elements: readonly Key[]): Step {
  return {
    inner: (key) => [...elements, key],
    outer: (key) =>
      Array.isArray(key) && key.length === elements.length + 1 && startsWith(key, elements)
        ? (key.at(-1) as Key)
        : undefined,
    lift: (pattern) => (pattern && 'string' in pattern ? { elements, last: pattern.string } : { elements }),
  }
}

function toPattern(prefix: unknown): Pattern {
  if (prefix === undefined) return undefined
  if (typeof prefix === 'string') return { string: prefix }
  if (Array.isArray(prefix)) return { elements: prefix as Key[] }
  throw new InvalidKeyError('A prefix is a string, for strings that start so, or an array, for arrays that start so.', {
    key: prefix,
  })
}

function startsWith(key: Key, prefix: string | readonly Key[] | undefined): boolean {
  if (prefix === undefined) return true
  if (typeof prefix === 'string') return typeof key === 'string' && key.startsWith(prefix)
  return (
    Array.isArray(key) && key.length >= prefix.length && prefix.every((element, i) => sameKey(element, key[i] as Key))
  )
}
