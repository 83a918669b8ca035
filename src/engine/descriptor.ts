import type { BlobBackend, Call } from '../base/backend.ts'
import { UnsupportedLayoutError, otherStore } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { decode, encode } from '../codec/cbor.ts'
import { CBOR, encodeFrame, parseFrame } from '../codec/frame.ts'

/** What a store says of itself, under the name `~d`: a frame that is never compressed or encrypted. */
export interface Descriptor {
  readonly format: string
  readonly layout: number
  readonly naming: number
  /** The store's UUID in lower case. */
  readonly id: string
  readonly created: Date
  readonly [field: string]: unknown
}

const KIND = { format: 'konserve-ts', layout: 2, naming: 1 }

/** Write the descriptor of a new store; `ConflictError` if there is one. */
export function writeDescriptor(blobs: BlobBackend, id: string, call: Call): PromiseOrValue<unknown> {
  const descriptor: Descriptor = { ...KIND, id, created: new Date() }
  const frame = encodeFrame(DESCRIPTOR_NAME, {
    serializer: CBOR,
    meta: encode({}),
    value: encode(descriptor),
  })
  return blobs.put(DESCRIPTOR_NAME, frame, { ifVersion: null }, { ...call, durability: 'strict' })
}

/** Whether there is a descriptor, checked to be one that this version reads and to be of store `id`. CORRUPT_ENTRY. */
export function readDescriptor(blobs: BlobBackend, id: string, call: Call): PromiseOrValue<boolean> {
  return chain(blobs.get(DESCRIPTOR_NAME, {}, call), (blob) => {
    if (blob === undefined) return false
    const found = decode(parseFrame(DESCRIPTOR_NAME, blob.bytes).value) as Partial<Descriptor> | undefined
    const { format, layout, naming } = { ...found }
    const kind = `${format}, layout ${layout}, naming ${naming}`
    if (kind !== 'konserve-ts, layout 2, naming 1') {
      throw new UnsupportedLayoutError(`The store here is ${kind}. Open it with the version that wrote it.`)
    }
    if (found!.id !== id) throw otherStore(found!.id, id)
    return true
  })
}
