/** RFC 4648 §7 in lower case, without padding: unlike base64 it keeps the order of the bytes. */
export function toBase32Hex(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let count = 0
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff
    count += 8
    for (; count >= 5; count -= 5) text += DIGITS[(bits >> (count - 5)) & 31]!
  }
  return count > 0 ? text + DIGITS[(bits << (5 - count)) & 31]! : text
}

/** The bytes of `text`, or `undefined` if `toBase32Hex` would not have written it. */
export function fromBase32Hex(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array(Math.floor((text.length * 5) / 8))
  let bits = 0
  let count = 0
  let at = 0
  for (const character of text) {
    const digit = DIGITS.indexOf(character)
    if (digit < 0) return undefined
    bits = ((bits << 5) | digit) & 0xfff
    count += 5
    if (count >= 8) {
      count -= 8
      bytes[at++] = bits >> count
    }
  }
  return count < 5 && (bits & ((1 << count) - 1)) === 0 ? bytes : undefined
}

const DIGITS = '0123456789abcdefghijklmnopqrstuv'
