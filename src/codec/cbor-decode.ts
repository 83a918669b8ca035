import { KonserveError } from '../base/errors.ts'
import { INDEFINITE, Reader } from './cbor-reader.ts'
import { rootShape, type Shape } from './cbor-shapes.ts'
import { readWtf8, toHex } from './cbor-text.ts'
import { halfToNumber, readTypedArray } from './cbor-typed-arrays.ts'
import { buildError, type ErrorFields } from './kinds.ts'
import {
  BIGINT_BYTES,
  bigintExceeded,
  bytesExceeded,
  DEFAULT_LIMITS,
  depthExceeded,
  isStackOverflow,
} from './limits.ts'
import type { Limits } from './limits.ts'
import { ClojureSymbol, Keyword, TAG, Tagged, Uuid } from './tagged.ts'
import { decodeType } from './types.ts'

export interface DecodeOptions {
  limits?: Partial<Limits> | undefined
}

export class Decoder extends Reader {
  private depth = 0
  private maxDepth = 0
  private shapes: Shape = rootShape()

  decode(bytes: Uint8Array, options: DecodeOptions | undefined): unknown {
    this.maxDepth = options?.limits?.depth ?? DEFAULT_LIMITS.depth
    const maxBytes = options?.limits?.bytes ?? DEFAULT_LIMITS.bytes
    if (bytes.length > maxBytes) throw bytesExceeded(maxBytes)
    this.open(bytes)
    this.depth = 0
    this.shapes = rootShape()
    try {
      const value = this.read()
      if (this.position < bytes.length) this.corrupt('has trailing bytes')
      return value
    } catch (error) {
      throw isStackOverflow(error) ? depthExceeded(this.depth, error) : error
    } finally {
      this.close()
    }
  }

  private read(): unknown {
    const initial = this.bytes[this.position]
    if (initial === undefined) this.truncated()
    this.position++
    if (initial < 24) return initial
    const info = initial & 0x1f
    switch (initial >> 5) {
      case 0:
        return info === 27 ? this.readLongInteger(false) : this.readArgument(info)
      case 1:
        return info === 27 ? this.readLongInteger(true) : -1 - this.readArgument(info)
      case 2:
        return info === INDEFINITE ? this.readByteChunks() : this.readBytes(this.readLength(info))
      case 3:
        return info === INDEFINITE ? this.readTextChunks() : this.readText(this.readLength(info))
      case 4:
        return this.readArray(info === INDEFINITE ? -1 : this.readLength(info))
      case 5:
        return this.readPlain(info === INDEFINITE ? -1 : this.readLength(info, 2))
      case 6:
        return this.readTagged(info)
      default:
        return this.readSimple(info)
    }
  }

  private readArray(length: number): unknown[] {
    this.enter()
    const { bytes, view } = this
    const array: unknown[] = []
    for (let i = 0; length < 0 ? !this.readBreak() : i < length; i++) {
      const { position } = this
      const initial = bytes[position]!
      if (initial === 0xfb && position + 9 <= bytes.length) {
        this.position = position + 9
        array.push(view.getFloat64(position + 1))
      } else if (initial === 0x19 && position + 3 <= bytes.length) {
        this.position = position + 3
        array.push((bytes[position + 1]! << 8) | bytes[position + 2]!)
      } else {
        array.push(this.read())
      }
    }
    this.depth--
    return array
  }

  private readPlain(length: number): Record<string, unknown> | Map<unknown, unknown> {
    this.enter()
    const object: Record<string, unknown> = {}
    let shape: Shape | undefined = this.shapes
    for (let i = 0; length < 0 ? !this.readBreak() : i < length; i++) {
      const start = this.position
      let next: Shape | undefined = shape?.predict(this.bytes, start)
      let key: unknown
      if (next) {
        this.position = start + next.encodedLength
        key = next.key
      } else {
        key = this.read()
        if (typeof key !== 'string')
          return this.readPairs(new Map(Object.entries(object)), length < 0 ? -1 : length - i, key)
        if (shape ? shape.has(key) : Object.hasOwn(object, key)) this.duplicate(start)
        next = shape?.follow(key, this.bytes.slice(start, this.position))
      }
      shape = next
      const value = this.read()
      if (next ? next.mustDefine : (key as string) in Object.prototype) define(object, key as string, value)
      else object[key as string] = value
    }
    this.depth--
    return object
  }

  /** The rest of a Map, within it; `key` is the first key, if it was read. */
  private readPairs(map: Map<unknown, unknown>, length: number, ...first: [unknown?]): Map<unknown, unknown> {
    for (let i = 0; i < length || length < 0; i++) {
      const start = this.position
      if (first.length === 0 && length < 0 && this.readBreak()) break
      const key = first.length > 0 ? first.pop() : this.read()
      if (map.has(key)) this.duplicate(start)
      map.set(key, this.read())
    }
    this.depth--
    return map
  }

  private readSimple(info: number): unknown {
    const { position } = this
    switch (info) {
      case 20:
        return false
      case 21:
        return true
      case 22:
        return null
      case 23:
        return undefined
      case 25:
        return halfToNumber(this.readArgument(25))
      case 26:
        this.skip(4)
        return this.view.getFloat32(position)
      case 27:
        this.skip(8)
        return this.view.getFloat64(position)
      case INDEFINITE:
        this.corrupt('has a break outside of anything', position - 1)
      default:
        this.corrupt('has a simple value without meaning', position - 1)
    }
  }

