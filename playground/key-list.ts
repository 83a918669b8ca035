import type { Key } from '../src/index.ts'
import { keyToName } from '../src/store/names.ts'
import { byId, debounce, element, formatCount } from './dom.ts'
import { formatKey, parseNotation } from './notation.ts'
import { showError } from './report.ts'
import type { Session } from './session.ts'
import { typeName } from './value-tree.ts'

/** The keys under a prefix, a page at a time. */
export class KeyList {
  readonly #session: Session
  readonly #onChoose: (key: Key) => void
  readonly #list = byId('keys', HTMLUListElement)
  readonly #prefix = byId('prefix', HTMLInputElement)
  readonly #hint = byId('prefix-hint', HTMLElement)
  readonly #previous = byId('previous', HTMLButtonElement)
  readonly #next = byId('next', HTMLButtonElement)
  /** The key before each page up to this one. */
  #starts: (Key | undefined)[] = [undefined]
  #keys: Key[] = []
  #chosen: string | undefined
  /** Where the last chosen key stood, to go on from there once it is gone. */
  #cursor = 0
  #latest = 0
  readonly #count = debounce(150, () => void this.#countAll().catch(() => undefined))

  constructor(session: Session, onChoose: (key: Key) => void) {
    this.#session = session
    this.#onChoose = onChoose
    this.#prefix.addEventListener(
      'input',
      debounce(120, () => void this.#turn([undefined])),
    )
    this.#previous.addEventListener('click', () => void this.#turn(this.#starts.slice(0, -1)))
    this.#next.addEventListener('click', () => void this.#turnOn())
    this.#list.addEventListener('click', (event) => this.#clicked(event.target))
    this.#list.addEventListener('keydown', (event) => void this.#pressed(event))
  }

  /** What the listing is narrowed to; throws a SyntaxError for half an array. */
  get prefix(): string | readonly Key[] | undefined {
    const text = this.#prefix.value
    if (!text.trimStart().startsWith('[')) return text === '' ? undefined : text
    return parseNotation(text) as readonly Key[]
  }

  refresh(): Promise<void> {
    return this.#turn(this.#starts)
  }

  /** Mark a key as the chosen one, without loading it. */
  mark(key: Key | undefined): void {
    this.#chosen = key === undefined ? undefined : keyToName(key)
    this.#showChosen()
  }

  async #turn(starts: (Key | undefined)[]): Promise<void> {
    const turn = ++this.#latest
    let prefix: string | readonly Key[] | undefined
    try {
      prefix = this.prefix
      this.#prefix.removeAttribute('aria-invalid')
    } catch {
      this.#prefix.setAttribute('aria-invalid', 'true')
      return
    }
    try {
      const found = await this.#session.run('keys', (store) =>
        store.keys({ prefix, after: starts.at(-1), limit: PAGE + 1 }).toArray(),
      )
      if (turn !== this.#latest) return
      if (found.length === 0 && starts.length > 1) return await this.#turn(starts.slice(0, -1))
      this.#starts = starts
      this.#keys = found.slice(0, PAGE)
      this.#render(found.length > PAGE, prefix !== undefined)
    } catch (error) {
      showError(error, 'Listing the keys')
    }
  }

  #turnOn(): Promise<void> {
    return this.#turn([...this.#starts, this.#keys.at(-1)])
  }

  #render(hasMore: boolean, filtered: boolean): void {
    this.#list.replaceChildren(...this.#keys.map(optionOf))
    this.#list.scrollTop = 0
    const empty = byId('keys-empty', HTMLElement)
    empty.hidden = this.#keys.length > 0
    this.#list.hidden = this.#keys.length === 0
    empty.textContent = filtered
      ? 'No key starts so.'
      : 'The store is empty. Save an entry, drop a file, or add some samples below.'
    const before = (this.#starts.length - 1) * PAGE
    const paged = hasMore || before > 0
    byId('page-range', HTMLElement).textContent = paged
      ? `${formatCount(before + 1)} to ${formatCount(before + this.#keys.length)}`
      : ''
    this.#previous.hidden = this.#next.hidden = !paged
    this.#previous.disabled = before === 0
    this.#next.disabled = !hasMore
    this.#hint.hidden = this.#keys.length === 0 && !filtered
    byId('clear', HTMLButtonElement).textContent = filtered ? 'Clear these' : 'Clear'
    this.#showChosen()
    this.#count()
  }

  async #countAll(): Promise<void> {
    const turn = this.#latest
    const { prefix } = this
    const count = await this.#session.run('keys, all', async (store) => {
      let seen = 0
      for await (const _ of store.keys({ prefix, limit: COUNTED })) seen++
      return seen
    })
    if (turn !== this.#latest) return
    byId('key-count', HTMLElement).textContent = `${formatCount(count)}${count === COUNTED ? ' or more' : ''}`
  }

  #clicked(target: EventTarget | null): void {
    const option = target instanceof Element ? target.closest('li') : null
    if (option) this.#choose([...this.#list.children].indexOf(option))
  }

  async #pressed(event: KeyboardEvent): Promise<void> {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const moves: Record<string, () => unknown> = {
      ArrowDown: () => this.#move(this.#index() === -1 ? this.#cursor : this.#index() + 1),
      ArrowUp: () => this.#move((this.#index() === -1 ? this.#cursor : this.#index()) - 1),
      Home: () => this.#move(0),
      End: () => this.#move(this.#keys.length - 1),
      PageDown: () => !this.#next.disabled && this.#turnOn().then(() => this.#choose(0)),
      PageUp: () => !this.#previous.disabled && this.#turn(this.#starts.slice(0, -1)).then(() => this.#choose(0)),
      Enter: () => byId('value', HTMLTextAreaElement).focus(),
      Delete: () => byId('delete', HTMLButtonElement).click(),
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    await move()
  }

  /** Go to an index, over the edge to the next page. */
  async #move(index: number): Promise<void> {
    if (index >= this.#keys.length && !this.#next.disabled && !this.#next.hidden) {
      await this.#turnOn()
      return this.#choose(0)
    }
    if (index < 0 && this.#starts.length > 1) {
      await this.#turn(this.#starts.slice(0, -1))
      return this.#choose(this.#keys.length - 1)
    }
    this.#choose(Math.max(0, Math.min(index, this.#keys.length - 1)))
  }

  #choose(index: number): void {
    const key = this.#keys[index]
    if (key === undefined) return
    this.#cursor = index
    this.mark(key)
    this.#onChoose(key)
  }

  #index(): number {
    return this.#keys.findIndex((key) => keyToName(key) === this.#chosen)
  }

  #showChosen(): void {
    const index = this.#index()
    this.#list.removeAttribute('aria-activedescendant')
    for (const [at, option] of [...this.#list.children].entries()) {
      option.setAttribute('aria-selected', String(at === index))
      if (at !== index) continue
      this.#list.setAttribute('aria-activedescendant', option.id)
      option.scrollIntoView({ block: 'nearest' })
    }
  }
}

const PAGE = 100
/** Counting stops here. */
const COUNTED = 50_000

function optionOf(key: Key, index: number): HTMLElement {
  const text = formatKey(key)
  const chip = typeof key === 'string' ? [] : [element('span', { class: 'chip' }, typeName(key).toLowerCase())]
  const shown = element('span', { class: 'subject' }, text === '' ? '(empty text)' : text)
  return element('li', { id: `key-${index}`, role: 'option', 'data-key': text, title: text }, shown, ...chip)
}
