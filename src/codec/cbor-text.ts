/**
 * Write a string as WTF-8, which is UTF-8 wherever the string is well-formed; three bytes a UTF-16 unit are enough.
 * Returns where the bytes end, negated if there was a lone surrogate.
 */
export function writeWtf8(target: Uint8Array, position: number, text: string): number {
  let lone = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) {
      target[position++] = unit
    } else if (unit < 0x800) {
      target[position++] = 0xc0 | (unit >> 6)
      target[position++] = 0x80 | (unit & 0x3f)
    } else {
      const point = text.codePointAt(i)!
      if (point > 0xffff) {
        i++
        target[position++] = 0xf0 | (point >> 18)
        target[position++] = 0x80 | ((point >> 12) & 0x3f)
      } else {
        if (point >= 0xd800 && point <= 0xdfff) lone = true
        target[position++] = 0xe0 | (point >> 12)
      }
      target[position++] = 0x80 | ((point >> 6) & 0x3f)
      target[position++] = 0x80 | (point & 0x3f)
    }
  }
  return lone ? -position : position
}

/** The string that `bytes` are the WTF-8 of; `undefined` if they are not what `writeWtf8` would write for it. */
export function readWtf8(bytes: Uint8Array): string | undefined {
  const parts: string[] = []
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i++]!
    const more = lead < 0x80 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3
    let point = more === 0 ? lead : lead & (0x3f >> more)
    for (let j = 0; j < more; j++) point = (point << 6) | (bytes[i++]! & 0x3f)
    if (point > 0x10ffff) return undefined
    parts.push(String.fromCodePoint(point))
  }
  const text = parts.join('')
  const again = new Uint8Array(text.length * 3)
  const end = Math.abs(writeWtf8(again, 0, text))
  return end === bytes.length && bytes.every((byte, i) => byte === again[i]) ? text : undefined
}

/** UTF-8 to a string, a byte order mark kept. Throws a TypeError for bytes that are not UTF-8. */
export function readUtf8(bytes: Uint8Array): string {
  return utf8Decoder.decode(bytes)
}

/** As `TextEncoder.encodeInto`. */
export function writeUtf8(text: string, target: Uint8Array): { read: number; written: number } {
  return utf8Encoder.encodeInto(text, target)
}

export function isWellFormed(text: string): boolean {
  return nativeIsWellFormed ? nativeIsWellFormed.call(text) : !/\p{Surrogate}/u.test(text)
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function fromHex(hex: string): Uint8Array {
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  const bytes = new Uint8Array(even.length / 2)
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(even.slice(2 * i, 2 * i + 2), 16)
  return bytes
}

const utf8Decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const utf8Encoder = new TextEncoder()

/** Not in Firefox before 119. */
const nativeIsWellFormed = (String.prototype as { isWellFormed?: () => boolean }).isWellFormed
