/** A key: any string, finite number, bigint, boolean, null, Date, bytes, and arrays and plain objects of these. */
export type Key =
  | string
  | number
  | bigint
  | boolean
  | null
  | Date
  | Uint8Array
  | readonly Key[]
  | { readonly [property: string]: Key }

/** How a backend sees a key: ASCII, at most 200 bytes; see `store/names.ts`. Names that start with `~` are ours. */
export type Name = string

/** What identifies one state of an entry in its engine (an ETag, a counter, a header); only compared for equality. */
export type Version = string

export type EntryType = 'value' | 'binary' | 'log'

/** How values are kept, and so what they may be: what the codec can encode, or what the platform can clone. */
export type Serializer = 'cbor' | 'structured-clone'

/** Where the bytes of a large binary are; see `engine/chunks.ts`. */
export interface ChunksInfo {
  /** The write id that leads every chunk's name. */
  id: string
  /** Bytes of the whole binary. */
  size: number
  /** Bytes of every chunk but the last. */
  chunkSize: number
}

/** Where the elements of a log are; see `store/log.ts`. */
export interface LogInfo {
  /** The id that leads every cell's name. */
  id: string
  /** Elements in the log. */
  count: number
  /** The write id of the last cell. */
  last: string
}

/** Our own fields of an entry's metadata. Those that a newer version wrote are ignored. */
export interface OwnMeta {
  chunks?: ChunksInfo
  log?: LogInfo
  writeId?: string
  [field: string]: unknown
}

/** The stored metadata of an entry. The user's fields stand apart under `custom`, so that they cannot hide ours. */
export interface Meta {
  key: Key
  type: EntryType
  lastWrite: Date
  /** From this moment on the entry counts as missing. */
  expires?: Date
  custom?: Readonly<Record<string, unknown>>
  own?: OwnMeta
}

export interface Entry {
  meta: Meta
  value: unknown
  version?: Version
  /** How the value of an entry that was read is kept: a copy of it is made in the same way. */
  serializer?: Serializer
  /**
   * Entries that belong to this one (the cells of a log), written before it, so that a crash in between leaves
   * nothing but what can be collected.
   */
  parts?: readonly [Name, Entry][]
}

/** Whether the entry is there for a reader at `now` (milliseconds since the epoch). */
export function isLive({ expires }: Meta, now?: number): boolean {
  return expires === undefined || expires.getTime() > (now ?? Date.now())
}
