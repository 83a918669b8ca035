import core from './core.ts'

/** The first module, inlined and compiled synchronously: the one way that works with every bundler and without any. */
export function inlinedCore(): WebAssembly.Module {
  return compile(core)
}

/** A module as `scripts/wasm-text.mjs` writes it. */
export function compile(text: string): WebAssembly.Module {
  return new WebAssembly.Module(bytesOf(text))
}

/** How many bytes are one character: the most frequent ones, which the text begins with, two hex digits each. */
const SINGLE = 86
/** What stands for nothing: it could be taken for the end of a string, or of the script. */
const LEFT_OUT = '"$\'<\\`'

/** All other bytes, in their order, are two characters: one of the last two, and any. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const digits = new Uint8Array(127)
  let base = 0
  for (let code = 33; code < 127; code++) {
    if (!LEFT_OUT.includes(String.fromCharCode(code))) digits[code] = base++
  }
  const order = new Set<number>()
  for (let i = 0; i < SINGLE; i++) order.add(parseInt(text.slice(2 * i, 2 * i + 2), 16))
  for (let byte = 0; byte < 256; byte++) order.add(byte)
  const byPlace = [...order]
  const bytes = new Uint8Array(text.length)
  let length = 0
  let before = 0
  for (let i = 2 * SINGLE; i < text.length; i++) {
    const digit = digits[text.charCodeAt(i)]!
    if (before === 0 && digit >= SINGLE) {
      before = SINGLE + (digit - SINGLE) * base
    } else {
      bytes[length++] = byPlace[before + digit]!
      before = 0
    }
  }
  return bytes.slice(0, length)
}
