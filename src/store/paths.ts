import { InvalidPathError, formatPath } from '../base/errors.ts'
import type { Segment } from './types.ts'

/** What stands for a path that leads nowhere. */
export const NOTHING: unique symbol = Symbol('nothing')

/** What is at `segments` inside `root`, or `NOTHING`. */
export function getAt(root: unknown, segments: readonly Segment[]): unknown {
  let value = root
  for (const segment of segments) {
    value = child(value, segment)
    if (value === NOTHING) return NOTHING
  }
  return value
}

/**
 * `root` with `fn` of what is at `segments` (`undefined` if nothing is) in its place. Containers on the way are copied,
 * missing ones made: an array where the next segment is a number, else an object.
 */
export function updateAt(root: unknown, segments: readonly Segment[], fn: (old: unknown) => unknown, depth = 0): unknown {
  if (depth === segments.length) return fn(root === NOTHING ? undefined : root)
  const segment = segments[depth]!
  const container = root === NOTHING || root === undefined ? (typeof segment === 'number' ? [] : {}) : root
  checkSegment(container, segments, depth)
  return withChild(container, segment, updateAt(child(container, segment), segments, fn, depth + 1))
}

/** `root` without what is at `segments`; `root` itself if nothing is. */
export function deleteAt(root: unknown, segments: readonly Segment[], depth = 0): unknown {
  if (root === NOTHING || root === undefined) return root
  const segment = segments[depth]!
  checkSegment(root, segments, depth)
  const inner = child(root, segment)
  if (inner === NOTHING) return root
  if (depth === segments.length - 1) return withoutChild(root, segment)
  const changed = deleteAt(inner, segments, depth + 1)
  return changed === inner ? root : withChild(root, segment, changed)
}

function child(container: unknown, segment: Segment): unknown {
  if (container instanceof Map) return container.has(segment) ? container.get(segment) : NOTHING
  if (Array.isArray(container)) return isIndex(segment) && segment < container.length ? (container[segment] as unknown) : NOTHING
  if (!isPlainObject(container) || !isProperty(segment)) return NOTHING
  return Object.hasOwn(container, segment) ? container[segment] : NOTHING
}

function checkSegment(container: unknown, segments: readonly Segment[], depth: number): void {
  const segment = segments[depth]!
  const where = `${formatPath(segments.slice(0, depth).map(toLabel))} is ${describe(container)}`
  if (container instanceof Map) return
  if (Array.isArray(container)) {
    if (isIndex(segment) && segment <= container.length) return
    throw new InvalidPathError(`${where} of ${container.length} elements: the next segment must be an index from 0 to ${container.length}, got ${String(toLabel(segment))}.`)
  }
  if (!isPlainObject(container)) throw new InvalidPathError(`${where}, which has nothing inside to go to.`)
  if (!isProperty(segment)) {
    throw new InvalidPathError(`${where}: the next segment must be a string or a number, got ${describe(segment)}.`)
  }
}

function withChild(container: unknown, segment: Segment, value: unknown): unknown {
  if (container instanceof Map) return new Map(container).set(segment, value)
  if (Array.isArray(container)) {
    const copy: unknown[] = container.slice()
    copy[segment as number] = value
    return copy
  }
  const copy = copyObject(container as Record<string, unknown>)
  // `__proto__` must become a property like any other.
  Object.defineProperty(copy, String(segment), { value, writable: true, enumerable: true, configurable: true })
  return copy
}

function withoutChild(container: unknown, segment: Segment): unknown {
  if (container instanceof Map) {
    const copy = new Map(container)
    copy.delete(segment)
    return copy
  }
  if (Array.isArray(container)) return container.toSpliced(segment as number, 1)
  const copy = copyObject(container as Record<string, unknown>)
  delete copy[segment as string]
  return copy
}

function copyObject(object: Record<string, unknown>): Record<string, unknown> {
  return { ...object }
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
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  return isPlainObject(value) ? 'an object' : `a ${value.constructor.name}`
}

function toLabel(segment: Segment): string | number {
  return typeof segment === 'string' || typeof segment === 'number' ? segment : describe(segment)
}
