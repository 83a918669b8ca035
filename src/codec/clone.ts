import { decoderOf, describe, kindOf, MAP_TAG, NAMED, partsOf, setProperty } from './kinds.ts'
import type { Limits } from './limits.ts'
import { enter, fail, leave, path, refuse, walk } from './walk.ts'

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
  return walk(() => copy(value), options?.limits) as T
}

/**
 * A copy of what `clone` or `decode` has answered, and so needs no check: several times as fast. What is copied again and
 * again can keep its `partKeys`.
 */
export function copyAgain<T>(cloned: T, keys?: readonly string[]): T
export function copyAgain(cloned: unknown, keys?: readonly string[]): unknown {
  if (typeof cloned !== 'object' || cloned === null) return cloned
  if (keys === undefined) return copyObjectAgain(cloned)
  const object: Record<string, unknown> = { ...cloned }
  for (const key of keys) object[key] = copyObjectAgain(object[key] as object)
  return object
}

/** The keys of a plain object, if it is one, whose values are objects. */
export function partKeys(value: unknown): string[] | undefined {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return undefined
  return Object.entries(value).flatMap(([key, part]) => (typeof part === 'object' && part !== null ? [key] : []))
}

function copyObjectAgain(cloned: object): unknown {
  if (Array.isArray(cloned)) {
    const array: unknown[] = cloned.slice()
    for (let i = 0; i < array.length; i++) {
      const part = array[i]
      if (typeof part === 'object' && part !== null) array[i] = copyObjectAgain(part)
    }
    return array
  }
  if (Object.getPrototypeOf(cloned) !== Object.prototype) return clone(cloned)
  const object: Record<string, unknown> = { ...cloned }
  // Twice as fast as over Object.keys. What is assigned is there already, whatever it is called.
  for (const key in cloned) {
    const part = cloned[key as never] as unknown
    if (typeof part === 'object' && part !== null && Object.hasOwn(cloned, key)) object[key] = copyObjectAgain(part)
  }
  return object
}

/**
 * Freeze a value that nobody else holds, in place. Answers whether nothing in it can change any more: `false` where it
 * holds a Map, a Set, a Date, bytes or anything else that freezing does not reach.
 */
export function freeze(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  const kind = kindOf(value)
  if (kind !== 'Object' && kind !== 'Array' && kind !== 'Tagged') return false
  return Object.values(Object.freeze(value)).every(freeze)
}

function copy(value: unknown): unknown {
  if (typeof value === 'object') return value && copyObject(value)
  if (typeof value === 'function' || typeof value === 'symbol') refuse(describe(value))
  return value
}

function copyObject(value: object): unknown {
  const [tag, content, isNested] = partsOf(value)
  let copied = content
  if (!isNested && content instanceof Uint8Array) {
    copied = content.slice()
  } else if (isNested || typeof content === 'object') {
    enter(value)
    copied = isNested ? copy(content) : copyParts(content as object, tag)
    leave()
  }
  try {
    return tag === undefined ? copied : decoderOf(tag)[1](copied as never, tag as number)
  } catch (error) {
    fail(error)
  }
}

function copyParts(content: object, tag: number | bigint | undefined): unknown {
  // The items of a named value have no segment in a path.
  if (tag === NAMED) return (content as unknown[]).map(copy)
  if (Array.isArray(content)) {
    const array: unknown[] = []
    for (let i = 0; i < content.length; i++) {
      path.push(i)
      array.push(copy(content[i]))
      path.pop()
    }
    return array
  }
  if (tag === MAP_TAG) {
    const map = new Map<unknown, unknown>()
    for (const [key, part] of content as typeof map) {
      path.push(key)
      map.set(copy(key), copy(part))
      path.pop()
    }
    return map
  }
  const object = {}
  for (const key of Object.keys(content)) {
    path.push(key)
    setProperty(object, key, copy((content as Record<string, unknown>)[key]))
    path.pop()
  }
  return object
}
