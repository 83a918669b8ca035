import { StorageUnavailableError } from '../base/errors.ts'

/*
 * S3's answers are elements and text, without comments or CDATA, and no element is inside one of its own name: regular
 * expressions find all that there is to find.
 */

/** What is in the root of a document, which has that name. `undefined` if it is another document, or has no end. */
export function rootOf(document: string, name: string): string | undefined {
  return new RegExp(`^(?:<\\?[^>]*>)?\\s*<${name}(?: [^>]*)?>([^]*)</${name}>\\s*$`).exec(document)?.[1]
}

/** What is in the elements of that name, wherever they are. */
export function elementsOf(xml: string, name: string): string[] {
  return Array.from(xml.matchAll(new RegExp(`<${name}>([^]*?)</${name}>`, 'g')), ([, content]) => content!)
}

/** The text of the first element of that name. */
export function textOf(xml: string, name: string): string | undefined {
  const [, text] = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml) ?? []
  return text?.replace(/&(?:#(x?)([\da-f]+)|(\w+));/gi, (_, hex, digits, entity) => {
    const code = entity ? ENTITIES[entity] : parseInt(digits, hex ? 16 : 10)
    if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code)
    throw new StorageUnavailableError('An answer of S3 has a character that there is not.')
  })
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

const ENTITIES: Readonly<Record<string, number>> = { amp: 38, lt: 60, gt: 62, quot: 34, apos: 39 }
