export const utf8Encoder: TextEncoder = new TextEncoder()

/** Keeps a byte order mark, and throws a TypeError for bytes that are not UTF-8. */
export const utf8Decoder: TextDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Whether a string has no lone surrogate. */
export function isWellFormed(text: string & { isWellFormed?: () => boolean }): boolean {
  // Not in Firefox before 119.
  return text.isWellFormed?.() ?? !/\p{Surrogate}/u.test(text)
}

/** A string as WTF-8, which is UTF-8 wherever the string is well-formed. */
export function toWtf8(text: string): Uint8Array {
  return Uint8Array.from(
    Array.from(text, (character) => {
      const unit = character.charCodeAt(0)
      return isWellFormed(character)
        ? [...utf8Encoder.encode(character)]
        : [0xe0 | (unit >> 12), 0x80 | ((unit >> 6) & 0x3f), 0x80 | (unit & 0x3f)]
    }).flat(),
  )
}

/** The string that `bytes` are the WTF-8 of. Throws if they are not what `toWtf8` answers for it. */
export function fromWtf8(bytes: Uint8Array): string {
  let text = ''
  let start = 0
  bytes.forEach((byte, i) => {
    if (byte === 0xed && bytes[i + 1]! >= 0xa0) {
      text += utf8Decoder.decode(bytes.subarray(start, i))
      text += String.fromCharCode(0xd000 | ((bytes[i + 1]! & 0x3f) << 6) | (bytes[i + 2]! & 0x3f))
      start = i + 3
    }
  })
  text += utf8Decoder.decode(bytes.subarray(start))
  if (toHex(toWtf8(text)) !== toHex(bytes)) throw new TypeError('not WTF-8')
  return text
}

export function toHex(bytes: Uint8Array): string {
  let hex = ''
  for (const byte of bytes) hex += (0x100 | byte).toString(16).slice(1)
  return hex
}

/** The bytes of an even number of digits. */
export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (digits) => parseInt(digits, 16))
}
