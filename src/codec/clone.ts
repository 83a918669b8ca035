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
