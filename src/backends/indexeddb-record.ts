import type { Blob, BlobOp } from '../base/backend.ts'
import { FrameBlob } from './frame-blob.ts'

/** What is stored in the place of bytes is read as none, of which the decoding says that they are damaged. */
export function toBlob(stored: unknown): Blob | undefined {
  if (stored === undefined) return undefined
  if (stored instanceof Uint8Array) return new FrameBlob(stored)
  if (!isRecord(stored)) return new FrameBlob(new Uint8Array())
  const { frame, value } = stored
  return new FrameBlob(frame instanceof Uint8Array ? frame : new Uint8Array(), { value })
}

export function toStored({ put: [, bytes], beside }: Extract<BlobOp, { put: unknown }>): unknown {
  // Structured clone would store the whole buffer under a view.
  const frame = bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
  return beside ? { frame, ...beside } : frame
}

/** A frame and what is beside it. */
function isRecord(stored: unknown): stored is { readonly frame: unknown; readonly value: unknown } {
  return typeof stored === 'object' && stored !== null && 'frame' in stored && 'value' in stored
}
