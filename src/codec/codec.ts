import type { Entry, EntryType, Meta, Name } from '../base/entry.ts'
import { decode, encode } from './cbor.ts'
import { type FrameHead, CBOR, RAW, corrupt, encodeFrame, parseFrame, parseFrameHead } from './frame.ts'
import { kindOf } from './kinds.ts'
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
    ? encodeFrame(name, { serializer: RAW, meta, value: entry.value as Uint8Array })
    : encodeFrame(name, { serializer: CBOR, meta, value: encode(entry.value, options) })
}

/** The entry in a whole frame, a copy of it. CORRUPT_ENTRY if the frame is not what was stored, LIMIT_EXCEEDED. */
export function decodeEntry(name: Name, bytes: Uint8Array, options: CodecOptions): { meta: Meta; value: unknown } {
  const frame = parseFrame(name, bytes)
  const meta = metaOf(name, frame, options)
  return { meta, value: meta.type === 'binary' ? new Uint8Array(frame.value) : decode(frame.value, options) }
}

/** The metadata alone, from the first bytes of a frame; `needed` as in `parseFrameHead`. */
export function decodeMeta(name: Name, bytes: Uint8Array, options: CodecOptions): Meta | { readonly needed: number } {
  const head = parseFrameHead(name, bytes)
  return 'needed' in head ? head : metaOf(name, head, options)
}

const TYPES: readonly unknown[] = ['value', 'binary', 'log'] satisfies EntryType[]

const isDate = (value: unknown): boolean => kindOf(value) === 'Date' && !Number.isNaN((value as Date).getTime())
const isObject = (value: unknown = {}): boolean => kindOf(value) === 'Object'

/** What each field must be. Those that need not be there pass as undefined. */
const FIELDS: Readonly<Record<keyof Meta, (value: unknown) => boolean>> = {
  key: (key) => key !== undefined,
  type: (type) => TYPES.includes(type),
  lastWrite: isDate,
  expires: (expires = new Date()) => isDate(expires),
  custom: isObject,
  own: isObject,
}

const FIELD_NAMES = Object.keys(FIELDS) as (keyof Meta)[]

function storedMeta(meta: Meta): Meta {
  const stored: Partial<Record<keyof Meta, unknown>> = {}
  for (const field of FIELD_NAMES) if (meta[field] !== undefined) stored[field] = meta[field]
  return stored as Meta
}

/** The metadata, if this version reads the frame. A right checksum does not say that a sound version wrote it. */
function metaOf(name: Name, head: FrameHead, options: CodecOptions): Meta {
  const { serializer, compressor, encryptor } = head
  const isRaw = serializer === RAW
  const strange = !isRaw && serializer !== CBOR ? 'serializer' : compressor ? 'compressor' : encryptor && 'encryptor'
  if (strange) throw corrupt(name, `its ${strange} has the id ${head[strange]}, unknown to this version`)
  const meta = (decode(head.meta, options) ?? {}) as Meta
  const wrong = FIELD_NAMES.find((field) => !FIELDS[field](meta[field]))
  if (wrong) throw corrupt(name, `its metadata has a wrong ${wrong}`)
  if (isRaw !== (meta.type === 'binary')) throw corrupt(name, `its type is ${meta.type}, its serializer ${serializer}`)
  return storedMeta(meta)
}
