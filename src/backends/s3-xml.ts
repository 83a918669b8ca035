import { StorageUnavailableError } from '../base/errors.ts'

/** An element of an XML document, without its attributes. */
export interface Element {
  readonly name: string
  readonly children: Element[]
  /** What stands directly in it. */
  text: string
}

/** S3's answers have four levels. */
const MOST_LEVELS = 16

// A tag, a declaration, or what stands between them. Sticky: nothing is passed over.
const TOKEN = /<(\/?)([A-Za-z][\w.:-]*)(?:\s[^<>]*?)?(\/?)>|<\?[^<>]*\?>|([^<]+)/y

/** The root of a document of elements and text: no comments, no CDATA, no document type, as S3 answers. */
export function parseXml(document: string): Element {
  const root: Element = { name: '', children: [], text: '' }
  const open = [root]
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < document.length) {
    const [token, closes, name, isEmpty, text] = TOKEN.exec(document) ?? []
    const last = open.at(-1)!
    if (token === undefined) throw noXml()
    if (text !== undefined) last.text += text.includes('&') ? decoded(text) : text
    else if (closes) {
      if (open.pop()!.name !== name) throw noXml()
    } else if (name !== undefined) {
      const element: Element = { name, children: [], text: '' }
      last.children.push(element)
      if (!isEmpty) open.push(element)
      if (open.length > MOST_LEVELS) throw noXml()
    }
  }
  if (open.length !== 1 || root.children.length !== 1) throw noXml()
  return root.children[0]!
}

/** The elements of that name directly in `element`. */
export function childrenOf({ children }: Element, name: string): Element[] {
  return children.filter((child) => child.name === name)
}

/** The text of the first of them. */
export function textOf(element: Element, name: string): string | undefined {
  return element.children.find((child) => child.name === name)?.text
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

function decoded(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,4}));/gi, (_, decimal, hex, name) => {
    const code = decimal ? Number(decimal) : parseInt(hex, 16)
    const character = name ? ENTITIES[name] : code <= 0x10ffff ? String.fromCodePoint(code) : undefined
    if (character === undefined) throw noXml()
    return character
  })
}

function noXml(): StorageUnavailableError {
  return new StorageUnavailableError(
    'The answer is no XML of S3. Check that `endpoint` is the address of an S3 service.',
  )
}
