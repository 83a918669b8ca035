/** A copy of `content`. Small ones share a buffer, because each buffer costs more than its copy. */
export function copyInShared(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = content
  if (length > MOST_SHARED) return new Uint8Array(content)
  if (end + length > shared.length) {
    shared = new Uint8Array(SHARED_BYTES)
    end = 0
  }
  const copied = new Uint8Array(shared.buffer, end, length)
  end += length
  copied.set(content)
  return copied
}

let shared = new Uint8Array()
let end = 0
const SHARED_BYTES = 64 * 1024
const MOST_SHARED = 4096
