import type { Meta, Name } from '../base/entry.ts'
import type { PromiseOrValue } from '../base/promise-or-value.ts'
import type { DecodeOptions } from './cbor-decode.ts'
import type { EncodeOptions } from './cbor-writer.ts'
import type { CodecOptions } from './codec.ts'
import type { Transforms } from './transforms.ts'

/** What `Fast.decode` answers for bytes that are left to the TypeScript: no value. */
export const LEFT: unique symbol = Symbol('left')

/**
 * The codec once more, in WebAssembly. What it cannot do, and what it finds wrong, is left to the TypeScript, which does it
 * or says what is wrong: then the answer is `undefined`.
 */
export interface Fast {
  encode(value: unknown, options: EncodeOptions): Uint8Array<ArrayBuffer> | undefined
  decode(bytes: Uint8Array, options: DecodeOptions): unknown
  encodeFrame(
    name: Name,
    serializer: number,
    meta: Meta,
    value: unknown,
    options: CodecOptions,
  ): Uint8Array<ArrayBuffer> | undefined
  decodeFrame(name: Name, bytes: Uint8Array, options: CodecOptions): { meta: unknown; value: unknown } | undefined
  /** The metadata of a frame of which at least that is there. */
  decodeHead(name: Name, bytes: Uint8Array, options: CodecOptions): { meta: unknown } | undefined
  xxh3(bytes: Uint8Array, seed: bigint): bigint | undefined
  sha512(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined
}

/** What the entry provides, if it does. */
export let fast: Fast | undefined

/** What compresses and encrypts, asked for when a store needs it. */
export let loadTransforms: () => PromiseOrValue<Transforms> = loadTwin

/** Called by an entry, before anything is stored. */
export function provide(implementation: Fast, load: () => PromiseOrValue<Transforms> = loadTransforms): void {
  fast = implementation
  loadTransforms = load
}

/** The same in TypeScript. */
export function loadTwin(): Promise<Transforms> {
  return import('./transforms-js.ts').then(({ jsTransforms }) => jsTransforms)
}
