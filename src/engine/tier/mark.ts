import type { EntryOp } from '../../base/backend.ts'
import type { Entry, Key, Meta, Name, Version } from '../../base/entry.ts'
import { toHex } from '../../codec/cbor-text.ts'

/*
 * What a front has is a copy of what is in the back, or its own: `behind`, on its way to the back, or `local`, which stays.
 * Which of them stands in the entry's metadata, so that both are written in one step.
 */

/** In the metadata of an entry of a front, under `own`. */
export interface Mark {
  /** Whose it is; nothing: the back's, of which this is a copy. */
  readonly state?: 'behind' | 'local' | undefined
  /** It was deleted here. */
  readonly gone?: true | undefined
  /** The row of the outbox that sends it. */
  readonly row?: Name | undefined
  /** The version in the back that it was made from, `null` for none. Not known: whatever is there is replaced. */
  readonly base?: Version | null | undefined
  /** Tells this write from all others, where the back has to be asked whether it has it already. */
  readonly id?: string | undefined
}

export function markOf(meta: Meta | undefined): Mark | undefined {
  return meta?.own?.['tier'] as Mark | undefined
}

/** Whether the front has more than a copy. */
export function isOwn(meta: Meta | undefined): boolean {
  return markOf(meta)?.state !== undefined
}

/** The entry with another mark, or none. */
export function withMark(entry: Entry, mark: Mark | undefined): Entry {
  const { tier: _, ...others } = entry.meta.own ?? {}
  const fields = mark && Object.entries(mark).filter(([, value]) => value !== undefined)
  const own = fields?.length ? { ...others, tier: Object.fromEntries(fields) } : others
  const { own: __, ...meta } = entry.meta
  return {
    ...entry,
    version: entry.version,
    serializer: entry.serializer,
    meta: Object.keys(own).length > 0 ? { ...meta, own } : meta,
  } as Entry
}

/** What a reader sees of an entry of the front: nothing if it was deleted here. */
export function visible(entry: Entry): Entry | undefined {
  const mark = markOf(entry.meta)
  if (mark === undefined) return entry
  return mark.gone ? undefined : withMark(entry, undefined)
}

/** Stands in the front for what was deleted. */
export function tombstone(key: Key, mark: Mark): Entry {
  return withMark({ meta: { key, type: 'value', lastWrite: new Date() }, value: undefined }, { ...mark, gone: true })
}

/** What all names of the outbox start with, those of rows that wait, and of rows that were given up. */
export const OUTBOX = '~o'
export const WAITING: Name = `${OUTBOX}q`
export const DEAD: Name = `${OUTBOX}x`
/** A row that says that some entries stay here. */
export const LOCAL: Name = `${OUTBOX}l`

let last = 0
let count = 0

/**
 * A fresh row, behind all others of this process, and of others as far as clocks agree. The name that it is about is its
 * value: there is not room for both in a name.
 */
export function newRow(): Name {
  const now = Math.max(last, Date.now())
  count = now === last ? (count + 1) & 0xffff : 0
  last = now
  const apart = toHex(crypto.getRandomValues(new Uint8Array(8)))
  return `${WAITING}${now.toString(16).padStart(12, '0')}${count.toString(16).padStart(4, '0')}-${apart}`
}

export function deadRow(row: Name): Name {
  return DEAD + row.slice(WAITING.length)
}

/** A row as it is in the front, and what it is about. */
export function rowEntry({ key, lastWrite }: Meta, about: { readonly name: Name }): Entry {
  return { meta: { key, type: 'value', lastWrite }, value: about }
}

/** What a row is about. */
export function nameOfRow(row: Entry): Name {
  return (row.value as { readonly name: Name }).name
}

/** What an operation is on. */
export function nameOf(op: EntryOp): Name {
  return 'write' in op ? op.write[0] : op.delete
}
