import type { Entry, EntryType, Meta, Name } from '../base/entry.ts'
import { CorruptEntryError } from '../base/errors.ts'
import { decode, encode } from './cbor.ts'
import { type FrameHead, SERIALIZERS, encodeFrame, parseFrame, parseFrameHead } from './frame.ts'
import type { Limits } from './limits.ts'

export interface CodecOptions {
  readonly limits?: Partial<Limits> | undefined
}

/**
 * The frame of an entry. UNSERIALIZABLE_VALUE if a part of the value or of the custom metadata cannot be stored,
 * LIMIT_EXCEEDED if it is too deep or too large. The value of a binary is its Uint8Array.
 */
export function encodeEntry(name: Name, entry: Entry, options: CodecOptions): Uint8Array<ArrayBuffer> {
  const meta = encode(storedMeta(entry.meta), options)
  return entry.meta.type === 'binary'
    ? encodeFrame(name, { serializer: SERIALIZERS.raw, meta, value: entry.value as Uint8Array })
    : encodeFrame(name, { serializer: SERIALIZERS.cbor, meta, value: encode(entry.value, options) })
}

/** The entry in a whole frame, a copy of it. CORRUPT_ENTRY if the frame is not what was stored, LIMIT_EXCEEDED. */
export function decodeEntry(name: Name, bytes: Uint8Array, options: CodecOptions): { meta: Meta; value: unknown } {
  const frame = parseFrame(name, bytes)
  checkIds(name, frame)
  const meta = toMeta(name, decode(frame.meta, options))
  const raw = frame.serializer === SERIALIZERS.raw
  if (raw !== (meta.type === 'binary'))
    throw corrupt(name, `its type is ${meta.type}, its serializer ${frame.serializer}`)
  return { meta, value: raw ? new Uint8Array(frame.value) : decode(frame.value, options) }
}

/** The metadata alone, from the first bytes of a frame; `needed` as in `parseFrameHead`. */
export function decodeMeta(name: Name, bytes: Uint8Array, options: CodecOptions): Meta | { readonly needed: number } {
  const head = parseFrameHead(name, bytes)
  if ('needed' in head) return head
  checkIds(name, head)
  return toMeta(name, decode(head.meta, options))
}

const TYPES: ReadonlySet<unknown> = new Set<EntryType>(['value', 'binary', 'log'])

function storedMeta({ key, type, lastWrite, expires, custom, own }: Meta): Meta {
  const meta: Meta = { key, type, lastWrite }
  if (expires) meta.expires = expires
  if (custom) meta.custom = custom
  if (own) meta.own = own
  return meta
}

function checkIds(name: Name, { serializer, compressor, encryptor }: FrameHead): void {
  if (serializer !== SERIALIZERS.cbor && serializer !== SERIALIZERS.raw) throw unknownId(name, 'serializer', serializer)
  if (compressor !== 0) throw unknownId(name, 'compressor', compressor)
  if (encryptor !== 0) throw unknownId(name, 'encryptor', encryptor)
}

/** A right checksum does not say that a sound version of this library wrote it. */
function toMeta(name: Name, meta: unknown): Meta {
  if (!isPlainObject(meta)) throw corrupt(name, 'its metadata is no object')
  const { type, lastWrite, expires, custom, own } = meta
  const wrong =
    (!Object.hasOwn(meta, 'key') && 'key') ||
    (!TYPES.has(type) && 'type') ||
    (!isDate(lastWrite) && 'lastWrite') ||
    (expires !== undefined && !isDate(expires) && 'expires') ||
    (custom !== undefined && !isPlainObject(custom) && 'custom') ||
    (own !== undefined && !isPlainObject(own) && 'own')
  if (wrong) throw corrupt(name, `the field ${wrong} of its metadata is not as it should be`)
  return storedMeta(meta as unknown as Meta)
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function unknownId(name: Name, kind: string, id: number): CorruptEntryError {
  return corrupt(name, `its ${kind} has the id ${id}, which is not known to this version`)
}

function corrupt(name: Name, reason: string): CorruptEntryError {
  return new CorruptEntryError(`The entry ${name} is corrupt: ${reason}.`)
}
