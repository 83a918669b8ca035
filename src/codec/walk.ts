import { UnserializableValueError } from '../base/errors.ts'
import { DEFAULT_LIMITS, exceeded, isStackOverflow, type Limits } from './limits.ts'

// How deep the walk is, and of each enclosing container what it is and which segment was taken in it, if it has any.
export let depth = 0
export let path: (string | number | undefined)[] = []
let ancestors: (object | undefined)[] = []
let maxDepth = 0
let failure: unknown

/**
 * Let `fn` walk through a value to be stored. What a getter, a proxy or a registered type throws meanwhile becomes the cause of
 * an error of ours. A registered type may walk on its own account.
 */
export function walk<T>(
  fn: (value: unknown, limits: Partial<Limits> | undefined) => T,
  value: unknown,
  limits: Partial<Limits> | undefined,
): T {
  const outerDepth = depth
  const outerMaxDepth = maxDepth
  const outerPath = path
  const outerAncestors = ancestors
  if (depth > 0) {
    path = []
    ancestors = []
  }
  depth = 0
  maxDepth = limits?.depth ?? DEFAULT_LIMITS.depth
  try {
    return fn(value, limits)
  } catch (error) {
    const ours = error === failure && failure !== undefined
    failure = undefined
    const explained = ours ? error : explain(error)
    ancestors.length = 0
    throw explained
  } finally {
    depth = outerDepth
    maxDepth = outerMaxDepth
    path = outerPath
    ancestors = outerAncestors
  }
}

export function enter(container: object): void {
  for (let i = depth; i-- > 0;) if (ancestors[i] === container) refuse('a cyclic reference')
  if (depth >= maxDepth) fail(exceeded(`${maxDepth} levels`))
  ancestors[depth] = container
  path[depth++] = undefined
}

export function leave(): void {
  ancestors[--depth] = undefined
}

/** Name the segment that is taken next in the innermost container: an index, or a key of an object or a Map. */
export function step(key: unknown): void {
  path[depth - 1] =
    typeof key === 'string' || typeof key === 'number'
      ? key
      : typeof key === 'bigint'
        ? `${key}n`
        : typeof key === 'object'
          ? Object.prototype.toString.call(key)
          : String(key)
}

export function refuse(reason: string): never {
  fail(refusal(reason))
}

/** Throw an error that the walk does not explain. */
export function fail(error: unknown): never {
  failure = error
  throw error
}

function explain(error: unknown): unknown {
  if (isStackOverflow(error)) return exceeded(`${depth} levels`, { cause: error })
  return refusal(`what throws when it is read${error instanceof Error ? ` (${error.message})` : ''}`, { cause: error })
}

function refusal(reason: string, details?: { cause: unknown }): UnserializableValueError {
  const segments = path.slice(0, depth).filter((segment) => segment !== undefined)
  return new UnserializableValueError(reason, segments, details)
}
