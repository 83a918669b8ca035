import type { Beside } from '../base/backend.ts'
import type { Entry, EntryType, Meta, Name, Serializer } from '../base/entry.ts'
import { type CorruptEntryError, DecryptionError, UnsupportedLayoutError } from '../base/errors.ts'
import { decode, encode } from './cbor.ts'
import { type Cipher, openPart, sealPart } from './cipher.ts'
import { fast } from './fast.ts'
import {
  CBOR,
  CLONE,
  type Frame,
  type FrameHead,
  HEADER,
  LAYOUT,
  LZ4,
  RAW,
  SERIALIZERS,
  XCHACHA20_POLY1305,
  corrupt,
  encodeFrame,
  headEnd,
  parseFrame,
  parseFrameHead,
} from './frame.ts'
import { kindOf } from './kinds.ts'
import { DEFAULT_LIMITS, type Limits, exceeded } from './limits.ts'
import type { Transforms } from './transforms.ts'

export interface CodecOptions {
  /** With `structured-clone` the frame of a value says only that it is beside it. Default `cbor`. */
  readonly serializer?: Serializer | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Values from `threshold` bytes on are compressed, if that makes them shorter. */
  readonly compressor?: { readonly threshold: number } | undefined
  readonly cipher?: Cipher | undefined
  /** What compresses and encrypts. Without it, what is compressed cannot be read. */
  readonly transforms?: Transforms | undefined
  /** Small frames may have one buffer together: for many at once that is quicker. */
  readonly sharesBuffers?: boolean | undefined
}

/**
 * The frame of an entry. UNSERIALIZABLE_VALUE if a part of the value or of the custom metadata cannot be stored,
 * LIMIT_EXCEEDED if it is too deep or too large. The value of a binary is its Uint8Array.
 */
export function encodeEntry(name: Name, entry: Entry, options: CodecOptions): Uint8Array<ArrayBuffer> {
  const meta = storedMeta(entry.meta)
  const serializer = meta.type === 'binary' ? RAW : options.serializer === 'structured-clone' ? CLONE : CBOR
  const value = serializer === CLONE ? new Uint8Array() : entry.value
  return (
    fast?.encodeFrame(name, serializer, meta, value, options) ?? encodeParts(name, serializer, meta, value, options)
  )
}

/**
 * The entry in a whole frame, a copy of it, but for a value that is `beside` the frame: that very one. CORRUPT_ENTRY if
 * the frame is not what was stored, LIMIT_EXCEEDED.
 */
export function decodeEntry(
  name: Name,
  bytes: Uint8Array,
  options: CodecOptions,
  beside?: Beside,
): { meta: Meta; value: unknown } {
  const { meta, value } = decodeFrame(name, bytes, options)
  const isClone = bytes[1] === CLONE
  if (isClone !== (beside !== undefined) || (isClone && (value as Uint8Array).length > 0)) {
    throw corrupt(name, 'its value is not where its serializer says')
  }
  return { meta, value: beside ? beside.value : value }
}

/** The metadata alone, from the first bytes of a frame; `needed` as in `parseFrameHead`. */
export function decodeMeta(name: Name, bytes: Uint8Array, options: CodecOptions): Meta | { readonly needed: number } {
  const end = headEnd(name, bytes)
  if (bytes.length < end) return { needed: end }
  const found = fast?.decodeHead(name, bytes.subarray(0, end), options)
  const meta = found ? found.meta : openMeta(name, bytes, parseFrameHead(name, bytes), options)
  return metaOf(name, bytes[1]!, meta)
}

function decodeFrame(name: Name, bytes: Uint8Array, options: CodecOptions): { meta: Meta; value: unknown } {
  const found = bytes.length < HEADER ? undefined : fast?.decodeFrame(name, bytes, options)
  if (found) return { meta: metaOf(name, bytes[1]!, found.meta), value: found.value }
  const frame = parseFrame(name, bytes)
  const stored = openMeta(name, bytes, frame, options)
  const meta = metaOf(name, frame.serializer, stored)
  const value = openValue(name, bytes, frame, stored as Meta, options)
  return { meta, value: frame.serializer === CBOR ? decode(value, options) : new Uint8Array(value) }
}

const TYPES: readonly unknown[] = ['value', 'binary', 'log'] satisfies EntryType[]

const isDate = (value: unknown): boolean => value instanceof Date && !Number.isNaN(value.getTime())
const isObject = (value: unknown): boolean => value === undefined || kindOf(value) === 'Object'

/** The first field that is not what it must be. */
function wrongField({ key, type, lastWrite, expires, custom, own }: Meta): keyof Meta | undefined {
  if (key === undefined) return 'key'
  if (!TYPES.includes(type)) return 'type'
  if (!isDate(lastWrite)) return 'lastWrite'
  if (expires !== undefined && !isDate(expires)) return 'expires'
  if (!isObject(custom)) return 'custom'
  if (!isObject(own)) return 'own'
}

