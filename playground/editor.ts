import type { Key, SetOptions } from '../src/index.ts'
import { byId, element, formatCount } from './dom.ts'
import { type Loaded, customMeta } from './entry.ts'
import { NOTATION, formatKey, formatNotation, parseNotation } from './notation.ts'

/** The form that holds a key, a value and what `set` takes besides. */
export class Editor {
  readonly #key = byId('key', HTMLInputElement)
  readonly #kind = byId('key-kind', HTMLSelectElement)
  readonly #value = byId('value', HTMLTextAreaElement)
  readonly #note = byId('value-note', HTMLElement)
  readonly #meta = byId('meta', HTMLInputElement)
  readonly #ttl = byId('ttl', HTMLInputElement)

  constructor() {
    this.#kind.addEventListener('change', () => this.#explainKey())
    byId('notation', HTMLElement).append(
      ...NOTATION.map(([form, meaning]) =>
        element('div', {}, element('dt', { class: 'mono' }, form), element('dd', {}, meaning)),
      ),
    )
  }

  /** The key in the form. Throws a SyntaxError for a literal that cannot be read. */
  readKey(): Key {
    return this.#kind.value === 'text' ? this.#key.value : (parseNotation(this.#key.value) as Key)
  }

  readValue(): unknown {
    return parseNotation(this.#value.value)
  }

  readOptions(): SetOptions {
    const ttl = this.#ttl.valueAsNumber
    const meta = this.#meta.value.trim() === '' ? undefined : parseNotation(this.#meta.value)
    if (meta !== undefined && (typeof meta !== 'object' || meta === null)) {
      throw new SyntaxError('Custom metadata is an object: {"author": "ada"}.')
    }
    return { ttl: Number.isNaN(ttl) ? undefined : ttl, meta: meta as Record<string, unknown> | undefined }
  }

  /** Put an entry into the form. */
  show(key: Key, loaded: Loaded | undefined): void {
    this.#showKey(key)
    const value = loaded?.type === 'value' ? formatNotation(loaded.value) : ''
    const tooLong = value.length > EDITABLE
    this.#value.value = tooLong ? value.slice(0, EDITABLE) : value
    this.#value.readOnly = tooLong
    this.#meta.value = loaded && 'meta' in loaded ? metaText(customMeta(loaded.meta)) : ''
    this.#ttl.value = ''
    this.#explain(
      tooLong
        ? `Too long to edit here: ${formatCount(value.length)} characters, of which ${formatCount(EDITABLE)} are shown.`
        : '',
    )
    if (loaded?.type === 'binary') this.#explain('A binary. Saving a value here replaces it.')
    if (loaded?.type === 'log') this.#explain('A log: append to it below. Saving a value here replaces it.')
  }

  /** Empty the form, and go to its start. */
  clear(): void {
    this.show('', undefined)
    this.#key.focus()
  }

  /** Whether the form shows only a part of its value, which must not be saved as the whole. */
  get truncated(): boolean {
    return this.#value.readOnly
  }

  #showKey(key: Key): void {
    this.#key.value = formatKey(key)
    this.#kind.value = typeof key === 'string' ? 'text' : 'literal'
    this.#explainKey()
  }

  #explainKey(): void {
    byId('key-hint', HTMLElement).hidden = this.#kind.value === 'text'
  }

  #explain(text: string): void {
    this.#note.textContent = text
    this.#note.hidden = text === ''
  }
}

/** Characters. */
const EDITABLE = 200_000

function metaText(custom: Record<string, unknown>): string {
  return Object.keys(custom).length === 0 ? '' : formatNotation(custom, Infinity)
}
