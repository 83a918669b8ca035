import { CorruptEntryError } from '../base/errors.ts'
import { readUtf8 } from './cbor-text.ts'

/** Additional information that leaves the end to a break (RFC 8949, section 3.2). */
export const INDEFINITE: number = 31

/** Reads the parts of CBOR that hold no other items: heads, integers, text and bytes. */
export abstract class Reader {
  protected bytes: Uint8Array = NO_BYTES
  protected view: DataView = NO_VIEW
  protected position = 0

  protected open(bytes: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = bytes
    this.view = new DataView(buffer, byteOffset, byteLength)
    // Buffer.prototype.slice makes a view.
    this.bytes = bytes.constructor === Uint8Array ? bytes : new Uint8Array(buffer, byteOffset, byteLength)
    this.position = 0
  }

  protected close(): void {
    this.bytes = NO_BYTES
    this.view = NO_VIEW
  }

  /** The argument of a head; exact below 2^53, and no safe integer from there on. */
  protected readArgument(info: number): number {
    const { position, view } = this
    switch (info) {
      case 24:
        this.skip(1)
        return view.getUint8(position)
      case 25:
        this.skip(2)
        return view.getUint16(position)
      case 26:
        this.skip(4)
        return view.getUint32(position)
      case 27:
        this.skip(8)
        return view.getUint32(position) * 0x100000000 + view.getUint32(position + 4)
      default:
        if (info > 23) this.corrupt('has a reserved head', position - 1)
        return info
    }
  }

  protected readLongInteger(isNegative: boolean): number | bigint {
    const { position } = this
    const argument = this.readArgument(27)
    if (argument < Number.MAX_SAFE_INTEGER) return isNegative ? -1 - argument : argument
    const exact = this.view.getBigUint64(position)
    if (isNegative) return -1n - exact
    return exact === BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : exact
  }

  /** A length whose items, of at least `size` bytes each, can be there: nothing is allocated for one that lies. */
  protected readLength(info: number, size = 1): number {
    const length = this.readArgument(info)
    if (length * size > this.bytes.length - this.position) this.truncated()
    return length
  }

  protected readBytes(length: number): Uint8Array<ArrayBuffer> {
    const { position } = this
    this.position += length
    return this.bytes.slice(position, this.position)
  }

  protected readText(length: number): string {
    if (length <= SHORT_TEXT) {
      const { bytes, position } = this
      const units = unitsOfLength[length]!
      let i = 0
      while (i < length && (units[i] = bytes[position + i]!) < 0x80) i++
      if (i === length) {
        this.position = position + length
        return String.fromCharCode.apply(null, units)
      }
    }
    return this.readLongText(length)
  }

  private readLongText(length: number): string {
    const end = this.position + length
    try {
      const text = readUtf8(this.bytes.subarray(this.position, end))
      this.position = end
      return text
    } catch {
      this.corrupt('has text that is not UTF-8')
    }
  }

  protected readTextChunks(): string {
    let text = ''
    while (!this.readBreak()) text += this.readText(this.readChunkLength(3))
    return text
  }

  protected readByteChunks(): Uint8Array<ArrayBuffer> {
    const chunks: Uint8Array[] = []
    let length = 0
    while (!this.readBreak()) {
      const chunk = this.readBytes(this.readChunkLength(2))
      chunks.push(chunk)
      length += chunk.length
    }
    const bytes = new Uint8Array(length)
    let position = 0
    for (const chunk of chunks) {
      bytes.set(chunk, position)
      position += chunk.length
    }
    return bytes
  }

  /** Chunks are of the string's own type and of definite length (RFC 8949, section 3.2.3). */
  protected readChunkLength(major: number): number {
    const initial = this.bytes[this.position++]!
    if (initial >> 5 !== major || (initial & 0x1f) === INDEFINITE) this.corrupt('has a wrong chunk', this.position - 1)
    return this.readLength(initial & 0x1f)
  }

  protected readBreak(): boolean {
    const next = this.bytes[this.position]
    if (next === undefined) this.truncated()
    if (next !== 0xff) return false
    this.position++
    return true
  }

  protected readTag(info: number): number | bigint {
    const { position } = this
    const tag = this.readArgument(info)
    return Number.isSafeInteger(tag) ? tag : this.view.getBigUint64(position)
  }

  protected skip(count: number): void {
    if (this.position + count > this.bytes.length) this.truncated()
    this.position += count
  }

  protected truncated(): never {
    this.corrupt('is cut off', this.bytes.length)
  }

  protected corrupt(what: string, position: number = this.position, ...cause: [unknown?]): never {
    const details = cause.length > 0 ? { cause: cause[0] } : {}
    throw new CorruptEntryError(`CBOR ${what} at byte ${position}`, details)
  }
}

/** Bytes up to which a loop beats the call of TextDecoder. */
const SHORT_TEXT = 32

/** One array for each short length, since a call with as many arguments is what makes a string fastest. */
const unitsOfLength: number[][] = Array.from({ length: SHORT_TEXT + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
)

const NO_BYTES: Uint8Array = new Uint8Array(0)
const NO_VIEW: DataView = new DataView(new ArrayBuffer(0))
