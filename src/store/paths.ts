import { InvalidPathError, formatPath } from '../base/errors.ts'
import type { Segment } from './types.ts'

/** What stands for a path that leads nowhere. */
export const NOTHING: unique symbol = Symbol('nothing')

/** What is at `segments` inside `root`, or `NOTHING`. */
export function getAt(root: unknown, segments: readonly Segment[]): unknown {
  return segments.reduce(child, root)
}

/**
 * `root` with `fn` of what is at `segments` (`undefined` if nothing is) in its place. Containers on the way are copied,
 * missing ones made: an array where the next segment is a number, else an object.
 */
export function updateAt(
  root: unknown,
  segments: readonly Segment[],
  fn: (old: unknown) => unknown,
  depth = 0,
): unknown {
  const old = root === NOTHING ? undefined : root
  if (depth === segments.length) return fn(old)
  const segment = segments[depth]!
  const container = old === undefined ? (typeof segment === 'number' ? [] : {}) : old
  checkSegment(container, segments, depth)
  return withChild(container, segment, updateAt(child(container, segment), segments, fn, depth + 1))
}

/** `root` without what is at `segments`, `NOTHING` without segments; `root` itself if nothing is there. */
export function deleteAt(root: unknown, segments: readonly Segment[], depth = 0): unknown {
  if (root === NOTHING || depth === segments.length) return NOTHING
  if (root === undefined) return root
  const segment = segments[depth]!
  checkSegment(root, segments, depth)
  const inner = child(root, segment)
  const changed = deleteAt(inner, segments, depth + 1)
  return changed === inner ? root : withChild(root, segment, changed)
}

function child(container: unknown, segment: Segment): unknown {
  if (container instanceof Map) return container.has(segment) ? container.get(segment) : NOTHING
  if (Array.isArray(container))
    return isIndex(segment) && segment < container.length ? (container[segment] as unknown) : NOTHING
  if (!isPlainObject(container) || !isProperty(segment)) return NOTHING
  return Object.hasOwn(container, segment) ? container[segment] : NOTHING
}

function checkSegment(container: unknown, segments: readonly Segment[], depth: number): void {
  if (container instanceof Map) return
  const segment = segments[depth]!
  const expected = Array.isArray(container)
    ? (!isIndex(segment) || segment > container.length) && `an index from 0 to ${container.length}`
    : isPlainObject(container)
      ? !isProperty(segment) && 'a string or a number'
      : 'nothing'
  if (!expected) return
  const where = formatPath(segments.slice(0, depth).map(label))
  throw new InvalidPathError(
    `At ${where} is ${describe(container)}: the next segment can be ${expected}, got ${label(segment)}.`,
  )
}

/** A copy of the container with `value` at the segment, without it for `NOTHING`. */
function withChild(container: unknown, segment: Segment, value: unknown): unknown {
  const deletes = value === NOTHING
  if (container instanceof Map) {
    const copy = new Map(container)
    if (deletes) copy.delete(segment)
    else copy.set(segment, value)
    return copy
  }
  if (Array.isArray(container)) return container.toSpliced(segment as number, 1, ...(deletes ? [] : [value]))
  const copy: Record<string, unknown> = { ...(container as object) }
  // `__proto__` must become a property like any other.
  if (deletes) delete copy[segment as string]
  else Object.defineProperty(copy, segment as string, { value, writable: true, enumerable: true, configurable: true })
  return copy
}

function isIndex(segment: Segment): segment is number {
  return typeof segment === 'number' && Number.isInteger(segment) && segment >= 0
}

function isProperty(segment: Segment): segment is string | number {
  return typeof segment === 'string' || typeof segment === 'number'
}

function isPlainObject(value: unknown): value is Record<string | number, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value) as object | null
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function describe(value: unknown): string {
  return Array.isArray(value) ? 'an array' : Object.prototype.toString.call(value).slice(8, -1)
}

function label(segment: Segment): string | number {
  return typeof segment === 'string' || typeof segment === 'number' ? segment : describe(segment)
}
