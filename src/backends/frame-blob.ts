import type { Beside, Blob } from '../base/backend.ts'
import type { Version } from '../base/entry.ts'
import { frameVersion } from '../codec/frame.ts'

/** A blob whose version is in its first bytes. A class, because a getter of a literal costs more than all the rest. */
export class FrameBlob implements Blob {
  readonly bytes: Uint8Array
  readonly beside: Beside | undefined

  constructor(bytes: Uint8Array, beside?: Beside) {
    this.bytes = bytes
    this.beside = beside
  }

  /** Few ask for it. */
  get version(): Version {
    return frameVersion(this.bytes)
  }
}
