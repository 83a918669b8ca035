import { toHex } from './cbor-text.ts'

/** RFC 4648 §7 in lower case, without padding: unlike base64 it keeps the order of the bytes. */
export function toBase32Hex(bytes: Uint8Array): string {
  // Bits that make the last digit whole, and a digit ahead that keeps zeros.
  const padding = (bytes.length * 2) % 5
  return (BigInt(`0x1${toHex(bytes)}`) << BigInt(padding)).toString(32).slice(1)
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
