import { build, describe, kindOf, NAMED, partsOf } from './kinds.ts'
import type { Limits } from './limits.ts'
import { depth, enter, fail, leave, path, refuse, step, walk } from './walk.ts'

export interface CloneOptions {
  /** Only the depth counts here: nothing is encoded, so there are no bytes. */
  limits?: Partial<Limits> | undefined
}

/**
 * A deep copy that shares nothing that can change with `value`: what `decode(encode(value))` gives, without the bytes.
 *
 * @throws UNSERIALIZABLE_VALUE with the path to what cannot be stored; LIMIT_EXCEEDED
 */
export function clone<T>(value: T, options?: CloneOptions): T {
  if (typeof value === 'string' || typeof value === 'number') return value
  return walk(copy, value, options?.limits) as T
}

/**
 * Freeze a value that nobody else holds, in place. Answers whether nothing in it can change any more: `false` where it
 * holds a Map, a Set, a Date, bytes or anything else that freezing does not reach.
 */
export function freeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function'
  const kind = kindOf(value)
  if (kind === 'Identifier' || kind === 'Uuid') return true
  if (kind !== 'Object' && kind !== 'Array' && kind !== 'Tagged') return false
  Object.freeze(value)
  return Object.values(value).every(freeze)
}

function copy(value: unknown): unknown {
  if (typeof value === 'object') return value === null ? null : copyObject(value)
  if (typeof value === 'function' || typeof value === 'symbol') refuse(describe(value))
  return value
}

function copyObject(value: object): unknown {
  const kind = kindOf(value)
  if (kind === 'Object') return copyPlain(value as Record<string, unknown>)
  if (kind === 'Array') return copyItems(value as unknown[], value)
  if (kind === 'Map') {
    const map = value as Map<unknown, unknown>
    const values = [...map.values()]
    enter(value)
    const entries = [...map.keys()].map((key, i) => {
      step(key)
      return [copy(key), copy(values[i])] as const
    })
    leave()
    return new Map(entries)
  }
  const [tag, content] = partsOf(value, kind)
  let copied = content
  if (kind === 'Tagged') {
    enter(value)
    copied = copy(content)
    leave()
  } else if (Array.isArray(content)) {
    copied = copyItems(content, value, tag)
  } else if (content instanceof Uint8Array) {
    copied = content.slice()
  }
  try {
    return build(tag, copied)
  } catch (error) {
    fail(error)
  }
}

function copyPlain(object: Record<string, unknown>): Record<string, unknown> {
  enter(object)
  const result = copyProperties(object)
  for (const key in result) {
    const value = result[key]
    if (typeof value === 'string' || typeof value === 'number' || !Object.hasOwn(result, key)) continue
    path[depth - 1] = key
    const inner = copy(value)
    // An own `__proto__` is the one property that assignment would not reach.
    if (key === '__proto__') Object.defineProperty(result, key, { value: inner })
    else if (inner !== value) result[key] = inner
  }
  leave()
  return result
}

/** The spread is much faster than one assignment after the other, but does not tell which getter threw. */
function copyProperties(object: Record<string, unknown>): Record<string, unknown> {
  try {
    const result = { ...object }
    for (const symbol of Object.getOwnPropertySymbols(result)) delete result[symbol as unknown as string]
    return result
  } catch (error) {
    for (const key of Object.keys(object)) {
      step(key)
      void object[key]
    }
    throw error
  }
}

function copyItems(items: readonly unknown[], container: object, tag?: number | bigint): unknown[] {
  enter(container)
  const result = [...items]
  for (let i = 0; i < result.length; i++) {
    const value = result[i]
    if (typeof value === 'string' || typeof value === 'number') continue
    if (tag !== NAMED) path[depth - 1] = i
    result[i] = copy(value)
  }
  leave()
  return result
}
