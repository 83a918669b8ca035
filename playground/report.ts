import { KonserveError } from '../src/index.ts'
import { byId, element } from './dom.ts'
import { REMEDIES } from './remedies.ts'

/** Say in the status line what happened. */
export function say(text: string): void {
  byId('status', HTMLElement).textContent = text
}

/** Show an error by its code, with what to do about it. */
export function showError(error: unknown, doing: string): void {
  const box = byId('error', HTMLElement)
  const code = error instanceof KonserveError ? error.code : error instanceof Error ? error.name : 'Error'
  const remedy = error instanceof KonserveError ? REMEDIES[error.code] : undefined
  const close = element('button', { type: 'button', 'aria-label': 'Close this message' }, 'Close')
  close.addEventListener('click', hideError)
  box.replaceChildren(
    element('strong', { class: 'mono' }, code),
    element('p', {}, error instanceof Error ? error.message : String(error)),
    ...(remedy === undefined ? [] : [element('p', { class: 'remedy' }, remedy)]),
    close,
  )
  box.hidden = false
  say(`${doing} failed: ${code}`)
}

export function hideError(): void {
  byId('error', HTMLElement).hidden = true
}

/** Run what the user asked for: its answer is said, its error shown. `doing` names it: `Saving "a"`. */
export async function act(doing: string, fn: () => Promise<string | undefined>): Promise<boolean> {
  hideError()
  try {
    const said = await fn()
    if (said !== undefined) say(said)
    return true
  } catch (error) {
    showError(error, doing)
    return false
  }
}
