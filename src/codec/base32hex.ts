/** RFC 4648 §7 in lower case, without padding: unlike base64 it keeps the order of the bytes. */
export function toBase32Hex(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let count = 0
  const write = (): void => {
    text += ((bits >> count) & 31).toString(32)
  }
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    for (count += 8; count >= 5;) {
      count -= 5
      write()
    }
  }
  if (count > 0) {
    bits <<= 5
    write()
  }
  return text
}

/** The bytes of `text`, or `undefined` if `toBase32Hex` would not have written it. */
export function fromBase32Hex(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array((text.length * 5) >> 3)
  let bits = 0
  let count = 0
  let at = 0
  for (const digit of text) {
    bits = (bits << 5) | parseInt(digit, 32)
    count += 5
    if (count >= 8) {
      count -= 8
      bytes[at++] = bits >> count
    }
  }
  return toBase32Hex(bytes) === text ? bytes : undefined
}
