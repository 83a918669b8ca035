import type { EntryMeta, Key } from '../src/index.ts'
import { keyToName } from '../src/store/names.ts'
import { byId, element, formatCount } from './dom.ts'
import { type Loaded, SHOWN_ELEMENTS, customMeta } from './entry.ts'
import { formatKey, formatNotation } from './notation.ts'
import { preview } from './preview.ts'
import { typeName, valueTree } from './value-tree.ts'

/** Show what the store answers for a key, and its metadata. */
export function showEntry(key: Key, loaded: Loaded): void {
  clearEntry()
  if (loaded.type === 'missing') return showAnswer('Nothing is stored under this key, or it has expired.')
  showMetadata(loaded.meta)
  const type = byId('stored-type', HTMLElement)
  type.hidden = false
  type.textContent = loaded.type === 'value' ? typeName(loaded.value) : loaded.type
  if (loaded.type === 'value') return showAnswer(valueTree(loaded.value))
  if (loaded.type === 'log') return showLog(loaded.elements)
  showAnswer(preview(formatKey(key), loaded.bytes, loaded.meta))
}

/** Show nothing but the name that a key gets. */
export function showUnreadable(key: Key, why: string): void {
  clearEntry()
  renderMetadata([
    ['key', formatNotation(key)],
    ['name', keyToName(key)],
  ])
  showAnswer(element('p', { class: 'bad' }, why))
}

export function clearEntry(): void {
  clearInterval(clock)
  byId('stored-type', HTMLElement).hidden = true
  renderMetadata([])
  showAnswer('Choose a key, or save a new entry.')
}

let clock: ReturnType<typeof setInterval> | undefined

function showAnswer(content: Node | string): void {
  byId('stored', HTMLElement).replaceChildren(
    typeof content === 'string' ? element('p', { class: 'empty' }, content) : content,
  )
}

function showLog(elements: readonly unknown[]): void {
  const note =
    elements.length === SHOWN_ELEMENTS
      ? `The latest ${SHOWN_ELEMENTS} elements.`
      : `${formatCount(elements.length)} elements.`
  showAnswer(element('div', {}, element('p', { class: 'hint' }, note), valueTree(elements)))
}

function showMetadata(meta: EntryMeta): void {
  renderMetadata([
    ['key', formatNotation(meta.key)],
    ['name', keyToName(meta.key)],
    ['type', meta.type],
    ['lastWrite', meta.lastWrite.toLocaleString('en-GB', { dateStyle: 'medium', timeStyle: 'medium' })],
    ...(meta.expires ? [['expires', countdown(meta.expires)] as const] : []),
    ...Object.entries(customMeta(meta)).map(([field, value]) => [field, formatNotation(value)] as const),
  ])
}

function renderMetadata(rows: readonly (readonly [field: string, content: Node | string])[]): void {
  byId('metadata-empty', HTMLElement).hidden = rows.length > 0
  byId('metadata', HTMLElement).replaceChildren(
    ...rows.map(([field, content]) =>
      element('div', {}, element('dt', {}, field), element('dd', { class: 'mono' }, content)),
    ),
  )
}

function countdown(expires: Date): HTMLElement {
  const shown = element('span', { class: 'countdown' })
  const tick = (): void => {
    const left = expires.getTime() - Date.now()
    shown.textContent = left > 0 ? `in ${formatDuration(left)}` : 'expired: missing to every call'
    if (left <= 0) clearInterval(clock)
  }
  tick()
  clock = setInterval(tick, 1000)
  return shown
}

/** `1 d 2 h`, `3 min 20 s`, `12 s`. */
function formatDuration(milliseconds: number): string {
  let seconds = Math.ceil(milliseconds / 1000)
  const parts: string[] = []
  for (const [unit, size] of [
    ['d', 86_400],
    ['h', 3600],
    ['min', 60],
    ['s', 1],
  ] as const) {
    const amount = Math.floor(seconds / size)
    seconds -= amount * size
    if (amount > 0 || parts.length > 0 || unit === 's') parts.push(`${amount} ${unit}`)
  }
  return parts.slice(0, 2).join(' ')
}
