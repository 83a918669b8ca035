import type { EntryMeta } from '../src/index.ts'
import { element, formatCount, formatSize } from './dom.ts'

/** A binary as an image or text where it is one, and as something to download. `key` names it. */
export function preview(key: string, bytes: Uint8Array, meta: EntryMeta): HTMLElement {
  URL.revokeObjectURL(latestUrl)
  const type = typeof meta['mediaType'] === 'string' ? meta['mediaType'] : 'application/octet-stream'
  const name = typeof meta['name'] === 'string' ? meta['name'] : 'binary'
  // A page made of the bytes would run with the rights of this one, so that only the download has them.
  const shownAs = IMAGES.has(type) ? type : 'application/octet-stream'
  latestUrl = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: shownAs }))
  const link = element('a', { href: latestUrl, download: name, class: 'button' }, `Download ${name}`)
  const facts = element('p', { class: 'hint' }, `${type}, ${formatSize(bytes.length)}`)
  return element('div', { class: 'preview' }, ...picture(key, type, bytes), facts, link)
}

const IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])
const TEXT = /^(?:text\/|application\/(?:json|xml|javascript)$|image\/svg)/
const SHOWN_TEXT = 4000

let latestUrl = ''

function picture(key: string, type: string, bytes: Uint8Array): HTMLElement[] {
  if (IMAGES.has(type)) return [element('img', { src: latestUrl, alt: `The image stored as ${key}` })]
  if (!TEXT.test(type)) return []
  const text = new TextDecoder().decode(bytes.subarray(0, SHOWN_TEXT))
  const rest = bytes.length > SHOWN_TEXT ? `\n… ${formatCount(bytes.length - SHOWN_TEXT)} more bytes` : ''
  return [element('pre', { class: 'mono', tabindex: '0', 'aria-label': `The text stored as ${key}` }, text + rest)]
}
