import {
  bytesOf,
  dateTime,
  describe,
  errorFields,
  kindOf,
  mapItems,
  setItems,
  typedArrayName,
  type Kind,
} from './kinds.ts'
import { BIGINT_BYTES, bigintExceeded, bytesExceeded, DEFAULT_LIMITS, type Limits } from './limits.ts'
import { isWellFormed, writeUtf8, writeWtf8 } from './cbor-text.ts'
import { toLittleEndian, typedArrayTag } from './cbor-typed-arrays.ts'
import { hasType, TAG, type Tagged, type Uuid } from './tagged.ts'
import { findType } from './types.ts'
import { keySegment, Walk } from './walk.ts'

export interface EncodeOptions {
  limits?: Partial<Limits> | undefined
  /** Equal bytes for equal plain data, whatever the order of properties (RFC 8949, section 4.2.1). */
  deterministic?: boolean | undefined
}

export class Encoder extends Walk {
  private bytes = new Uint8Array(INITIAL_BYTES)
  private view = new DataView(this.bytes.buffer)
  private position = 0
  private maxBytes = 0
  private deterministic = false

  encode(value: unknown, options: EncodeOptions | undefined): Uint8Array<ArrayBuffer> {
    this.maxDepth = options?.limits?.depth ?? DEFAULT_LIMITS.depth
    this.maxBytes = options?.limits?.bytes ?? DEFAULT_LIMITS.bytes
    this.deterministic = options?.deterministic ?? false
    this.position = 0
    try {
      this.write(value)
      if (this.position > this.maxBytes) this.fail(bytesExceeded(this.maxBytes))
      const isExact = this.position === this.bytes.length && this.position > KEPT_BYTES
      return isExact ? this.bytes : this.bytes.slice(0, this.position)
    } catch (error) {
      throw this.abort(error)
    } finally {
      if (this.bytes.length > KEPT_BYTES) this.replaceBytes(new Uint8Array(INITIAL_BYTES))
    }
  }

