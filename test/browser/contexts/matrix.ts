import { server } from 'vitest/browser'
import page from '../../../docs/browsers.md?raw'
import { rowsOf } from '../../docs/rows.ts'
import { KINDS, type Kind, type WorkerKind, startWorker, thisPage } from './context.ts'
import type { Features } from './probe.ts'

/** What each context has, by feature. */
export type Matrix = Readonly<Record<Kind, Features>>

/** As which scripts a worker starts: `classic, module`, one of them, or `none`. */
const SCRIPTS = 'scripts'

/** The browser's name, as a heading of docs/browsers.md. */
export const engine = { chromium: 'Chromium', firefox: 'Firefox', webkit: 'WebKitGTK' }[server.browser as string]!

/** What docs/browsers.md says of this browser. */
export function expectedMatrix(): Matrix {
  const rows = rowsOf(page, `## ${engine}`)
  const column = (i: number): Features => Object.fromEntries(rows.map(([feature, ...cells]) => [feature!, cells[i]!]))
  return byKind((_, i) => column(i))
}

/** What this browser has. */
export async function probeMatrix(): Promise<Matrix> {
  const found: Features[] = []
  for (const kind of KINDS) found.push(kind === 'page' ? await probePage() : await probeWorker(kind))
  return byKind((_, i) => found[i]!)
}

/** The table of docs/browsers.md. */
export function tableOf(matrix: Matrix): string {
  const features = [...new Set(KINDS.flatMap((kind) => Object.keys(matrix[kind])))]
  const rows = features.map((feature) => [feature, ...KINDS.map((kind) => matrix[kind][feature] ?? ABSENT)])
  const head = ['', ...KINDS.map((kind) => `in a ${kind}`)]
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)))
  const line = (cells: readonly string[], filler = ' '): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i]!, filler)).join(' | ')} |`
  return [
    line(head),
    `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`,
    ...rows.map((row) => line(row)),
  ].join('\n')
}

/** Each cell in which they are not the same, as a sentence. */
export function differences(expected: Matrix, found: Matrix): string[] {
  return KINDS.flatMap((kind) => {
    const features = new Set([...Object.keys(expected[kind]), ...Object.keys(found[kind])])
    return [...features].flatMap((feature) => {
      const [then, now] = [expected[kind][feature] ?? ABSENT, found[kind][feature] ?? ABSENT]
      return then === now ? [] : [`${engine}, ${kind}, ${feature}: docs/browsers.md says "${then}", it is "${now}"`]
    })
  })
}

/** The kind of script to start such a worker with, or none where docs/browsers.md says that there is none. */
export function scriptFor(kind: WorkerKind): WorkerType | undefined {
  const scripts = expectedMatrix()[kind][SCRIPTS]!
  return (['module', 'classic'] as const).find((type) => scripts.includes(type))
}

/** Where there is no such context. */
const ABSENT = '-'

function byKind<T>(fn: (kind: Kind, i: number) => T): Record<Kind, T> {
  return Object.fromEntries(KINDS.map((kind, i) => [kind, fn(kind, i)])) as Record<Kind, T>
}

async function probePage(): Promise<Features> {
  const scripts = (['classic', 'module'] as const).filter((type) => HTMLScriptElement.supports(type))
  return { [SCRIPTS]: scripts.join(', '), ...(await thisPage.ask('probe')) }
}

async function probeWorker(kind: WorkerKind): Promise<Features> {
  const scripts: WorkerType[] = []
  let features: Features = {}
  for (const type of ['classic', 'module'] as const) {
    const worker = await startWorker(kind, type).catch(() => undefined)
    if (worker === undefined) continue
    scripts.push(type)
    features = await worker.ask('probe')
    await worker.end()
  }
  return { [SCRIPTS]: scripts.join(', ') || 'none', ...features }
}
