import { bytesOf, typedArrayName } from './kinds.ts'

/** The tag of a typed array in the byte order that is written, little-endian (RFC 8746, section 2.1). */
export function typedArrayTag(name: string): number {
  return littleEndianTags.get(name)!
}

/** The array's bytes in little-endian order. */
export function toLittleEndian(array: ArrayBufferView): Uint8Array {
  const bytes = bytesOf(array)
  return PLATFORM_IS_LITTLE_ENDIAN ? bytes : swap(bytes.slice(), elementSize(typedArrayTag(typedArrayName(array))))
}

/**
 * The typed array of a tag from 64 to 87 over `bytes`, which it takes over; `undefined` if the tag has no array here
 * or the bytes are not whole elements.
 */
export function readTypedArray(tag: number, bytes: Uint8Array<ArrayBuffer>): ArrayBufferView | undefined {
  const isLittleEndian = (tag & LITTLE_ENDIAN) !== 0
  if (tag === HALF_LITTLE_ENDIAN || tag === HALF_BIG_ENDIAN) return readHalves(bytes, isLittleEndian)
  const name = namesByTag.get(tag)
  const size = elementSize(tag)
  if (name === undefined || bytes.length % size !== 0) return undefined
  if (size > 1 && isLittleEndian !== PLATFORM_IS_LITTLE_ENDIAN) swap(bytes, size)
  const constructor = (globalThis as Record<string, unknown>)[name] as new (buffer: ArrayBuffer) => ArrayBufferView
  return new constructor(bytes.buffer)
}

/** The number that 16 bits of IEEE 754 binary16 are. */
export function halfToNumber(half: number): number {
  const exponent = (half >> 10) & 0x1f
  const fraction = half & 0x3ff
  const magnitude =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 0x1f
        ? fraction === 0
          ? Infinity
          : NaN
        : (1 + fraction / 1024) * 2 ** (exponent - 15)
  return half & 0x8000 ? -magnitude : magnitude
}

const LITTLE_ENDIAN = 4
const HALF_BIG_ENDIAN = 80
const HALF_LITTLE_ENDIAN = 84

const PLATFORM_IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

const littleEndianTags = new Map([
  ['Uint8Array', 64],
  ['Uint8ClampedArray', 68],
  ['Uint16Array', 69],
  ['Uint32Array', 70],
  ['BigUint64Array', 71],
  ['Int8Array', 72],
  ['Int16Array', 77],
  ['Int32Array', 78],
  ['BigInt64Array', 79],
  ['Float16Array', HALF_LITTLE_ENDIAN],
  ['Float32Array', 85],
  ['Float64Array', 86],
])

const namesByTag = new Map<number, string>()
for (const [name, tag] of littleEndianTags) {
  namesByTag.set(tag, name)
  if (tag !== 68 && tag !== 72) namesByTag.set(tag & ~LITTLE_ENDIAN, name)
}

/** Bytes of an element: the tag's last two bits are its binary logarithm, one more for floats (bit 4). */
function elementSize(tag: number): number {
  return 1 << ((tag & 3) + ((tag >> 4) & 1))
}

/** Where the platform has no Float16Array, the same numbers in a Float32Array. */
function readHalves(bytes: Uint8Array<ArrayBuffer>, isLittleEndian: boolean): ArrayBufferView | undefined {
  if (bytes.length % 2 !== 0) return undefined
  const view = new DataView(bytes.buffer)
  const constructor = (globalThis as { Float16Array?: Float32ArrayConstructor }).Float16Array ?? Float32Array
  return new constructor(bytes.length / 2).map((_, i) => halfToNumber(view.getUint16(2 * i, isLittleEndian)))
}

function swap(bytes: Uint8Array, size: number): Uint8Array {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse()
  return bytes
}