  private write(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.writeText(value)
      case 'number':
        return this.writeNumber(value)
      case 'object':
        return value === null ? this.writeByte(0xf6) : this.writeObject(value)
      case 'boolean':
        return this.writeByte(value ? 0xf5 : 0xf4)
      case 'undefined':
        return this.writeByte(0xf7)
      case 'bigint':
        return this.writeBigint(value)
      default:
        this.refuse(describe(value))
    }
  }

  private writeObject(value: object): void {
    const kind = kindOf(value)
    if (kind === 'Object') return this.writePlain(value as Record<string, unknown>)
    if (kind === 'Array') return this.writeArray(value as unknown[], value)
    if (kind !== undefined) return this.writeKind(kind, value)
    const type = findType(value)
    if (!type) this.refuse(describe(value))
    this.writeNamed(value, type.name, type.codec.encode(value))
  }

  private writeKind(kind: Kind, value: object): void {
    switch (kind) {
      case 'Map':
        return this.writeMap(value)
      case 'Set':
        this.writeHead(TAGGED, TAG.set)
        return this.writeArray(setItems(value), value)
      case 'Date':
        return this.writeDate(value, dateTime(value))
      case 'RegExp': {
        const { source, flags } = value as RegExp
        if (flags !== '') return this.writeNamed(value, 'RegExp', source, flags)
        this.writeHead(TAGGED, TAG.regExp)
        return this.writeText(source)
      }
      case 'URL':
        this.writeHead(TAGGED, TAG.url)
        return this.writeText((value as URL).href)
      case 'Error':
        return this.writeNamed(value, 'Error', errorFields(value as Error))
      case 'ArrayBuffer':
        return this.writeNamed(value, 'ArrayBuffer', bytesOf(value as ArrayBuffer))
      case 'TypedArray':
        return this.writeTypedArray(value as ArrayBufferView)
      case 'Identifier':
        this.writeHead(TAGGED, TAG.identifier)
        return this.writeText(String(value))
      case 'Uuid': {
        const hex = (value as Uuid).value.replaceAll('-', '')
        this.writeHead(TAGGED, TAG.uuid)
        return this.writeBytes(fromHex(hex))
      }
      case 'Tagged':
        return this.writeTagged(value as Tagged)
    }
  }

  private writePlain(object: Record<string, unknown>): void {
    const keys = Object.keys(object)
    this.enter(object)
    this.writeHead(MAP, keys.length)
    const { path } = this
    const last = this.depth - 1
    const entries: Entry[] | undefined = this.deterministic ? [] : undefined
    const start = this.position
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i]!
      const entryStart = this.position
      this.writeText(key)
      const keyEnd = this.position
      path[last] = key
      const value = object[key]
      if (typeof value === 'string') this.writeText(value)
      else if (typeof value === 'number') this.writeNumber(value)
      else this.write(value)
      if (entries) entries.push(this.entryFrom(entryStart, keyEnd))
    }
    if (entries) this.sortEntries(start, entries)
    this.leave()
  }

  private writeMap(map: object): void {
    const items = mapItems(map)
    this.writeHead(TAGGED, TAG.map)
    this.enter(map)
    this.writeHead(MAP, items.length / 2)
    const entries: Entry[] | undefined = this.deterministic ? [] : undefined
    const start = this.position
    for (let i = 0; i < items.length; i += 2) {
      this.path[this.depth - 1] = keySegment(items[i])
      const entryStart = this.position
      this.write(items[i])
      const keyEnd = this.position
      this.write(items[i + 1])
      if (entries) entries.push(this.entryFrom(entryStart, keyEnd))
    }
    if (entries) this.sortEntries(start, entries)
    this.leave()
  }

  private entryFrom(start: number, keyEnd: number): Entry {
    return { key: this.bytes.slice(start, keyEnd), value: this.bytes.slice(keyEnd, this.position) }
  }

  private sortEntries(start: number, entries: Entry[]): void {
    this.position = start
    for (const { key, value } of entries.sort((a, b) => compareBytes(a.key, b.key))) {
      this.append(key)
      this.append(value)
    }
  }

  private writeArray(items: readonly unknown[], container: object): void {
    const { length } = items
    this.enter(container)
    this.writeHead(ARRAY, length)
    const { path } = this
    const last = this.depth - 1
    for (let i = 0; i < length; i++) {
      path[last] = i
      const item = items[i]
      if (typeof item === 'number') this.writeNumber(item)
      else this.write(item)
    }
    this.leave()
  }

  /** Tag 27 over `[name, ...items]`. */
  private writeNamed(container: object, name: string, ...items: unknown[]): void {
    this.writeHead(TAGGED, TAG.named)
    this.enter(container)
    this.writeHead(ARRAY, 1 + items.length)
    this.writeText(name)
    for (const item of items) this.write(item)
    this.leave()
  }

  private writeTagged(tagged: Tagged): void {
    const { tag, value } = tagged
    if (hasType(tag)) this.refuse(`a Tagged with tag ${tag}, which has a type of its own,`)
    this.enter(tagged)
    if (typeof tag === 'number') {
      this.writeHead(TAGGED, tag)
    } else {
      this.reserve(9)
      this.bytes[this.position] = TAGGED | 27
      this.view.setBigUint64(this.position + 1, tag)
      this.position += 9
    }
    this.write(value)
    this.leave()
  }

  /** Seconds where they read back as the same millisecond; some fractions far from 1970 do not. */
  private writeDate(date: object, time: number): void {
    const seconds = time / 1000
    if (!Number.isNaN(time) && Math.round(seconds * 1000) !== time) return this.writeNamed(date, 'Date', time)
    this.writeHead(TAGGED, TAG.date)
    this.writeNumber(seconds)
  }

  private writeTypedArray(array: ArrayBufferView): void {
    const name = typedArrayName(array)
    if (name !== 'Uint8Array') this.writeHead(TAGGED, typedArrayTag(name))
    this.writeBytes(toLittleEndian(array))
  }

  private writeBigint(value: bigint): void {
    const magnitude = value < 0n ? ~value : value
    const hex = magnitude === 0n ? '' : magnitude.toString(16)
    if (hex.length > 2 * BIGINT_BYTES) this.fail(bigintExceeded())
    this.writeHead(TAGGED, value < 0n ? TAG.negativeBigint : TAG.bigint)
    this.writeBytes(fromHex(hex))
  }

  private writeBytes(bytes: Uint8Array): void {
    this.writeHead(BYTES, bytes.length)
    this.append(bytes)
  }

  /** Much at once is often all there is: the room for it is then made exact, and given away with it. */
  private append(bytes: Uint8Array): void {
    const { length } = bytes
    if (this.position + length > this.bytes.length) this.grow(length, length > KEPT_BYTES / 2 ? 0 : 2)
    this.bytes.set(bytes, this.position)
    this.position += bytes.length
  }

  private writeNumber(value: number): void {
    if ((value | 0) === value && (value !== 0 || 1 / value > 0)) {
      if (value >= 0) this.writeHead(UNSIGNED, value)
      else this.writeHead(NEGATIVE, ~value)
    } else if (Number.isSafeInteger(value) && value !== 0) {
      if (value > 0) this.writeHead(UNSIGNED, value)
      else this.writeHead(NEGATIVE, -1 - value)
    } else {
      this.writeFloat(value)
    }
  }

  /** The shortest of binary16, 32 and 64 that holds the value exactly. */
  private writeFloat(value: number): void {
    this.reserve(9)
    const { bytes, view, position } = this
    if (value !== value) {
      bytes[position] = 0xf9
      view.setUint16(position + 1, 0x7e00)
      this.position = position + 3
      return
    }
    if (Math.fround(value) !== value) {
      bytes[position] = 0xfb
      view.setFloat64(position + 1, value)
      this.position = position + 9
      return
    }
    view.setFloat32(position + 1, value)
    const half = singleToHalf(view.getUint32(position + 1))
    if (half < 0) {
      bytes[position] = 0xfa
      this.position = position + 5
    } else {
      bytes[position] = 0xf9
      view.setUint16(position + 1, half)
      this.position = position + 3
    }
  }

  private writeText(text: string): void {
    const { length } = text
    if (length > SHORT_TEXT) return this.writeLongText(text)
    this.reserve(3 * length + HEAD_BYTES)
    const { bytes } = this
    const headSize = length < 24 ? 1 : 2
    const start = this.position + headSize
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i)
      if (unit >= 0x80) return this.finishText(headSize, writeWtf8(bytes, start, text))
      bytes[start + i] = unit
    }
    if (length < 24) {
      bytes[start - 1] = TEXT | length
    } else {
      bytes[start - 2] = TEXT | 24
      bytes[start - 1] = length
    }
    this.position = start + length
  }

  private writeLongText(text: string): void {
    if (text.length > this.maxBytes) this.fail(bytesExceeded(this.maxBytes))
    this.reserve(3 * text.length + HEAD_BYTES)
    const headSize = headSizeOf(text.length)
    const start = this.position + headSize
    const { written } = writeUtf8(text, this.bytes.subarray(start))
    // encodeInto puts U+FFFD for a lone surrogate.
    const isFaithful = written === text.length || isWellFormed(text)
    this.finishText(headSize, isFaithful ? start + written : writeWtf8(this.bytes, start, text))
  }

  /** Put the head before the text that was written with room for a head of `headSize` bytes. */
  private finishText(headSize: number, end: number): void {
    const { bytes, position } = this
    const start = position + headSize
    if (end < 0) {
      const content = bytes.slice(start, -end)
      this.writeHead(TAGGED, TAG.wtf8)
      return this.writeBytes(content)
    }
    const size = headSizeOf(end - start)
    if (size !== headSize) bytes.copyWithin(position + size, start, end)
    this.writeHead(TEXT, end - start)
    this.position = end + size - headSize
  }

  private writeByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.position++] = byte
  }

  private writeHead(major: number, argument: number): void {
    this.reserve(HEAD_BYTES)
    const { bytes } = this
    let { position } = this
    if (argument < 24) {
      bytes[position++] = major | argument
    } else if (argument < 0x100) {
      bytes[position++] = major | 24
      bytes[position++] = argument
    } else if (argument < 0x10000) {
      bytes[position++] = major | 25
      bytes[position++] = argument >> 8
      bytes[position++] = argument
    } else if (argument < 0x100000000) {
      bytes[position++] = major | 26
      this.view.setUint32(position, argument)
      position += 4
    } else {
      bytes[position++] = major | 27
      this.view.setUint32(position, argument / 0x100000000)
      this.view.setUint32(position + 4, argument >>> 0)
      position += 8
    }
    this.position = position
  }

  private reserve(count: number): void {
    if (this.position + count > this.bytes.length) this.grow(count)
  }

  private grow(count: number, factor = 2): void {
    if (this.position > this.maxBytes) this.fail(bytesExceeded(this.maxBytes))
    const needed = this.position + count
    const { bytes } = this
    const grown = new Uint8Array(Math.max(needed, Math.min(factor * bytes.length, this.maxBytes)))
    grown.set(bytes.subarray(0, this.position))
    this.replaceBytes(grown)
  }

  private replaceBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer)
  }
}