/** Its own fields alone, those that are there. */
function storedMeta({ key, type, lastWrite, expires, custom, own }: Meta): Meta {
  const stored: Meta = { key, type, lastWrite }
  if (expires !== undefined) stored.expires = expires
  if (custom !== undefined) stored.custom = custom
  if (own !== undefined) stored.own = own
  return stored
}

/** The metadata, if this version reads the frame. A right checksum does not say that a sound version wrote it. */
function metaOf(name: Name, serializer: number, stored: unknown): Meta {
  const meta = (stored ?? {}) as Meta
  const wrong = wrongField(meta)
  if (wrong) throw corrupt(name, `its metadata has a wrong ${wrong}`)
  if ((serializer === RAW) !== (meta.type === 'binary')) {
    throw corrupt(name, `its type is ${meta.type}, its serializer ${serializer}`)
  }
  if (meta.own?.['length'] === undefined) return storedMeta(meta)
  const { own, ...rest } = meta
  const others = Object.entries(own).filter(([field]) => field !== 'length')
  return storedMeta(others.length > 0 ? { ...rest, own: Object.fromEntries(others) } : rest)
}

function encodeParts(
  name: Name,
  serializer: number,
  meta: Meta,
  value: unknown,
  options: CodecOptions,
): Uint8Array<ArrayBuffer> {
  const { cipher, compressor, transforms } = options
  let content = serializer === CBOR ? encode(value, options) : (value as Uint8Array)
  const parts = { serializer, compressor: 0, encryptor: cipher ? XCHACHA20_POLY1305 : 0 }
  // What is too long to be unpacked again is not packed: a binary may be that.
  const most = options.limits?.bytes ?? DEFAULT_LIMITS.bytes
  if (compressor && content.length >= compressor.threshold && content.length <= most) {
    meta = { ...meta, own: { ...meta.own, length: content.length } }
    const packed = transforms!.compress(content)
    if (packed && packed.length < content.length) {
      content = packed
      parts.compressor = LZ4
    }
  }
  let encoded: Uint8Array = encode(meta, options)
  if (cipher) {
    const head = Uint8Array.of(LAYOUT, serializer, parts.compressor, parts.encryptor)
    encoded = sealPart(cipher, { head, name, part: 'meta' }, encoded)
    content = sealPart(cipher, { head, name, part: 'value', meta: encoded }, content)
  }
  return encodeFrame(name, { ...parts, meta: encoded, value: content })
}

/** What the metadata of a frame says, whatever that is. */
function openMeta(name: Name, head: Uint8Array, frame: FrameHead, options: CodecOptions): unknown {
  const { serializer, compressor, encryptor } = frame
  const { cipher } = options
  if (cipher ? encryptor !== XCHACHA20_POLY1305 && (encryptor || !cipher.allowPlaintext) : encryptor) {
    if (!cipher && encryptor !== XCHACHA20_POLY1305) throw unknownId(name, 'encryptor', encryptor)
    throw new DecryptionError(
      cipher
        ? `The entry ${name} is not encrypted as this store is. While a store is being migrated, allowPlaintext lets it be read.`
        : `The entry ${name} is encrypted: give the store its encryptor.`,
    )
  }
  const meta = encryptor ? openPart(cipher!, { head, name, part: 'meta' }, frame.meta) : frame.meta
  if (!SERIALIZERS.includes(serializer)) throw unknownId(name, 'serializer', serializer)
  if (compressor && compressor !== LZ4) throw unknownId(name, 'compressor', compressor)
  return decode(meta, options)
}

function openValue(name: Name, head: Uint8Array, frame: Frame, stored: Meta, options: CodecOptions): Uint8Array {
  const { compressor, encryptor, meta } = frame
  const value = encryptor ? openPart(options.cipher!, { head, name, part: 'value', meta }, frame.value) : frame.value
  if (!compressor) return value
  const length = stored.own?.['length'] as number
  const limit = options.limits?.bytes ?? DEFAULT_LIMITS.bytes
  if (!Number.isSafeInteger(length) || length < 0) throw corrupt(name, 'it does not say how long its value is')
  if (length > limit) throw exceeded(`${limit} bytes`)
  if (options.transforms) return options.transforms.decompress(value, length)
  throw new UnsupportedLayoutError(
    `The entry ${name} is compressed, and nothing in its store was when that was opened: connect to it again.`,
  )
}

function unknownId(name: Name, what: string, id: number): CorruptEntryError {
  return corrupt(name, `its ${what} has the id ${id}, unknown to this version`)
}
