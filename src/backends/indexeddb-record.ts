import type { Blob, BlobOp } from '../base/backend.ts'
import { frameVersion } from '../codec/frame.ts'

/** What is stored in the place of bytes is read as none, of which the decoding says that they are damaged. */
export function toBlob(stored: unknown): Blob | undefined {
  if (stored === undefined) return undefined
  const bytes = stored instanceof Uint8Array ? stored : new Uint8Array()
  return {
    bytes,
    // Few ask for it.
    get version() {
      return frameVersion(bytes)
    },
  }
}

export function toStored({ put: [, bytes] }: Extract<BlobOp, { put: unknown }>): unknown {
  // Structured clone would store the whole buffer under a view.
  return bytes.length === bytes.buffer.byteLength ? bytes : bytes.slice()
}
