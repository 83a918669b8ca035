import type { Blob, BlobOp } from '../base/backend.ts'
import type { Entry, Meta, Name } from '../base/entry.ts'
import { droppedParts } from './parts.ts'
import type { Outcome } from './queue.ts'

export type Change = (old: Entry | undefined) => Entry | undefined
export type Pair = [old: Entry | undefined, new: Entry | undefined]

/** What an entry is before the changes. `open` decodes it anew at each call, so that no change sees another's objects. */
export interface Before {
  readonly blob: Blob | undefined
  readonly meta: Meta | undefined
  readonly open: () => Entry | undefined
}

export interface Folded {
  readonly outcomes: Outcome<Pair>[]
  /** Written before the head. */
  readonly parts: (readonly [Name, Uint8Array])[]
  /** The head's write or removal; absent if nothing changed. */
  readonly head?: BlobOp
  /** What the names of the parts start with that nothing points to afterwards. */
  readonly dropped: Name[]
}

/**
 * Apply several changes of one entry in order, each to what the one before left, and each encoded at once: one that
 * throws, or whose result cannot be stored, fails alone. A change that answers with the very entry it got writes nothing.
 */
export function foldChanges(
  name: Name,
  before: Before,
  changes: readonly Change[],
  codec: {
    encode(name: Name, entry: Entry): Uint8Array
    decode(name: Name, frame: Uint8Array): Entry
  },
  conditional: boolean,
): Folded {
  let open = before.open
  let meta = before.meta
  let frame: Uint8Array | undefined
  let changed = false
  const parts: [Name, Uint8Array][] = []
  const outcomes = changes.map((change): Outcome<Pair> => {
    try {
      const old = open()
      const next = change(old)
      if (next !== old) {
        const encoded = next && codec.encode(name, next)
        for (const [partName, part] of next?.parts ?? []) parts.push([partName, codec.encode(partName, part)])
        frame = encoded
        meta = next?.meta
        open = () => encoded && codec.decode(name, encoded)
        changed = true
      }
      return { value: [old, next] }
    } catch (error) {
      return { error }
    }
  })
  const folded = { outcomes, parts, dropped: droppedParts(before.meta, meta) }
  if (!changed || (frame === undefined && before.blob === undefined)) return folded
  const ifVersion = conditional ? (before.blob?.version ?? null) : undefined
  return { ...folded, head: frame ? { put: [name, frame], ifVersion } : { delete: name, ifVersion } }
}
