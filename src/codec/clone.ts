import {
  buildError,
  bytesOf,
  dateTime,
  describe,
  errorFields,
  kindOf,
  mapItems,
  setItems,
  typedArrayName,
  type ErrorFields,
  type Kind,
} from './kinds.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { hasType, Tagged } from './tagged.ts'
import { decodeType, findType } from './types.ts'
import { keySegment, Walk } from './walk.ts'

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
  if (typeof value !== 'object' ? typeof value !== 'function' && typeof value !== 'symbol' : value === null) return value
  const cloner = idle ?? new Cloner()
  idle = undefined
  try {
    return cloner.clone(value, options) as T
  } finally {
    idle = cloner
  }
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

class Cloner extends Walk {
  clone(value: unknown, options: CloneOptions | undefined): unknown {
    this.maxDepth = options?.limits?.depth ?? DEFAULT_LIMITS.depth
    try {
      return this.copy(value)
    } catch (error) {
      throw this.abort(error)
    }
  }

  private copy(value: unknown): unknown {
    if (typeof value === 'object') return value === null ? null : this.copyObject(value)
    if (typeof value === 'function' || typeof value === 'symbol') this.refuse(describe(value))
    return value
  }

  private copyObject(value: object): unknown {
    const kind = kindOf(value)
    if (kind === 'Object') return this.copyPlain(value as Record<string, unknown>)
    if (kind === 'Array') return this.copyArray(value as unknown[], value)
    if (kind !== undefined) return this.copyKind(kind, value)
    const type = findType(value)
    if (!type) this.refuse(describe(value))
    const encoded = type.codec.encode(value)
    this.enter(value)
    const payload = this.copy(encoded)
    this.leave()
    try {
      return decodeType(type.name, payload)
    } catch (error) {
      this.fail(error)
    }
  }

  private copyKind(kind: Kind, value: object): unknown {
    switch (kind) {
      case 'Map':
        return this.copyMap(value)
      case 'Set':
        return new Set(this.copyArray(setItems(value), value))
      case 'Date':
        return new Date(dateTime(value))
      case 'RegExp':
        return new RegExp((value as RegExp).source, (value as RegExp).flags)
      case 'URL':
        return new URL((value as URL).href)
      case 'Error':
        return this.copyError(value as Error)
      case 'ArrayBuffer':
        return bytesOf(value as ArrayBuffer).slice().buffer
      case 'TypedArray':
        return copyTypedArray(value as ArrayBufferView)
      case 'Tagged':
        return this.copyTagged(value as Tagged)
      default:
        return value
    }
  }

  private copyPlain(object: Record<string, unknown>): Record<string, unknown> {
    const keys = Object.keys(object)
    this.enter(object)
    const { path } = this
    const last = this.depth - 1
    const copy: Record<string, unknown> = {}
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      path[last] = key
      const value = this.copy(object[key])
      if (key in Object.prototype) define(copy, key, value)
      else copy[key] = value
    }
    this.leave()
    return copy
  }

  private copyArray(array: readonly unknown[], container: object): unknown[] {
    const { length } = array
    this.enter(container)
    const { path } = this
    const last = this.depth - 1
    const copy: unknown[] = []
    for (let i = 0; i < length; i++) {
      path[last] = i
      copy.push(this.copy(array[i]))
    }
    this.leave()
    return copy
  }

  private copyMap(map: object): Map<unknown, unknown> {
    const items = mapItems(map)
    const copy = new Map<unknown, unknown>()
    this.enter(map)
    for (let i = 0; i < items.length; i += 2) {
      this.path[this.depth - 1] = keySegment(items[i])
      copy.set(this.copy(items[i]), this.copy(items[i + 1]))
    }
    this.leave()
    return copy
  }

  /** Enters twice, as the array and the map do that an Error is on the wire. */
  private copyError(error: Error): Error {
    const fields = errorFields(error)
    this.enter(error)
    const copy = this.copyPlain(fields as unknown as Record<string, unknown>)
    this.leave()
    return buildError(copy as unknown as ErrorFields)
  }

  private copyTagged(tagged: Tagged): Tagged {
    if (hasType(tagged.tag)) this.refuse(`a Tagged with tag ${tagged.tag}, which has a type of its own,`)
    this.enter(tagged)
    const copy = new Tagged(tagged.tag, this.copy(tagged.value))
    this.leave()
    return copy
  }
}

let idle: Cloner | undefined

function copyTypedArray(array: ArrayBufferView): ArrayBufferView {
  const { buffer } = bytesOf(array).slice()
  const constructor = (globalThis as Record<string, unknown>)[typedArrayName(array)]
  return new (constructor as new (buffer: ArrayBufferLike) => ArrayBufferView)(buffer)
}

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}