interface Entry {
  key: Uint8Array
  value: Uint8Array
}

const INITIAL_BYTES = 16 * 1024
const KEPT_BYTES = 1024 * 1024

/** UTF-16 units up to which a loop beats the call of TextEncoder. */
const SHORT_TEXT = 64

/** The longest head. */
const HEAD_BYTES = 9

// Major types of RFC 8949, section 3.1, in their place in the initial byte.
const UNSIGNED = 0x00
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60
const ARRAY = 0x80
const MAP = 0xa0
const TAGGED = 0xc0

function headSizeOf(argument: number): number {
  return argument < 24 ? 1 : argument < 0x100 ? 2 : argument < 0x10000 ? 3 : argument < 0x100000000 ? 5 : 9
}

/** The binary16 with the same value as the binary32 whose bits these are (no NaN), or -1 if there is none. */
function singleToHalf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const exponent = ((bits >>> 23) & 0xff) - 127
  const fraction = bits & 0x7fffff
  if (exponent === -127) return fraction === 0 ? sign : -1
  if (exponent === 128) return sign | 0x7c00
  if (exponent > 15 || exponent < -24) return -1
  if (exponent >= -14) return fraction & 0x1fff ? -1 : sign | ((exponent + 15) << 10) | (fraction >> 13)
  const significand = fraction | 0x800000
  const shift = -1 - exponent
  return significand & ((1 << shift) - 1) ? -1 : sign | (significand >> shift)
}

function fromHex(hex: string): Uint8Array {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  const bytes = new Uint8Array(even.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(even.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
