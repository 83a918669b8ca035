import { byId } from './dom.ts'

/** The shortcuts that the page lists. With Alt they are told by their place on the keyboard, as Alt changes letters. */
export function listenForShortcuts(actions: { startNew(): void; bringBack(): unknown }): void {
  const shortcuts: Readonly<Record<string, () => unknown>> = {
    KeyK: () => focusKeys(),
    KeyP: () => byId('prefix', HTMLInputElement).focus(),
    KeyN: () => actions.startNew(),
    KeyU: () => actions.bringBack(),
  }
  addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
      event.preventDefault()
      byId('editor', HTMLFormElement).requestSubmit()
      return
    }
    const shortcut = event.altKey && !event.ctrlKey && !event.metaKey ? shortcuts[event.code] : undefined
    if (!shortcut) return
    event.preventDefault()
    shortcut()
  })
}

function focusKeys(): void {
  const list = byId('keys', HTMLUListElement)
  if (list.hidden) byId('prefix', HTMLInputElement).focus()
  else list.focus()
}
