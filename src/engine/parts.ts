import type { ApplyOptions, BlobBackend, BlobOp, Call } from '../base/backend.ts'
import type { Meta, Name } from '../base/entry.ts'
import { StorageUnavailableError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain, each, repeat } from '../base/promise-or-value.ts'
import { toHex } from '../codec/cbor-text.ts'
import { nameOf } from './condition.ts'

/*
 * Parts are entries that belong to a head: the chunks of a large binary, the cells of a log. All parts of one head
 * start with `~`, a letter and the head's random id, so that one range scan finds them. They are written before the
 * head that points to them and removed after it is gone: a crash in between leaves nothing but what can be collected.
 */

/** Whether it is the name of a part. */
export function isPart(name: Name): boolean {
  return name.startsWith('~c') || name.startsWith('~l')
}

/** A fresh id: 128 random bits in hex. */
export function randomId(): string {
  // Not randomUUID: pages without TLS do not have it.
  return toHex(crypto.getRandomValues(new Uint8Array(16)))
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
  return cellPrefix(id) + hex(index) + '-' + writeId
}

/** What the names of the parts of `old` start with that `next` no longer points to. */
export function droppedParts(old?: Pick<Meta, 'own'>, next?: Meta): readonly Name[] {
  if (!old?.own) return NONE
  const kept = partsOf(next)
  return partsOf(old).filter((prefix) => !kept.includes(prefix))
}

const NONE: readonly Name[] = []

function partsOf({ own: { chunks, log } = {} }: Pick<Meta, 'own'> = {}): Name[] {
  return [...(chunks ? [chunkPrefix(chunks.id)] : []), ...(log ? [cellPrefix(log.id)] : [])]
}

/** All as one where the engine can, else in order, as many as one as it can, unless no order is asked for. */
export function applyOps(
  blobs: BlobBackend,
  ops: readonly BlobOp[],
  call: Call,
  { ordered }: Pick<ApplyOptions, 'ordered'> = {},
): PromiseOrValue<void> {
  const most = blobs.batch ? blobs.capabilities.atomicBatch : 0
  if (ops.length > 1) {
    if (ops.length > most && ordered === false && blobs.writeMany && areDistinct(ops)) return blobs.writeMany(ops, call)
    if (ops.length <= most) return blobs.batch!(ops, call)
    if (most > 0) return each(slices(ops, most), (some) => blobs.batch!(some, call))
  }
  return each(ops, (op): PromiseOrValue<unknown> =>
    'put' in op ? blobs.put(...op.put, op, call) : blobs.delete(op.delete, op, call),
  )
}

/** Delete everything whose name starts with `prefix`, but not the descriptor. */
export function removeParts(blobs: BlobBackend, prefix: Name, call: Call): PromiseOrValue<void> {
  let after: Name | undefined
  return repeat(() =>
    chain(
      blobs.list({ prefix, after, limit: Math.min(1000, blobs.capabilities.atomicBatch || 1000) }, call),
      ({ names, next }) => {
        call.signal?.throwIfAborted()
        after = next
        const ops = names.flatMap((name) => (name === DESCRIPTOR_NAME ? [] : [{ delete: name }]))
        return chain(applyOps(blobs, ops, call, { ordered: false }), () => after !== undefined)
      },
    ),
  )
}

/** Whether a write that failed so may be done all the same: by an engine elsewhere, whose answer was lost. */
export function mayBeDone({ capabilities }: BlobBackend, error: unknown, { signal }: Call): boolean {
  return capabilities.compareAndSet && (error instanceof StorageUnavailableError || signal?.aborted === true)
}

/** `items` in lists of at most `size`. */
export function slices<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size))
}

function areDistinct(ops: readonly BlobOp[]): boolean {
  return new Set(ops.map(nameOf)).size === ops.length
}

/** Eleven digits hold every safe integer, and keep their order as text. */
function hex(index: number): string {
  return index.toString(16).padStart(11, '0')
}
