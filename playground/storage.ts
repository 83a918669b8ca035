import { byId, debounce, formatSize } from './dom.ts'

/** Show how much this site stores, and how much it may. */
export const showStorage: () => void = debounce(500, () => void estimate())

async function estimate(): Promise<void> {
  const shown = byId('storage', HTMLElement)
  try {
    const { usage = 0, quota = 0 } = await navigator.storage.estimate()
    shown.textContent = `${formatSize(usage)} of ${formatSize(quota)}`
  } catch {
    shown.textContent = 'not told by this browser'
  }
}
