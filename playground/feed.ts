import type { WriteEvent } from '../src/index.ts'
import { byId, element, formatCount } from './dom.ts'
import { formatKey, formatNotation } from './notation.ts'

/** Add what a write hook was told to the list of events, the newest on top. */
export function addToFeed(event: WriteEvent): void {
  const feed = byId('feed', HTMLOListElement)
  byId('feed-empty', HTMLElement).hidden = true
  feed.prepend(
    element(
      'li',
      {},
      element('time', { class: 'quiet' }, new Date().toLocaleTimeString('en', { hour12: false })),
      element('span', { class: 'chip' }, event.op),
      element('span', { class: 'mono subject' }, subjectOf(event)),
    ),
  )
  while (feed.children.length > SHOWN_EVENTS) feed.lastElementChild!.remove()
}

const SHOWN_EVENTS = 30

function subjectOf({ key, keys, path }: WriteEvent): string {
  if (path !== undefined) return formatNotation(path, Infinity)
  if (key !== undefined) return formatKey(key)
  return keys?.length === 1 ? formatKey(keys[0]!) : `${formatCount(keys?.length ?? 0)} keys`
}
