const DIGITS = /* @__PURE__ */ new TextEncoder().encode(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
)
const PADDING = 61
const ascii = /* @__PURE__ */ new TextDecoder()

/** Node's is the fastest, where there is one. */
const { Buffer } = globalThis as Partial<Pick<typeof globalThis, 'Buffer'>>

/** Bytes in base64 (RFC 4648, section 4). `btoa` takes ten times as long. */
export function toBase64(bytes: Uint8Array): string {
  if (Buffer) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
  const text = new Uint8Array(Math.ceil(bytes.length / 3) * 4).fill(PADDING)
  for (let from = 0, to = 0; from < bytes.length; from += 3) {
    const left = bytes.length - from
    const bits = (bytes[from]! << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0)
    text[to++] = DIGITS[bits >> 18]!
    text[to++] = DIGITS[(bits >> 12) & 63]!
    if (left > 1) text[to] = DIGITS[(bits >> 6) & 63]!
    to++
    if (left > 2) text[to] = DIGITS[bits & 63]!
    to++
  }
  return ascii.decode(text)
}

/** The bytes that `text` stands for. */
export function fromBase64(text: string): Uint8Array {
  if (Buffer) return new Uint8Array(Buffer.from(text, 'base64'))
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}
