import type { BlobBackend, Call, Condition } from '../base/backend.ts'
import type { Version } from '../base/entry.ts'
import { UnsupportedLayoutError, otherStore } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { decode, encode } from '../codec/cbor.ts'
import { CBOR, corrupt, encodeFrame, parseFrame } from '../codec/frame.ts'

/** What a store says of itself, under the name `~d`: a frame that is never compressed or encrypted. */
export interface Descriptor {
  readonly format: string
  readonly layout: number
  readonly naming: number
  /** The store's UUID in lower case. */
  readonly id: string
  readonly created: Date
  /** Whether something in it may be compressed. */
  readonly compressed?: boolean
  /** A sealed part for each key of an encrypted store; see `sealing.ts`. */
  readonly checks?: readonly Uint8Array[]
  readonly [field: string]: unknown
}

export interface FoundDescriptor {
  readonly descriptor: Descriptor
  readonly version: Version
}

const KIND = { format: 'konserve-ts', layout: 2, naming: 1 }

/** What the descriptor of a new store says first. */
export function newDescriptor(id: string): Descriptor {
  return { ...KIND, id, created: new Date() }
}

/** With `ifVersion: null` it is a new store's; `ConflictError` if there is one. */
export function writeDescriptor(
  blobs: BlobBackend,
  descriptor: Descriptor,
  condition: Condition,
  call: Call,
): PromiseOrValue<unknown> {
  const frame = encodeFrame(DESCRIPTOR_NAME, {
    serializer: CBOR,
    meta: encode({}),
    value: encode(descriptor),
  })
  return blobs.put(DESCRIPTOR_NAME, frame, condition, { ...call, durability: 'strict' })
}

/** The descriptor, if there is one, checked to be one that this version reads and to be of store `id`. CORRUPT_ENTRY. */
export function readDescriptor(
  blobs: Pick<BlobBackend, 'get'>,
  id: string,
  call: Call,
): PromiseOrValue<FoundDescriptor | undefined> {
  return chain(blobs.get(DESCRIPTOR_NAME, {}, call), (blob) => {
    if (blob === undefined) return undefined
    const descriptor = parseDescriptor(blob.bytes)
    const { checks = [] } = descriptor
    if (descriptor.id !== id) throw otherStore(descriptor.id, id)
    const areSound = Array.isArray(checks) && checks.every((check) => check instanceof Uint8Array)
    if (!areSound) throw corrupt(DESCRIPTOR_NAME, 'its checks are no byte strings')
    return { descriptor, version: blob.version }
  })
}

/** The descriptor in a blob, whatever its store's id. UNSUPPORTED_LAYOUT, CORRUPT_ENTRY. */
export function parseDescriptor(bytes: Uint8Array): Descriptor {
  const descriptor = decode(parseFrame(DESCRIPTOR_NAME, bytes).value) as Descriptor
  const { format, layout, naming } = { ...descriptor }
  const kind = `${format}, layout ${layout}, naming ${naming}`
  if (kind === 'konserve-ts, layout 2, naming 1') return descriptor
  throw new UnsupportedLayoutError(`The store here is ${kind}. Open it with the version that wrote it.`)
}
