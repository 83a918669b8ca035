import { byId, element, formatCount } from './dom.ts'
import { type FrameField, faultOf, frameFields, partsOf } from './frame-fields.ts'
import { readRaw, writeRaw } from './raw.ts'

/** The stored bytes of the chosen entry as a hex dump, its fields coloured and explained. */
export class FrameView {
  #name: string | undefined
  #bytes: Uint8Array | undefined
  #columns = 16
  readonly #note = byId('frame-note', HTMLElement)
  readonly #dump = byId('frame-bytes', HTMLElement)
  readonly #legend = byId('frame-legend', HTMLTableElement)
  readonly #flip = byId('flip', HTMLButtonElement)
  readonly #flipHint = byId('flip-hint', HTMLElement)

  /** `onDamage` is called when the bytes were changed past the store. */
  constructor(onDamage: (name: string) => void) {
    this.#flip.addEventListener('click', () => void this.#damage(onDamage))
    new ResizeObserver(([entry]) => this.#fit(entry!.contentRect.width)).observe(this.#note)
  }

  async show(name: string, options: { readonly persistent: boolean }): Promise<void> {
    this.#name = name
    if (!options.persistent) return this.clear('Memory keeps values as they are; there are no stored bytes to show.')
    const bytes = await readRaw(name)
    if (name !== this.#name) return
    if (!bytes) return this.clear('Nothing is stored under this name.')
    this.#bytes = bytes
    this.#render(name, bytes)
  }

  clear(note = 'The bytes of the chosen entry, as IndexedDB holds them.'): void {
    this.#bytes = undefined
    this.#note.textContent = note
    for (const part of [this.#dump, this.#legend, this.#flip, this.#flipHint]) part.hidden = true
  }

  async #damage(onDamage: (name: string) => void): Promise<void> {
    const name = this.#name
    const bytes = name === undefined ? undefined : await readRaw(name)
    if (name === undefined || !bytes) return
    bytes[bytes.length - 1]! ^= 1
    await writeRaw(name, bytes)
    onDamage(name)
  }

  #fit(width: number): void {
    const columns = width < 500 ? 8 : 16
    if (columns === this.#columns) return
    this.#columns = columns
    if (this.#bytes) this.#render(this.#name!, this.#bytes)
  }

  #render(name: string, bytes: Uint8Array): void {
    const fields = frameFields(bytes)
    const fault = faultOf(name, bytes)
    const cut = bytes.length > SHOWN_BYTES ? ` The first ${formatCount(SHOWN_BYTES)} are shown.` : ''
    this.#note.replaceChildren(
      element(
        'span',
        { class: fault === undefined ? 'good' : 'bad' },
        fault === undefined ? '✓ Sums are right.' : `✗ ${fault}`,
      ),
      ` ${formatCount(bytes.length)} bytes.${cut} ${partsOf(name, bytes)}`,
    )
    this.#dump.setAttribute(
      'aria-label',
      `Hex dump of ${formatCount(bytes.length)} bytes; the table below lists its fields`,
    )
    this.#dump.replaceChildren(...dumpRows(bytes.subarray(0, SHOWN_BYTES), fields, this.#columns))
    this.#legend.tBodies[0]!.replaceChildren(...fields.map(legendRow))
    for (const part of [this.#dump, this.#legend, this.#flip, this.#flipHint]) part.hidden = false
  }
}

const SHOWN_BYTES = 2048

function dumpRows(bytes: Uint8Array, fields: readonly FrameField[], columns: number): HTMLElement[] {
  const rows: HTMLElement[] = []
  for (let start = 0; start < bytes.length; start += columns) {
    const end = Math.min(start + columns, bytes.length)
    const parts = fields.filter((field) => field.start < end && field.end > start)
    const cells = (show: (from: number, to: number) => string): HTMLElement[] =>
      parts.map((field) =>
        element(
          'span',
          { class: `field-${field.id}`, title: field.label },
          show(Math.max(field.start, start), Math.min(field.end, end)),
        ),
      )
    const hex = cells((from, to) => Array.from(bytes.subarray(from, to), hexByte).join(' '))
    const text = cells((from, to) => Array.from(bytes.subarray(from, to), printable).join(''))
    rows.push(
      element(
        'div',
        {},
        element('span', { class: 'offset' }, start.toString(16).padStart(4, '0')),
        element('span', { class: `hex hex-${columns}` }, ...spaced(hex)),
        element('span', { class: 'ascii' }, ...text),
      ),
    )
  }
  return rows
}

function spaced(parts: readonly HTMLElement[]): (Node | string)[] {
  return parts.flatMap((part, index) => (index === 0 ? [part] : [' ', part]))
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0')
}

function printable(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·'
}

function legendRow({ id, label, start, end, content }: FrameField): HTMLElement {
  const range = end - start === 1 ? String(start) : `${start}–${end - 1}`
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, element('span', { class: `field-${id}` }, label)),
    element('td', { class: 'mono' }, range),
    element('td', { class: 'mono' }, content),
  )
}
