import { element, formatCount } from './dom.ts'
import { formatNotation } from './notation.ts'

/** A value as a tree that opens level by level, each part with its type. */
export function valueTree(value: unknown): HTMLElement {
  const tree = element('div', { class: 'tree mono' })
  tree.append(branch(undefined, value, { open: true }))
  return tree
}

const SHOWN_CHILDREN = 200
const SHOWN_TEXT = 5000

function branch(label: string | undefined, value: unknown, { open }: { open: boolean }): HTMLElement {
  const children = childrenOf(value)
  if (children === undefined || children.length === 0)
    return element('div', { class: 'leaf' }, ...labelled(label), leaf(value))
  const details = element('details')
  details.append(
    element('summary', {}, ...labelled(label), element('span', { class: 'type' }, titleOf(value, children.length))),
  )
  const fill = (): void => {
    const shown = children
      .slice(0, SHOWN_CHILDREN)
      .map(([name, child]) => branch(name, child, { open: children.length <= 12 }))
    const rest = children.length - shown.length
    const more = rest > 0 ? [element('p', { class: 'quiet' }, `… ${formatCount(rest)} more`)] : []
    details.append(element('div', { class: 'children' }, ...shown, ...more))
  }
  if (open) {
    details.open = true
    fill()
  } else {
    details.addEventListener('toggle', fill, { once: true })
  }
  return details
}

function labelled(label: string | undefined): (Node | string)[] {
  return label === undefined ? [] : [element('span', { class: 'label' }, label), ' ']
}

function leaf(value: unknown): HTMLElement {
  const [kind, text] = leafText(value)
  const shown = text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}… ${formatCount(text.length)} characters` : text
  return element('span', { class: `leaf-${kind}`, title: typeName(value) }, shown)
}

function leafText(value: unknown): [kind: string, text: string] {
  if (typeof value === 'string') return ['text', JSON.stringify(value)]
  if (typeof value === 'bigint') return ['number', `${value}n`]
  if (typeof value === 'number') return ['number', Object.is(value, -0) ? '-0' : String(value)]
  if (value instanceof Date)
    return ['other', Number.isNaN(value.getTime()) ? 'Date (invalid)' : `Date ${value.toISOString()}`]
  if (value instanceof RegExp) return ['other', String(value)]
  if (value instanceof URL) return ['other', `URL ${value.href}`]
  if (typeof value === 'object' && value !== null) return ['other', `${typeName(value)} (empty)`]
  return ['word', String(value)]
}

/** What is inside a container, by name; `undefined` for what is no container. */
function childrenOf(value: unknown): (readonly [label: string, child: unknown])[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  if (value instanceof Date || value instanceof RegExp || value instanceof URL) return undefined
  if (value instanceof Map)
    return Array.from(value, ([key, child]) => [`${formatNotation(key, Infinity)} →`, child] as const)
  if (value instanceof Set) return Array.from(value, (child) => ['·', child] as const)
  if (value instanceof Error)
    return Object.getOwnPropertyNames(value)
      .concat(nameIfInherited(value))
      .map((field) => fieldOf(value, field))
  if (value instanceof ArrayBuffer) return childrenOf(new Uint8Array(value))
  if (Array.isArray(value) || ArrayBuffer.isView(value)) {
    return Array.from(value as unknown as ArrayLike<unknown>, (child, index) => [`${index}:`, child] as const)
  }
  return Object.keys(value).map((field) => fieldOf(value, field))
}

function nameIfInherited(error: Error): string[] {
  return Object.hasOwn(error, 'name') ? [] : ['name']
}

function fieldOf(value: object, field: string): readonly [string, unknown] {
  return [`${field}:`, (value as Record<string, unknown>)[field]]
}

function titleOf(value: unknown, size: number): string {
  const name = typeName(value)
  if (value instanceof Error) return name
  return `${name} (${formatCount(size)})`
}

/** `Map`, `string`, `null`. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  const name: unknown = value.constructor?.name
  return typeof name === 'string' && name !== '' ? name : 'Object'
}
