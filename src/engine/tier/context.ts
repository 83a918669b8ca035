import type { Backend, Call, Capabilities, ReadPolicy, WritePolicy } from '../../base/backend.ts'
import type { Entry, Name } from '../../base/entry.ts'
import { NotResidentError } from '../../base/errors.ts'
import type { PromiseOrValue } from '../../base/promise-or-value.ts'
import { cloneBy } from '../../codec/platform-clone.ts'
import { CHUNK_SIZE } from '../chunks.ts'
import type { OnConflict } from './delivery.ts'
import { Front } from './front.ts'
import { Misses } from './misses.ts'

export interface PolicyOptions {
  readonly capabilities: Capabilities
  readonly writePolicy: WritePolicy
  readonly readPolicy: ReadPolicy
  /** Misses are remembered. */
  readonly negative: boolean
  /** Default: overwrite. */
  readonly onConflict?: OnConflict | undefined
  /** Where errors go that no caller waits for. */
  readonly onError: (error: unknown) => void
}

/** What all parts of a tier work with: its two stores, and what its policies say of a call. */
export interface TierContext {
  readonly front: Front
  readonly back: Backend
  readonly misses: Misses
  /** The back belongs to somebody else. */
  readonly isOverlay: boolean
  /** Writes behind are told from one another, and from those of others; it costs something. */
  readonly seesConflicts: boolean
  /** Where a write goes. */
  policyOf(call: Call): WritePolicy
  /** What it is in the front; nothing if it goes to the back first. */
  stateOf(call: Call): 'behind' | 'local' | undefined
  asksBack(call: Call): boolean
  backAnswers(call: Call): boolean
  /** Ask the back. NOT_RESIDENT if that takes time, and the call has none. */
  askBack<T>(call: Call, ask: (back: Backend) => PromiseOrValue<T>): PromiseOrValue<T>
  /** Whether a copy of it may be in front: it is kept there as the back keeps it, and is a whole value. */
  isCacheable(entry: Entry): boolean
  /** The entry with a value of its own. */
  copied<E extends Entry | undefined>(entry: E): E
}

export function tierContext(fast: Backend, back: Backend, options: PolicyOptions): TierContext {
  const { capabilities, writePolicy, readPolicy, negative, onConflict = 'overwrite', onError } = options
  // What was written before the back's serializer changed is the back's alone.
  const { serializer = 'cbor' } = back.capabilities
  const isOverlay = writePolicy === 'frontend-only'
  const context: TierContext = {
    front: new Front(fast, { mayHaveOwn: isOverlay || writePolicy === 'write-behind', onError }),
    back,
    misses: new Misses(negative ? MOST_MISSES : 0),
    isOverlay,
    seesConflicts: onConflict !== 'overwrite',
    policyOf(call) {
      if (call.writePolicy === undefined || call.writePolicy === writePolicy) return writePolicy
      if (!isOverlay) return call.writePolicy
      throw new TypeError(`The back of a frontend-only store is never written: no call of it is ${call.writePolicy}.`)
    },
    stateOf(call) {
      const policy = context.policyOf(call)
      return policy === 'write-behind' ? 'behind' : policy === 'frontend-only' ? 'local' : undefined
    },
    asksBack: (call) => (call.readPolicy ?? readPolicy) !== 'frontend-only',
    backAnswers: ({ sync }) => !sync || capabilities.sync === true,
    askBack(call, ask) {
      if (context.backAnswers(call)) return ask(back)
      throw new NotResidentError('This is not in memory: await the call.')
    },
    isCacheable: ({ meta, value, serializer: kept = serializer }) =>
      meta.type === 'binary'
        ? (value as Uint8Array).byteLength <= CHUNK_SIZE
        : meta.type === 'value' && kept === serializer,
    copied: (entry) =>
      entry && {
        ...entry,
        version: entry.version,
        serializer: entry.serializer,
        value: cloneBy(entry.serializer ?? serializer)(entry.value),
      },
  }
  return context
}

const MOST_MISSES = 10_000

/** What is on its way while somebody else may change it: the names, and how often each was told of meanwhile. */
export class Told {
  readonly #running = new Set<Map<Name, number>>()

  /** Count what is told of `names` until it is over. */
  begin(names: readonly Name[]): { of(name: Name): number; end(): void } {
    const counts = new Map(names.map((name) => [name, 0]))
    this.#running.add(counts)
    return { of: (name) => counts.get(name) ?? 0, end: () => void this.#running.delete(counts) }
  }

  /** `undefined`: of all of them, more than once. */
  hear(name: Name | undefined): void {
    for (const counts of this.#running) {
      if (name === undefined) for (const each of counts.keys()) counts.set(each, Infinity)
      else if (counts.has(name)) counts.set(name, counts.get(name)! + 1)
    }
  }
}
