export const utf8Encoder: TextEncoder = new TextEncoder()

/** Keeps a byte order mark, and throws a TypeError for bytes that are not UTF-8. */
export const utf8Decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether a string has no lone surrogate. */
export function isWellFormed(text: string & { isWellFormed?: () => boolean }): boolean {
  // Not in Firefox before 119.
  return text.isWellFormed?.() ?? !LONE_SURROGATE.test(text)
}

// Not \p{Surrogate}: with the flag `u`, WebKit takes U+FC00 to U+FFFF for the second half of a pair.
const LONE_SURROGATE = /([\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff])/

/** A string as WTF-8, which is UTF-8 wherever the string is well-formed. */
export function toWtf8(text: string): Uint8Array {
  return Uint8Array.from(
    // Lone surrogates are every second part.
    text.split(LONE_SURROGATE).flatMap((part, i) => {
      const unit = part.charCodeAt(0)
      return i % 2 ? [0xed, 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)] : [...utf8Encoder.encode(part)]
    }),
  )
}

/** The string that `bytes` are the WTF-8 of. Throws if they are not what `toWtf8` answers for it. */
export function fromWtf8(bytes: Uint8Array): string {
  const codePoints: number[] = []
  for (const byte of bytes) {
    if (byte >> 6 === 0b10) codePoints.push((codePoints.pop()! << 6) | (byte & 0x3f))
    else codePoints.push(byte < 0x80 ? byte : byte & (byte < 0xe0 ? 0x1f : byte < 0xf0 ? 0x0f : 0x07))
  }
  const text = codePoints.map((codePoint) => String.fromCodePoint(codePoint)).join('')
  if (String(toWtf8(text)) !== String(bytes)) throw new TypeError('Not WTF-8')
  return text
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The bytes of an even number of digits. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16))
}

/** The bytes of all parts, one after the other. */
export function joinBytes(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const all = new Uint8Array(length)
  for (const part of parts.reverse()) all.set(part, (length -= part.length))
  return all
}
