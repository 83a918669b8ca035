import {
  bytesOf,
  dateTime,
  describe,
  errorFields,
  isExactInSeconds,
  kindOf,
  mapItems,
  setItems,
  typedArrayName,
  type Kind,
} from './kinds.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { fromHex } from './cbor-text.ts'
import { ARRAY, MAP, TAGGED, Writer } from './cbor-writer.ts'
import { toLittleEndian, typedArrayTag } from './cbor-typed-arrays.ts'
import { hasType, TAG, type Tagged, type Uuid } from './tagged.ts'
import { findType } from './types.ts'
import { keySegment } from './walk.ts'

export interface EncodeOptions {
  limits?: Partial<Limits> | undefined
  /** Equal bytes for equal plain data, whatever the order of properties (RFC 8949, section 4.2.1). */
  deterministic?: boolean | undefined
}

export class Encoder extends Writer {
  private deterministic = false

  encode(value: unknown, options: EncodeOptions | undefined): Uint8Array<ArrayBuffer> {
    this.maxDepth = options?.limits?.depth ?? DEFAULT_LIMITS.depth
    this.start(options?.limits?.bytes ?? DEFAULT_LIMITS.bytes)
    this.deterministic = options?.deterministic ?? false
    try {
      this.write(value)
      return this.take()
    } catch (error) {
      throw this.abort(error)
    } finally {
      this.release()
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

  private writeDate(date: object, time: number): void {
    if (!isExactInSeconds(time)) return this.writeNamed(date, 'Date', time)
    this.writeHead(TAGGED, TAG.date)
    this.writeNumber(time / 1000)
  }

  private writeTypedArray(array: ArrayBufferView): void {
    const name = typedArrayName(array)
    if (name !== 'Uint8Array') this.writeHead(TAGGED, typedArrayTag(name))
    this.writeBytes(toLittleEndian(array))
  }
}

interface Entry {
  key: Uint8Array
  value: Uint8Array
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}
