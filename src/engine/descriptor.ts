import type { BlobBackend, Call } from '../base/backend.ts'
import { CorruptEntryError, StoreIdMismatchError, UnsupportedLayoutError } from '../base/errors.ts'
import { DESCRIPTOR_NAME } from '../base/name.ts'
import { type PromiseOrValue, chain } from '../base/promise-or-value.ts'
import { decode, encode } from '../codec/cbor.ts'
import { SERIALIZERS, encodeFrame, parseFrame } from '../codec/frame.ts'

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

const FORMAT = 'konserve-ts'
const LAYOUT = 2
const NAMING = 1

/** Write the descriptor of a new store; `ConflictError` if there is one. */
export function writeDescriptor(blobs: BlobBackend, id: string, call: Call): PromiseOrValue<void> {
  const descriptor: Descriptor = { format: FORMAT, layout: LAYOUT, naming: NAMING, id, created: new Date() }
  const frame = encodeFrame(DESCRIPTOR_NAME, {
    serializer: SERIALIZERS.cbor,
    meta: encode({}),
    value: encode(descriptor),
  })
  return chain(
    blobs.put(DESCRIPTOR_NAME, frame, { ifVersion: null }, { ...call, durability: 'strict' }),
    () => undefined,
  )
}

/** The descriptor, checked to be one that this version reads and to be of store `id`; `undefined` if there is none. */
export function readDescriptor(blobs: BlobBackend, id: string, call: Call): PromiseOrValue<Descriptor | undefined> {
  return chain(blobs.get(DESCRIPTOR_NAME, {}, call), (blob) => blob && check(parse(blob.bytes), id))
}

function parse(bytes: Uint8Array): Descriptor {
  try {
    const descriptor = decode(parseFrame(DESCRIPTOR_NAME, bytes).value) as Descriptor
    if (descriptor.format === FORMAT && typeof descriptor.id === 'string') return descriptor
  } catch (cause) {
    throw new CorruptEntryError('The descriptor of the store (~d) is damaged. Restore it from a backup.', { cause })
  }
  throw new UnsupportedLayoutError('What is stored here was not written by konserve-ts.')
}

function check(descriptor: Descriptor, id: string): Descriptor {
  if (descriptor.layout !== LAYOUT || descriptor.naming !== NAMING) {
    throw new UnsupportedLayoutError(
      `The store has layout ${descriptor.layout} and naming ${descriptor.naming}, which this version does not know. Open it with the version that wrote it.`,
    )
  }
  if (descriptor.id !== id) {
    throw new StoreIdMismatchError(
      `The store here has the id ${descriptor.id}, not ${id}. Use its own id, or another place.`,
    )
  }
  return descriptor
}
