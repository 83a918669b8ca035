import { type KonserveError, UnserializableValueError } from '../base/errors.ts'
import { depthExceeded, isStackOverflow } from './limits.ts'

/** A walk through a value to be stored: knows how deep it is, by which path, and what encloses it. */
export abstract class Walk {
  protected depth = 0
  protected maxDepth = 0
  /** The segment that was taken in each enclosing container; `undefined` where the container has none. */
  protected readonly path: (string | number | undefined)[] = []
  private readonly ancestors: (object | undefined)[] = []
  private failure: unknown

  protected enter(container: object): void {
    const { depth, ancestors } = this
    for (let i = depth - 1; i >= 0; i--) if (ancestors[i] === container) this.refuse('a cyclic reference')
    if (depth >= this.maxDepth) this.fail(depthExceeded(this.maxDepth))
    ancestors[depth] = container
    this.path[depth] = undefined
    this.depth = depth + 1
  }

  protected leave(): void {
    this.ancestors[--this.depth] = undefined
  }

  protected refuse(reason: string): never {
    this.fail(this.refusal(reason))
  }

  protected fail(error: unknown): never {
    this.failure = error
    throw error
  }

  /** End the walk after an error; what a getter, a proxy or a registered type threw becomes the cause of ours. */
  protected abort(error: unknown): unknown {
    const { failure } = this
    const explained = error === failure && failure !== undefined ? error : this.explain(error)
    this.failure = undefined
    this.ancestors.length = 0
    this.depth = 0
    return explained
  }

  private explain(error: unknown): KonserveError {
    if (isStackOverflow(error)) return depthExceeded(this.depth, error)
    const message = error instanceof Error ? ` (${error.message})` : ''
    return this.refusal(`what throws when it is read${message}`, error)
  }

  private refusal(reason: string, ...cause: [unknown?]): UnserializableValueError {
    const path = this.path.slice(0, this.depth).filter((segment) => segment !== undefined)
    return new UnserializableValueError(reason, path, cause.length > 0 ? { cause: cause[0] } : {})
  }
}

/** How a key of a Map is shown in a path. */
export function keySegment(key: unknown): string | number {
  if (typeof key === 'string' || typeof key === 'number') return key
  if (typeof key === 'bigint') return `${key}n`
  return typeof key === 'object' && key !== null ? Object.prototype.toString.call(key) : String(key)
}
