import type { Entry, EntryType, Meta, Name } from '../base/entry.ts'
import { decode, encode } from './cbor.ts'
import { type FrameHead, SERIALIZERS, corrupt, encodeFrame, parseFrame, parseFrameHead } from './frame.ts'
import { kindOf, type Kind } from './kinds.ts'
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
  const meta = metaOf(name, frame, options)
  return { meta, value: meta.type === 'binary' ? new Uint8Array(frame.value) : decode(frame.value, options) }
}

/** The metadata alone, from the first bytes of a frame; `needed` as in `parseFrameHead`. */
export function decodeMeta(name: Name, bytes: Uint8Array, options: CodecOptions): Meta | { readonly needed: number } {
  const head = parseFrameHead(name, bytes)
  return 'needed' in head ? head : metaOf(name, head, options)
}

const TYPES: readonly unknown[] = ['value', 'binary', 'log'] satisfies EntryType[]

const FIELDS: readonly (readonly [keyof Meta, Kind])[] = [
  ['lastWrite', 'Date'],
  ['expires', 'Date'],
  ['custom', 'Object'],
  ['own', 'Object'],
]

function storedMeta({ key, type, lastWrite, expires, custom, own }: Meta): Meta {
  const meta: Meta = { key, type, lastWrite }
  if (expires) meta.expires = expires
  if (custom) meta.custom = custom
  if (own) meta.own = own
  return meta
}

/** The metadata, if this version reads the frame. A right checksum does not say that a sound version wrote it. */
function metaOf(name: Name, head: FrameHead, options: CodecOptions): Meta {
  const { serializer, compressor, encryptor } = head
  const strange =
    serializer !== SERIALIZERS.cbor && serializer !== SERIALIZERS.raw
      ? 'serializer'
      : compressor !== 0
        ? 'compressor'
        : encryptor !== 0 && 'encryptor'
  if (strange) throw corrupt(name, `its ${strange} has the id ${head[strange]}, unknown to this version`)
  const meta = decode(head.meta, options) as Meta
  const { type } = meta ?? {}
  const wrong =
    !isKind(meta, 'Object') || !Object.hasOwn(meta, 'key')
      ? 'key'
      : !TYPES.includes(type)
        ? 'type'
        : FIELDS.find(
            ([field, kind]) => (field === 'lastWrite' || meta[field] !== undefined) && !isKind(meta[field], kind),
          )?.[0]
  if (wrong) throw corrupt(name, `its metadata has a wrong ${wrong}`)
  if ((serializer === SERIALIZERS.raw) !== (type === 'binary')) {
    throw corrupt(name, `its type is ${type}, its serializer ${serializer}`)
  }
  return storedMeta(meta)
}

function isKind(value: unknown, kind: Kind): boolean {
  if (typeof value !== 'object' || value === null || kindOf(value) !== kind) return false
  return kind !== 'Date' || !Number.isNaN((value as Date).getTime())
}
