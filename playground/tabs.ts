import { byId } from './dom.ts'
import { STORE_ID } from './session.ts'

const channel = new BroadcastChannel(`konserve-playground-${STORE_ID}`)

/** Tell the other tabs of this page that this one has written. */
export function tellOtherTabs(): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no target, windows do
  channel.postMessage('written')
}

/** Point out that another tab has written, as soon as it has. */
export function listenToOtherTabs(): void {
  channel.addEventListener('message', () => {
    byId('other-tabs', HTMLElement).classList.add('stale')
    byId('other-tabs-text', HTMLElement).textContent =
      'Another tab has just written. The memory in front of this tab may hold old values until it is reloaded.'
  })
}

/** Back to the standing note, once the front is new. */
export function frontIsFresh(): void {
  byId('other-tabs', HTMLElement).classList.remove('stale')
  byId('other-tabs-text', HTMLElement).textContent =
    'The memory in front of this tab does not see what other tabs write until it is reloaded.'
}
