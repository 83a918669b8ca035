import type { BlobBackend, Call } from '../base/backend.ts'
import type { Meta, Name } from '../base/entry.ts'
import { type PromiseOrValue, chain, each, repeat } from '../base/promise-or-value.ts'

/*
 * Parts are entries that belong to a head: the chunks of a large binary, the cells of a log. All parts of one head
 * start with `~`, a letter and the head's random id, so that one range scan finds them. They are written before the
 * head that points to them and removed after it is gone: a crash in between leaves nothing but what can be collected.
 */

/** A fresh id: 128 random bits in hex. */
export function randomId(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)))
}

/** What the names of all chunks of a binary start with. */
export function chunkPrefix(id: string): Name {
  return `~c${id}-`
}

/** The name of chunk `index` of the binary whose write id is `id`. */
export function chunkName(id: string, index: number): Name {
  return `${chunkPrefix(id)}${index.toString(16).padStart(8, '0')}`
}

/** What the names of all cells of a log start with. */
export function cellPrefix(id: string): Name {
  return `~l${id}-`
}

/** The name of the cell at `index`; `writeId` tells apart what two writers put at one index, one of them in vain. */
export function cellName(id: string, index: number, writeId: string): Name {
  return `${cellPrefix(id)}${index.toString(16).padStart(11, '0')}-${writeId}`
}

/** What the names of the parts of `old` start with that `next` no longer points to. */
export function droppedParts(old: Meta | undefined, next?: Meta): Name[] {
  const dropped: Name[] = []
  const { chunks, log } = old?.own ?? {}
  if (chunks && next?.own?.chunks?.id !== chunks.id) dropped.push(chunkPrefix(chunks.id))
  if (log && next?.own?.log?.id !== log.id) dropped.push(cellPrefix(log.id))
  return dropped
}

export function removeParts(blobs: BlobBackend, prefix: Name, call: Call): PromiseOrValue<void> {
  let after: Name | undefined
  return repeat(() =>
    chain(blobs.list({ prefix, after }, call), (page) => {
      after = page.next
      return chain(removeAll(blobs, page.names, call), () => after !== undefined)
    }),
  )
}

/** Whether the store has any parts at all, so that plain overwrites need not look for them. */
export function hasParts(blobs: BlobBackend, call: Call): PromiseOrValue<boolean> {
  return chain(blobs.list({ prefix: '~c', limit: 1 }, call), ({ names }) =>
    names.length > 0 ? true : chain(blobs.list({ prefix: '~l', limit: 1 }, call), (page) => page.names.length > 0),
  )
}

export function removeAll(blobs: BlobBackend, names: readonly Name[], call: Call): PromiseOrValue<void> {
  const { atomicBatch } = blobs.capabilities
  if (blobs.batch === undefined || atomicBatch < 2) return each(names, (name) => blobs.delete(name, {}, call))
  const slices: Name[][] = []
  const size = Math.min(atomicBatch, 1000)
  for (let i = 0; i < names.length; i += size) slices.push(names.slice(i, i + size))
  return each(slices, (slice) => blobs.batch!(slice.map((name) => ({ delete: name })), call))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
