/**
 * What objects look like that were read before, as a trie of their keys: where the next key's bytes are ones that
 * followed here before, its string is known without being decoded, and known to be no duplicate.
 */
export class Shape {
  /** Adding the key by assignment would meet a setter or a read-only property of Object.prototype. */
  readonly mustDefine: boolean
  readonly key: string
  private readonly parent: Shape | undefined
  private readonly size: number
  /** The key with its head, as it was on the wire. */
  private readonly encoded: Uint8Array
  private readonly children = new Map<string, Shape>()
  private next: Shape | undefined
  private other: Shape | undefined

  constructor(key: string, encoded: Uint8Array, parent: Shape | undefined) {
    this.key = key
    this.encoded = encoded
    this.parent = parent
    this.size = parent ? parent.size + 1 : 0
    this.mustDefine = key in Object.prototype
  }

  /** The shape with the key that starts at `position`, if it is one of the two that followed last. */
  predict(bytes: Uint8Array, position: number): Shape | undefined {
    const { next } = this
    if (next === undefined) return undefined
    if (next.matches(bytes, position)) return next
    const { other } = this
    return other?.matches(bytes, position) ? other : undefined
  }

  get encodedLength(): number {
    return this.encoded.length
  }

  /** The shape with one more key, to be predicted from now on; `undefined` if it is not worth keeping. */
  follow(key: string, encoded: Uint8Array): Shape | undefined {
    const child = this.children.get(key) ?? this.add(key, encoded)
    if (child) {
      this.other = this.next
      this.next = child
    }
    return child
  }

  has(key: string): boolean {
    return this.parent !== undefined && (this.key === key || this.parent.has(key))
  }

  private matches(bytes: Uint8Array, position: number): boolean {
    const { encoded } = this
    for (let i = 0; i < encoded.length; i++) if (bytes[position + i] !== encoded[i]) return false
    return true
  }

  private add(key: string, encoded: Uint8Array): Shape | undefined {
    if (this.size >= MAX_KEYS || encoded.length > MAX_KEY_BYTES) return undefined
    const child = new Shape(key, encoded, this)
    this.children.set(key, child)
    count++
    return child
  }
}

/** The shape of an object without keys, from which all others are reached; new after so many that memory matters. */
export function rootShape(): Shape {
  if (count > MAX_SHAPES) {
    root = new Shape('', new Uint8Array(0), undefined)
    count = 0
  }
  return root
}

const MAX_SHAPES = 2048
const MAX_KEYS = 64
const MAX_KEY_BYTES = 64

let count = 0
let root = new Shape('', new Uint8Array(0), undefined)
