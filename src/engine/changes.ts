import type { BlobOp } from '../base/backend.ts'
import type { Entry, Meta, Name, Version } from '../base/entry.ts'
import { droppedParts } from './parts.ts'
import type { Outcome } from './queue.ts'

export type Change = (old: Entry | undefined) => Entry | undefined
export type Pair = [old: Entry | undefined, new: Entry | undefined]

/** What an entry is before the changes. `open` decodes it anew at each call, so that no change sees another's objects. */
export interface Before {
  /** The condition under which the result may be written. */
  readonly ifVersion: Version | null | undefined
  readonly meta: Meta | undefined
  open(): Entry | undefined
}

export interface Codec {
  encode(name: Name, entry: Entry): Uint8Array
  decode(name: Name, frame: Uint8Array): Entry
}

export interface Folded {
  readonly outcomes: Outcome<Pair>[]
  /** The parts' writes, then the head's write or removal; none if nothing changed. */
  readonly ops: BlobOp[]
  /** What the names of the parts start with that nothing points to afterwards. */
  readonly dropped: Name[]
}

/**
 * Apply several changes of one entry in order, each to what the one before left, and each encoded at once: one that
 * throws, or whose result cannot be stored, fails alone. A change that answers with the very entry it got writes nothing.
 */
export function foldChanges(name: Name, before: Before, changes: readonly Change[], codec: Codec): Folded {
  const { ifVersion } = before
  let { meta, open } = before
  let head: BlobOp | undefined
  const ops: BlobOp[] = []
  const outcomes = changes.map((change): Outcome<Pair> => {
    try {
      const old = open()
      const next = change(old)
      if (next !== old) {
        const frame = next && codec.encode(name, next)
        for (const [part, entry] of next?.parts ?? []) ops.push({ put: [part, codec.encode(part, entry)] })
        head = frame ? { put: [name, frame], ifVersion } : { delete: name, ifVersion }
        meta = next?.meta
        open = () => frame && codec.decode(name, frame)
      }
      return { value: [old, next] }
    } catch (error) {
      return { error }
    }
  })
  if (head && ('put' in head || before.meta)) ops.push(head)
  return { outcomes, ops, dropped: droppedParts(before.meta, meta) }
}