  private readTagged(info: number): unknown {
    const start = this.position - 1
    const tag = this.readTag(info)
    switch (tag) {
      case TAG.date:
        return this.readDate(start)
      case TAG.bigint:
        return this.readBigint()
      case TAG.negativeBigint:
        return ~this.readBigint()
      case TAG.named:
        return this.readNamed(start)
      case TAG.url:
        return this.build(start, () => new URL(this.readString()))
      case TAG.regExp:
        return this.build(start, () => new RegExp(this.readString()))
      case TAG.uuid: {
        const bytes = this.readContent(BYTES) as Uint8Array
        return this.build(start, () => new Uuid(toHex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')))
      }
      case TAG.identifier: {
        const name = this.readString()
        return name.startsWith(':') ? new Keyword(name.slice(1)) : new ClojureSymbol(name)
      }
      case TAG.set: {
        const items = this.readContent(ARRAY) as unknown[]
        const set = new Set(items)
        if (set.size !== items.length) this.corrupt('has a set with an item twice', start)
        return set
      }
      case TAG.map:
        return this.readMap()
      case TAG.wtf8:
        return readWtf8(this.readContent(BYTES) as Uint8Array) ?? this.corrupt('has text that is not WTF-8', start)
    }
    if (tag >= 64 && tag <= 87) {
      const bytes = this.readContent(BYTES) as Uint8Array<ArrayBuffer>
      return readTypedArray(Number(tag), bytes) ?? this.corrupt('has a typed array that cannot be read', start)
    }
    this.enter()
    const value = this.read()
    this.depth--
    return tag === TAG.selfDescribed ? value : new Tagged(tag, value)
  }

  private readMap(): Map<unknown, unknown> {
    const initial = this.bytes[this.position]
    if (initial === undefined) this.truncated()
    if (initial >> 5 !== 5) this.corrupt('has a tag over a wrong type')
    this.position++
    const info = initial & 0x1f
    const length = info === INDEFINITE ? -1 : this.readLength(info, 2)
    this.enter()
    return this.readPairs(new Map(), length)
  }

  private readDate(start: number): Date {
    const seconds = this.readContent(NUMBER)
    return typeof seconds === 'number'
      ? this.toDate(Math.round(seconds * 1000), start)
      : this.corrupt('has a wrong date', start)
  }

  private toDate(time: unknown, start: number): Date {
    const date = new Date(time as number)
    if (typeof time !== 'number' || !Object.is(date.getTime(), time + 0)) this.corrupt('has a wrong date', start)
    return date
  }

  private readBigint(): bigint {
    const bytes = this.readContent(BYTES) as Uint8Array
    if (bytes.length > BIGINT_BYTES) throw bigintExceeded()
    return bytes.length === 0 ? 0n : BigInt(`0x${toHex(bytes)}`)
  }

  /** Tag 27 over `[name, ...items]`: what CBOR has no tag for, and registered types. */
  private readNamed(start: number): unknown {
    const [name, first, second, ...rest] = this.readContent(ARRAY) as unknown[]
    if (typeof name !== 'string' || rest.length > 0) this.corrupt('has a named value that cannot be read', start)
    switch (name) {
      case 'Date':
        return this.toDate(first, start)
      case 'RegExp':
        return this.build(start, () => new RegExp(String(first), String(second)))
      case 'ArrayBuffer':
        return first instanceof Uint8Array ? first.buffer : this.corrupt('has an ArrayBuffer without bytes', start)
      case 'Error':
        return isErrorFields(first) ? buildError(first) : this.corrupt('has an Error that cannot be read', start)
      default:
        return decodeType(name, first)
    }
  }

  private readString(): string {
    const { bytes, position } = this
    const isWtf8 = bytes[position] === 0xd9 && bytes[position + 1] === 0x01 && bytes[position + 2] === 0x11
    return this.readContent(isWtf8 ? TAGGED : TEXT) as string
  }

  /** What a tag stands over, of the major types in the bit set `majors`; so tags cannot nest here. */
  private readContent(majors: number): unknown {
    const initial = this.bytes[this.position]
    if (initial === undefined) this.truncated()
    if (((majors >> (initial >> 5)) & 1) === 0) this.corrupt('has a tag over a wrong type')
    return this.read()
  }

  private build<T>(start: number, fn: () => T): T {
    try {
      return fn()
    } catch (cause) {
      if (cause instanceof KonserveError) throw cause
      this.corrupt('has a value that the platform refuses', start, cause)
    }
  }

  private enter(): void {
    if (this.depth >= this.maxDepth) throw depthExceeded(this.maxDepth)
    this.depth++
  }

  private duplicate(position: number): never {
    this.corrupt('has a key twice', position)
  }
}

// Bit sets of major types.
const NUMBER = (1 << 0) | (1 << 1) | (1 << 7)
const BYTES = 1 << 2
const TEXT = 1 << 3
const ARRAY = 1 << 4
const TAGGED = 1 << 6

function define(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

function isErrorFields(value: unknown): value is ErrorFields {
  const { name, message, stack } = (value ?? {}) as Partial<ErrorFields>
  return typeof name === 'string' && typeof message === 'string' && (stack === undefined || typeof stack === 'string')
}
