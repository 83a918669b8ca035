import type { Beside, Blob, BlobOp } from '../base/backend.ts'
import type { Version } from '../base/entry.ts'
import { frameVersion } from '../codec/frame.ts'

/** A class, because a getter of a literal costs more than all the rest. */
class StoredBlob implements Blob {
  readonly bytes: Uint8Array
  readonly beside: Beside | undefined

  constructor(bytes: Uint8Array, beside: Beside | undefined) {
    this.bytes = bytes
    this.beside = beside
  }

  /** Few ask for it. */
  get version(): Version {
    return frameVersion(this.bytes)
  }
}

/** What is stored in the place of bytes is read as none, of which the decoding says that they are damaged. */
export function toBlob(stored: unknown): Blob | undefined {
  if (stored === undefined) return undefined
  if (stored instanceof Uint8Array) return new StoredBlob(stored, undefined)
  if (!isRecord(stored)) return new StoredBlob(new Uint8Array(), undefined)
  const { frame, value } = stored
  return new StoredBlob(frame instanceof Uint8Array ? frame : new Uint8Array(), { value })
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
