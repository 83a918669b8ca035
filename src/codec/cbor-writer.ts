import { fromHex, isWellFormed, writeUtf8, writeWtf8 } from './cbor-text.ts'
import { BIGINT_BYTES, bigintExceeded, bytesExceeded } from './limits.ts'
import { TAG } from './tagged.ts'
import { Walk } from './walk.ts'

// Major types of RFC 8949, section 3.1, in their place in the initial byte.
export const ARRAY: number = 0x80
export const MAP: number = 0xa0
export const TAGGED: number = 0xc0
const UNSIGNED = 0x00
const NEGATIVE = 0x20
const BYTES = 0x40
const TEXT = 0x60

/** Writes the parts of CBOR that hold no other items: heads, numbers, text and bytes. */
export abstract class Writer extends Walk {
  protected bytes: Uint8Array<ArrayBuffer> = new Uint8Array(INITIAL_BYTES)
  protected view: DataView = new DataView(this.bytes.buffer)
  protected position = 0
  private maxBytes = 0

  protected start(maxBytes: number): void {
    this.maxBytes = maxBytes
    this.position = 0
  }

  /** What was written; the bytes themselves where they are exact and not worth keeping. */
  protected take(): Uint8Array<ArrayBuffer> {
    const { bytes, position } = this
    if (position > this.maxBytes) this.fail(bytesExceeded(this.maxBytes))
    return position === bytes.length && position > KEPT_BYTES ? bytes : bytes.slice(0, position)
  }

  protected release(): void {
    if (this.bytes.length > KEPT_BYTES) this.replaceBytes(new Uint8Array(INITIAL_BYTES))
  }

  protected writeBigint(value: bigint): void {
    const magnitude = value < 0n ? ~value : value
    const hex = magnitude === 0n ? '' : magnitude.toString(16)
    if (hex.length > 2 * BIGINT_BYTES) this.fail(bigintExceeded())
    this.writeHead(TAGGED, value < 0n ? TAG.negativeBigint : TAG.bigint)
    this.writeBytes(fromHex(hex))
  }

  protected writeBytes(bytes: Uint8Array): void {
    this.writeHead(BYTES, bytes.length)
    this.append(bytes)
  }

  /** Much at once is often all there is: the room for it is then made exact, and given away with it. */
  protected append(bytes: Uint8Array): void {
    const { length } = bytes
    if (this.position + length > this.bytes.length) this.grow(length, length > KEPT_BYTES / 2 ? 0 : 2)
    this.bytes.set(bytes, this.position)
    this.position += bytes.length
  }

  protected writeNumber(value: number): void {
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

  protected writeText(text: string): void {
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

  protected writeByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.position++] = byte
  }

  protected writeHead(major: number, argument: number): void {
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

  protected reserve(count: number): void {
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

const INITIAL_BYTES = 16 * 1024
const KEPT_BYTES = 1024 * 1024

/** UTF-16 units up to which a loop beats the call of TextEncoder. */
const SHORT_TEXT = 64

/** The longest head. */
const HEAD_BYTES = 9

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
