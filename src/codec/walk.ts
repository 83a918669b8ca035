import { UnserializableValueError } from '../base/errors.ts'
import { DEFAULT_LIMITS, exceeded, isStackOverflow, type Limits } from './limits.ts'

let ancestors: object[] = []
/** The segments taken so far: indexes, and keys of objects and Maps. */
export let path: unknown[] = []
let maxDepth: number
let failure: unknown

/**
 * Let `fn` walk through a value to be stored. What a getter, a proxy or a registered type throws meanwhile becomes the
 * cause of an error of ours. A registered type may walk on its own account.
 */
export function walk<T>(fn: () => T, limits: Partial<Limits> | undefined): T {
  const outer = [ancestors, path, maxDepth] as const
  ancestors = []
  path = []
  maxDepth = limits?.depth ?? DEFAULT_LIMITS.depth
  try {
    return fn()
  } catch (error) {
    const isOurs = failure && error === failure
    failure = undefined
    if (isOurs) throw error
    const details = { cause: error }
    throw isStackOverflow(error)
      ? exceeded(`${ancestors.length} levels`, details)
      : refusal(`what throws when it is read${error instanceof Error ? ` (${error.message})` : ''}`, details)
  } finally {
    ;[ancestors, path, maxDepth] = outer
  }
}

export function enter(container: object): void {
  if (ancestors.includes(container)) refuse('a cyclic reference')
  if (ancestors.push(container) > maxDepth) fail(exceeded(`${maxDepth} levels`))
}

export function leave(): void {
  ancestors.pop()
}

export function refuse(reason: string): never {
  fail(refusal(reason))
}

/** Throw an error that the walk does not explain. */
export function fail(error: unknown): never {
  failure = error
  throw error
}

function refusal(reason: string, details?: { cause: unknown }): UnserializableValueError {
  const segments = path.map((segment) =>
    typeof segment === 'string' || typeof segment === 'number'
      ? segment
      : typeof segment === 'bigint'
        ? `${segment}n`
        : typeof segment === 'object'
          ? Object.prototype.toString.call(segment)
          : String(segment),
  )
  return new UnserializableValueError(reason, segments, details)
}
