import { InvalidPathError, formatPath } from '../base/errors.ts'
import { kindOf } from '../codec/kinds.ts'
import type { Segment } from './types.ts'

/** What stands for a path that leads nowhere. */
export const NOTHING: unique symbol = Symbol('nothing')

/** What is at `segments` inside `root`, or `NOTHING`. */
export function getAt(root: unknown, segments: readonly Segment[]): unknown {
  return segments.reduce(child, root)
}

/**
 * `root` with `fn` of what is at `segments` (`undefined` if nothing is) in its place, or without it where there is no
 * `fn`. Containers on the way are copied, and for `fn` made if they are missing: an array where the next segment is a
 * number, else an object. `root` itself if nothing changes, `NOTHING` if nothing is left.
 */
export function changeAt(
  root: unknown,
  segments: readonly Segment[],
  fn: ((old: unknown) => unknown) | undefined,
  depth = 0,
): unknown {
  const old = root === NOTHING ? undefined : root
  if (depth === segments.length) return fn ? fn(old) : NOTHING
  if (old === undefined && !fn) return root
  const segment = segments[depth]!
  const container = old === undefined ? (typeof segment === 'number' ? [] : {}) : old
  if (!canHold(container, segment)) {
    throw new InvalidPathError(
      `${formatPath(segments.slice(0, depth).map(label))} is ${typeName(container)}, which cannot hold ${label(segment)}.`,
    )
  }
  const before = child(container, segment)
  const after = changeAt(before, segments, fn, depth + 1)
  return after === before ? root : withChild(container, segment, after)
}

function child(container: unknown, segment: Segment): unknown {
  if (container instanceof Map) return container.has(segment) ? container.get(segment) : NOTHING
  return canHold(container, segment) && Object.hasOwn(container as object, segment as string)
    ? (container as Record<string, unknown>)[segment as string]
    : NOTHING
}

/** Whether a segment into `container` can lead somewhere: an array can grow by one. */
function canHold(container: unknown, segment: Segment): boolean {
  const kind = kindOf(container)
  if (kind === 'Array')
    return Number.isInteger(segment) && (segment as number) >= 0 && (segment as number) <= (container as []).length
  return kind === 'Map' || (kind === 'Object' && isProperty(segment))
}

/** A copy of the container with `value` at the segment, without it for `NOTHING`. */
function withChild(container: unknown, segment: Segment, value: unknown): unknown {
  const deletes = value === NOTHING
  if (Array.isArray(container)) {
    // Not toSpliced: it fills holes.
    const copy = container.slice()
    copy.splice(segment as number, 1, ...(deletes ? [] : [value]))
    return copy
  }
  if (container instanceof Map) {
    const copy = new Map(container).set(segment, value)
    if (deletes) copy.delete(segment)
    return copy
  }
  const copy = { ...(container as object), [segment as string]: value }
  if (deletes) delete copy[segment as string]
  return copy
}

function isProperty(segment: Segment): segment is string | number {
  return typeof segment === 'string' || typeof segment === 'number'
}

function label(segment: Segment): string | number {
  return isProperty(segment) ? segment : typeName(segment)
}

function typeName(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1)
}
