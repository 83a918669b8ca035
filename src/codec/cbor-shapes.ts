/**
 * What objects look like that were read before, as a trie of their keys: where the next key's bytes are ones that
 * followed here before, its string is known without being decoded, and known to be no duplicate.
 */
export interface Shape {
  readonly key: string
  /** The key with its head, as it was on the wire. */
  readonly encoded: Uint8Array
  readonly size: number
  /** Adding the key by assignment would meet a setter or a read-only property of Object.prototype. */
  readonly mustDefine: boolean
  readonly children: Map<string, Shape>
  /** The two shapes that followed last. */
  next: Shape | undefined
  other: Shape | undefined
}

/** The shape of an object without keys, from which all others are reached; new after so many that memory matters. */
export function rootShape(): Shape {
  if (count > MAX_SHAPES) {
    root = create('', new Uint8Array(0), 0)
    count = 0
  }
  return root
}

/** The shape with the key that starts at `position`, if it is one of the two that followed last. */
export function predict({ next, other }: Shape, bytes: Uint8Array, position: number): Shape | undefined {
  return matches(next, bytes, position) ? next : matches(other, bytes, position) ? other : undefined
}

/** The shape with one more key, to be predicted from now on; `undefined` if it is not worth keeping. */
export function follow(shape: Shape, key: string, encoded: Uint8Array): Shape | undefined {
  let child = shape.children.get(key)
  if (!child) {
    if (shape.size >= MAX_KEYS || encoded.length > MAX_KEY_BYTES) return undefined
    shape.children.set(key, (child = create(key, encoded, shape.size + 1)))
    count++
  }
  shape.other = shape.next
  return (shape.next = child)
}

const MAX_SHAPES = 2048
const MAX_KEYS = 64
const MAX_KEY_BYTES = 64

let count = 0
let root = create('', new Uint8Array(0), 0)

function create(key: string, encoded: Uint8Array, size: number): Shape {
  return {
    key,
    encoded,
    size,
    mustDefine: key in Object.prototype,
    children: new Map(),
    next: undefined,
    other: undefined,
  }
}

function matches(shape: Shape | undefined, bytes: Uint8Array, position: number): boolean {
  if (!shape) return false
  const { encoded } = shape
  for (let i = 0; i < encoded.length; i++) if (bytes[position + i] !== encoded[i]) return false
  return true
}
