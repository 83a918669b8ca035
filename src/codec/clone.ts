import {
  buildError,
  bytesOf,
  dateTime,
  describe,
  errorFields,
  isExactInSeconds,
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
  if (typeof value !== 'object' ? typeof value !== 'function' && typeof value !== 'symbol' : value === null)
    return value
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
      case 'Date': {
        const time = dateTime(value)
        if (!isExactInSeconds(time)) this.enterArray(value)
        return new Date(time)
      }
      case 'RegExp': {
        const { source, flags } = value as RegExp
        if (flags !== '') this.enterArray(value)
        return new RegExp(source, flags)
      }
      case 'URL':
        return new URL((value as URL).href)
      case 'Error':
        return this.copyError(value as Error)
      case 'ArrayBuffer':
        this.enterArray(value)
        return bytesOf(value as ArrayBuffer).slice().buffer
      case 'TypedArray':
        return copyTypedArray(value as ArrayBufferView)
      case 'Tagged':
        return this.copyTagged(value as Tagged)
      default:
        return value
    }
  }

  /** For the depth: on the wire the value is in an array of its own. */
  private enterArray(value: object): void {
    this.enter(value)
    this.leave()
  }

  private copyPlain(object: Record<string, unknown>): Record<string, unknown> {
    this.enter(object)
    const last = this.depth - 1
    const copy = this.copyProperties(object, last)
    for (const key in copy) {
      const value = copy[key]
      if (typeof value === 'string' || typeof value === 'number' || !Object.hasOwn(copy, key)) continue
      this.path[last] = key
      const inner = this.copy(value)
      if (inner !== value) replace(copy, key, inner)
    }
    this.leave()
    return copy
  }

  /** The spread is much faster than one assignment after the other, but does not tell which getter threw. */
  private copyProperties(object: Record<string, unknown>, last: number): Record<string, unknown> {
    try {
      const copy = { ...object }
      for (const symbol of Object.getOwnPropertySymbols(copy)) delete copy[symbol as unknown as string]
      return copy
    } catch (error) {
      for (const key of Object.keys(object)) {
        this.path[last] = key
        void object[key]
      }
      throw error
    }
  }

  private copyArray(array: readonly unknown[], container: object): unknown[] {
    this.enter(container)
    const last = this.depth - 1
    const copy = [...array]
    for (let i = 0; i < copy.length; i++) {
      const value = copy[i]
      if (typeof value === 'string' || typeof value === 'number') continue
      this.path[last] = i
      copy[i] = this.copy(value)
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

/** An own `__proto__` is the one property that assignment would not reach. */
function replace(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value })
  else object[key] = value
}
