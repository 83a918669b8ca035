import type { Blob } from '../base/backend.ts'
import type { Name, Version } from '../base/entry.ts'
import { fromBase64, toBase64 } from './base64.ts'

/*
 * A blob is an item: partition key `s`, the store's id, and sort key `n`, its name. Attribute names are short, because
 * they count towards the size of an item.
 *
 *     v           the bytes; not in a large blob
 *     p           of a large blob: how many pieces there are in a partition of their own
 *     w           write ids, with a space between them: that of this write, then those of the writes before it, as far
 *                 as who wrote knew them, MEMORY at most
 *     a, b, c, d  what `w` was before the last writes that did not know it
 *     e           seconds since 1970 from which on the service may remove it
 *
 * The ids say what a write that was refused at its second attempt has met: one that is among them was applied before.
 */

/** A value as DynamoDB has it on the wire. */
export type Attribute = { readonly S: string } | { readonly N: string } | { readonly B: string }

export type Attributes = Readonly<Record<string, Attribute>>

/** An item, or what of it was asked for. */
export interface Item {
  readonly s?: { readonly S: string }
  readonly n?: { readonly S: Name }
  readonly v?: { readonly B: string }
  readonly p?: { readonly N: string }
  readonly w?: { readonly S: string }
  readonly a?: { readonly S: string }
  readonly b?: { readonly S: string }
  readonly c?: { readonly S: string }
  readonly d?: { readonly S: string }
}

/** What a page of blobs asks for. A single item is asked for as a whole: there is little else in it. */
export const BLOB_ATTRIBUTES = 'n, v, p, w, a, b, c, d'
/** What tells one state from another. */
export const STATE_ATTRIBUTES = 'p, w, a, b, c, d'

/** How many write ids an item remembers. */
export const MEMORY = 32

/** Bytes that an item or a piece has at most. An item may have 409,600, its names and all other attributes included. */
export const ITEM_BYTES = 400_000

/** Bytes of an item besides its `v`, at most. */
export const ITEM_OVERHEAD = 2000

/** Where the bytes of a large blob are. */
export interface Pieces {
  readonly id: string
  readonly count: number
}

/** A fresh write id: 48 random bits, which tell apart the writes of one blob. */
export function newWriteId(): string {
  return toBase64(crypto.getRandomValues(new Uint8Array(6)))
}

/** The ids of the last writes of an item, newest first. */
export function writeIdsOf({ w, a, b, c, d }: Item): string[] {
  return [w, a, b, c, d].flatMap((list) => (list ? list.S.split(' ') : [])).filter((id) => id !== '')
}

/** A version is the item's write ids, and how many pieces it has. */
export function versionOf(item: Item): Version {
  return `${writeIdsOf(item).slice(0, MEMORY).join(' ')}|${item.p?.N ?? 0}`
}

/** What of a version says more than that it is one. */
export function stateOf(version: Version): { readonly ids: readonly string[]; readonly pieces: Pieces | undefined } {
  const [list = '', count] = version.split('|')
  const ids = list.split(' ')
  return { ids, pieces: Number(count) > 0 ? { id: ids[0]!, count: Number(count) } : undefined }
}

/** Where the bytes are of an item that does not have them. */
export function piecesOf(item: Item): Pieces | undefined {
  return item.p && stateOf(versionOf(item)).pieces
}

export function blobOf(item: Item, bytes: Uint8Array = fromBase64(item.v?.B ?? '')): Blob {
  return new ItemBlob(item, bytes)
}

class ItemBlob implements Blob {
  readonly bytes: Uint8Array
  readonly #item: Item

  constructor(item: Item, bytes: Uint8Array) {
    this.#item = item
    this.bytes = bytes
  }

  /** Few ask for it. */
  get version(): Version {
    return versionOf(this.#item)
  }
}

/**
 * What of an item depends on what is written: bytes, or how many pieces there are. What has pieces is not left to the
 * service to remove: they would stay.
 */
export function contentAttributes(
  content: Uint8Array | number,
  expires: number | undefined,
): Record<string, Attribute> {
  if (typeof content === 'number') return { p: { N: String(content) } }
  const v = { B: toBase64(content) }
  return expires === undefined ? { v } : { v, e: { N: String(Math.ceil((expires + GRACE) / 1000)) } }
}

/** Milliseconds that an expired blob is left alone: clocks differ, and its deadline may just be moved. */
const GRACE = 3_600_000
