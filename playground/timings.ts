import { byId, element, formatCount, formatMilliseconds } from './dom.ts'

/** How long each kind of call took: the last one, and the median of the latest. */
export class Timings {
  readonly #calls = new Map<string, { recent: number[]; count: number }>()
  readonly #body = byId('timings', HTMLTableSectionElement)
  readonly #last = byId('last-call', HTMLElement)

  record(name: string, milliseconds: number): void {
    const call = this.#calls.get(name) ?? { recent: [], count: 0 }
    call.recent = [...call.recent.slice(1 - HISTORY), milliseconds]
    call.count++
    // Put in again, so that the latest call is the last.
    this.#calls.delete(name)
    this.#calls.set(name, call)
    this.#render()
  }

  #render(): void {
    const rows = [...this.#calls].toReversed()
    // The listing follows each call by itself.
    const latest = rows.find(([name]) => !name.startsWith('keys'))
    if (latest) this.#last.textContent = `${latest[0]} ${formatMilliseconds(latest[1].recent.at(-1)!)} ms`
    this.#body.replaceChildren(
      ...rows.map(([name, { recent, count }]) =>
        element(
          'tr',
          {},
          element('th', { scope: 'row', class: 'mono' }, name),
          element('td', {}, formatMilliseconds(recent.at(-1)!)),
          element('td', {}, formatMilliseconds(median(recent))),
          element('td', {}, formatCount(count)),
        ),
      ),
    )
  }
}

const HISTORY = 50

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
