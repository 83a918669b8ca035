import type { Blob, BlobOp } from '../base/backend.ts'
import { frameVersion } from '../codec/frame.ts'

/** What is stored in the place of bytes is read as none, of which the decoding says that they are damaged. */
export function toBlob(stored: unknown): Blob | undefined {
  if (stored === undefined) return undefined
  const [frame, beside] = isRecord(stored) ? [stored.frame, { value: stored.value }] : [stored]
  const bytes = frame instanceof Uint8Array ? frame : new Uint8Array()
  return {
    bytes,
    beside,
    // Few ask for it.
    get version() {
      return frameVersion(bytes)
    },
  }
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
