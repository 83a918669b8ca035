import { isWellFormed, utf8Encoder } from '../cbor-text.ts'

/**
 * The keys that objects were written with, in their order, as a trie: with its help a key that was seen before is one
 * comparison, and its bytes are there already. Its size is bounded, whatever is written.
 */
export interface KeyNode {
  readonly key: string
  /** The key as CBOR. */
  readonly encoded: readonly number[]
  /** The two that followed last. */
  next: KeyNode | undefined
  other: KeyNode | undefined
  readonly children: Map<string, KeyNode>
}

/** Where the keys of an object begin. */
export function firstKeys(): KeyNode {
  if (count > MAX_NODES) {
    root = makeNode('', [])
    count = 0
  }
  return root
}

/** The node of `key` after `node`; `undefined` if it is not worth keeping. */
export function follow(node: KeyNode, key: string): KeyNode | undefined {
  const { other } = node
  let child = other?.key === key ? other : node.children.get(key)
  if (child === undefined) {
    // Text of more bytes than this has a longer head.
    if (node.children.size >= MAX_CHILDREN || key.length > MAX_KEY_BYTES) return undefined
    const text = utf8Encoder.encode(key)
    if (text.length > MAX_KEY_BYTES || !isWellFormed(key)) return undefined
    const head = text.length < 24 ? [0x60 | text.length] : [0x78, text.length]
    child = makeNode(key, [...head, ...text])
    node.children.set(key, child)
    count++
  }
  node.other = node.next
  node.next = child
  return child
}

const MAX_NODES = 2048
const MAX_CHILDREN = 16
const MAX_KEY_BYTES = 64

let count = 0
let root = makeNode('', [])

function makeNode(key: string, encoded: readonly number[]): KeyNode {
  return { key, encoded, next: undefined, other: undefined, children: new Map() }
}
