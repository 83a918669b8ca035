import { storageEstimate } from '../src/browser.ts'
import { byId, debounce, formatSize } from './dom.ts'

/** Show how much this site stores, and how much it may. */
export const showStorage: () => void = debounce(500, () => void estimate())

async function estimate(): Promise<void> {
  const shown = byId('storage', HTMLElement)
  const report = await storageEstimate()
  shown.textContent = report ? `${formatSize(report.usage)} of ${formatSize(report.quota)}` : 'not told by this browser'
}
