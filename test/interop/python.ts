import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { findPython } from '../../scripts/interop-tools.mjs'

/** What the script beside this file prints for `input`, both as JSON. */
export function python(script: string, input: unknown): unknown {
  const answer = execFileSync(findPython()!, [join(import.meta.dirname, script)], {
    input: JSON.stringify(input),
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
  })
  return JSON.parse(answer)
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

export function bytesOf(digits: string): Uint8Array {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
