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
  // Not randomUUID: pages without TLS do not have it.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What the names of all chunks of a binary start with. */
export function chunkPrefix(id: string): Name {
  return `~c${id}-`
}

/** The name of chunk `index` of the binary whose write id is `id`. */
export function chunkName(id: string, index: number): Name {
  return chunkPrefix(id) + hex(index)
}

/** What the names of all cells of a log start with. */
export function cellPrefix(id: string): Name {
  return `~l${id}-`
}

/** The name of the cell at `index`; `writeId` tells apart what two writers put at one index, one of them in vain. */
export function cellName(id: string, index: number, writeId: string): Name {
  return `${cellPrefix(id)}${hex(index)}-${writeId}`
}

/** The index in the name of a cell. */
export function indexOfCell(name: Name, prefix: Name): number {
  return parseInt(name.slice(prefix.length), 16)
}

/** What the names of the parts of `old` start with that `next` no longer points to. */
export function droppedParts(old: Meta | null | undefined, next?: Meta): Name[] {
  const { chunks, log } = old?.own ?? {}
  const dropped: Name[] = []
  if (chunks && next?.own?.chunks?.id !== chunks.id) dropped.push(chunkPrefix(chunks.id))
  if (log && next?.own?.log?.id !== log.id) dropped.push(cellPrefix(log.id))
  return dropped
}

/** Delete everything whose name starts with `prefix`, but not `except`. */
export function removeParts(blobs: BlobBackend, prefix: Name, call: Call, except?: Name): PromiseOrValue<void> {
  let after: Name | undefined
  return repeat(() =>
    chain(
      blobs.list({ prefix, after, limit: Math.min(1000, blobs.capabilities.atomicBatch || 1000) }, call),
      (page) => {
        call.signal?.throwIfAborted()
        after = page.next
        const names = page.names.filter((name) => name !== except)
        const removed =
          blobs.batch && blobs.capabilities.atomicBatch > 0
            ? blobs.batch(
                names.map((name) => ({ delete: name })),
                call,
              )
            : each(names, (name) => blobs.delete(name, {}, call))
        return chain(removed, () => after !== undefined)
      },
    ),
  )
}

/** Whether the store has any parts at all, so that plain overwrites need not look for them. */
export function hasParts(blobs: BlobBackend, call: Call): PromiseOrValue<boolean> {
  return chain(blobs.list({ prefix: '~c', limit: 1 }, call), ({ names }) =>
    chain(
      names.length > 0 ? { names } : blobs.list({ prefix: '~l', limit: 1 }, call),
      (found) => found.names.length > 0,
    ),
  )
}

/** Eleven digits hold every safe integer, and keep their order as text. */
function hex(index: number): string {
  return index.toString(16).padStart(11, '0')
}
