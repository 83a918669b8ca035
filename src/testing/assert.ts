import { KonserveError } from '../base/errors.ts'
import type { ErrorCode } from '../base/errors.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'

/** Fail with `what` unless `condition` holds. */
export function ok(condition: boolean, what: string): void {
  if (!condition) throw new Error(what)
}

/** Fail with `what` and both values unless they are equal in type and in every part: 0 is not -0, 1 is not 1n. */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (!same(actual, expected)) throw new Error(`${what}: expected ${show(expected)}, got ${show(actual)}`)
}

/** The error with which `fn` fails, thrown or rejected; fails with `what` if it does not, or if its code is another. */
export async function fails(fn: () => unknown, code: ErrorCode | undefined, what: string): Promise<KonserveError> {
  let error: unknown
  try {
    await fn()
  } catch (thrown) {
    error = thrown
  }
  if (error === undefined) throw new Error(`${what}: expected ${code ?? 'an error'}, but there was none`)
  if (code === undefined || (error as Partial<KonserveError>).code === code) return error as KonserveError
  throw new Error(`${what}: expected ${code}, got ${String(error)}`, { cause: error })
}

/** Fails unless `fn` throws or rejects with a TypeError. */
export async function failsByType(fn: () => unknown, what: string): Promise<void> {
  const error = await fails(fn, undefined, what)
  ok((error as unknown) instanceof TypeError, `${what}: expected a TypeError, got ${String(error)}`)
}

/** Every item of a listing, synchronous or not. */
export async function collect<T>(items: AsyncIterable<T> | Iterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

export function wait(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

/** Wait for what a backend may tell later than a call settles, for a second at most. */
export async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await wait(2)
}

/** What came of `task`: its value or its error. */
export async function outcome<T>(
  task: PromiseOrValue<T>,
): Promise<{ readonly value: T } | { readonly error: unknown }> {
  try {
    return { value: await task }
  } catch (error) {
    return { error }
  }
}

/** Up to 4 MiB of bytes that differ from piece to piece, and from seed to seed. */
export function pattern(size: number, seed = 0): Uint8Array {
  if (words === undefined) {
    words = new Uint32Array(1024 * 1024 + 16)
    for (let i = 0; i < words.length; i++) words[i] = Math.imul(i, 0x9e3779b1)
  }
  return new Uint8Array(words.buffer, 4 * seed, size).slice()
}

let words: Uint32Array | undefined

/** Whether two values are equal in type and in every part. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Date) return Object.is(a.getTime(), (b as Date).getTime())
  if (a instanceof RegExp || a instanceof URL) return String(a) === String(b)
  if (a instanceof ArrayBuffer) return sameBytes(new Uint8Array(a), new Uint8Array(b as ArrayBuffer))
  if (ArrayBuffer.isView(a)) return sameBytes(bytesOf(a), bytesOf(b as ArrayBufferView))
  if (a instanceof Map) return same([...a], [...(b as Map<unknown, unknown>)])
  if (a instanceof Set) return same([...a], [...(b as Set<unknown>)])
  if (a instanceof Error) return same(partsOf(a), partsOf(b as Error))
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) => Object.hasOwn(b, key) && same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  )
}

function partsOf({ name, message, cause }: Error): unknown[] {
  return [name, message, cause]
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  const whole = a.byteOffset % 8 === 0 && b.byteOffset % 8 === 0 ? Math.floor(a.length / 8) : 0
  const left = new Float64Array(a.buffer, whole === 0 ? 0 : a.byteOffset, whole)
  const right = new Float64Array(b.buffer, whole === 0 ? 0 : b.byteOffset, whole)
  // Words that are no numbers, or zeros of two signs, are told apart byte by byte.
  for (let i = 0; i < whole; i++) if (left[i] !== right[i] || left[i] === 0) if (!sameWord(a, b, i * 8)) return false
  for (let i = whole * 8; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

function sameWord(a: Uint8Array, b: Uint8Array, at: number): boolean {
  for (let i = at; i < at + 8; i++) if (a[i] !== b[i]) return false
  return true
}

function show(value: unknown): string {
  if (ArrayBuffer.isView(value)) return `${value.constructor.name}(${value.byteLength} bytes)`
  if (value instanceof Map) return `Map(${show([...value])})`
  if (value instanceof Set) return `Set(${show([...value])})`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'symbol' || typeof value === 'function' || value instanceof Error) return String(value)
  if (Array.isArray(value)) return `[${value.slice(0, 20).map(show).join(', ')}${value.length > 20 ? ', …' : ''}]`
  return (
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))?.slice(0, 300) ??
    String(value)
  )
}
