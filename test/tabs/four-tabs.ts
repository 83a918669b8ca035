import type { Page } from 'playwright'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Operation, type State, violations } from '../proofs/linearizable.ts'
import { type Browser, type OpenContext, openBrowser } from './page.ts'

const TABS = 4
const OPERATIONS = 500

/** What four tabs of one browser must not do to each other. */
export function fourTabs(name: string, open: OpenContext): void {
  describe(`4 tabs of ${name}`, () => {
    let browser: Browser
    let tabs: Page[]
    let config: { backend: 'indexeddb'; id: string }
    beforeAll(async () => {
      browser = await openBrowser(open)
      tabs = await Promise.all(Array.from({ length: TABS }, () => browser.tab()))
    }, 120_000)
    afterAll(() => browser?.close())
    beforeEach(() => {
      config = { backend: 'indexeddb', id: crypto.randomUUID() }
    })

    test(`with ${OPERATIONS} updates each of one counter give exactly ${TABS * OPERATIONS}, by turns`, async () => {
      const start = Date.now() + 1000
      const answers = await Promise.all(
        tabs.map((tab) => tab.evaluate(countUp, { config, start, operations: OPERATIONS })),
      )
      const all = answers.flat().sort((a, b) => a - b)
      expect(all).toEqual(Array.from({ length: TABS * OPERATIONS }, (_, i) => i + 1))
      for (const own of answers) expect(own.at(-1)! - own[0]!).toBeGreaterThan(OPERATIONS)
    }, 120_000)

    test(`with ${OPERATIONS} random operations each on 20 keys could have been one, one after the other`, async () => {
      const start = Date.now() + 1000
      const histories = await Promise.all(
        tabs.map((tab, self) => tab.evaluate(operate, { config, start, self, operations: OPERATIONS })),
      )
      const history = histories.flat().map(revive)
      expect(history).toHaveLength(TABS * OPERATIONS)
      expect(violations(history)).toEqual([])
      // They were really at it at once: many an operation was called before one of another tab had answered.
      const overlaps = history.filter((one) =>
        history.some(
          (other) =>
            other.key === one.key && other !== one && other.called < one.answered && one.called < other.answered,
        ),
      )
      expect(overlaps.length).toBeGreaterThan(history.length / 10)
      const left = await tabs[0]!.evaluate(async (given) => {
        const store = await window.konserve.connectStore(given)
        const entries: [string, string][] = []
        for await (const [key, value] of store.entries()) entries.push([key as string, value as string])
        return entries
      }, config)
      const end = Date.now()
      const last = keysOf(history).map((key): Operation => {
        const seen = left.find(([each]) => each === key)?.[1]
        return { key, kind: 'get', seen, called: end + 10, answered: end + 20 }
      })
      expect(violations([...history, ...last])).toEqual([])
      expect(plantedOnesThatPass(history)).toEqual([])
    }, 120_000)
  })
}

/** Each history with one answer changed is impossible. */
function plantedOnesThatPass(history: readonly Operation[]): string[] {
  const passed: string[] = []
  for (const key of keysOf(history)) {
    const own = history.filter((each) => each.key === key)
    const reads = own.flatMap((each, i) => (each.kind === 'get' && each.seen !== undefined ? [i] : []))
    const read = reads[reads.length >> 1]
    if (read === undefined) continue
    const never = own.map((each, i) => (i === read ? { ...each, seen: 'never written' } : each))
    if (violations(never).length === 0) passed.push(`${key}: a value that was never written`)
    const lost = own.filter((each) => each.value !== own[read]!.seen)
    if (violations(lost).length === 0) passed.push(`${key}: a value whose write is not there`)
  }
  return passed
}

function keysOf(history: readonly Operation[]): string[] {
  return [...new Set(history.map(({ key }) => key))]
}

/** JSON has no undefined: the page tells it as null. */
type Told = { readonly [Field in keyof Operation]: Operation[Field] | null }

function revive(told: Told): Operation {
  const { value, seen, found } = told
  return { ...told, value: value ?? undefined, seen: seen ?? undefined, found: found ?? undefined } as Operation
}

interface Given {
  readonly config: { backend: 'indexeddb'; id: string }
  /** When all begin. */
  readonly start: number
  readonly operations: number
}

async function countUp({ config, start, operations }: Given): Promise<number[]> {
  const store = await window.konserve.connectStore(config)
  await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
  const answers: number[] = []
  for (let i = 0; i < operations / 5; i++) {
    const updates = Array.from({ length: 5 }, () => store.update('n', (n: number = 0) => n + 1))
    for (const [, next] of await Promise.all(updates)) answers.push(next)
  }
  return answers
}

async function operate({ config, start, self, operations }: Given & { readonly self: number }): Promise<Told[]> {
  const store = await window.konserve.connectStore(config)
  await new Promise((resolve) => setTimeout(resolve, start - Date.now()))
  const history: Told[] = []
  /** Milliseconds by which two tabs may read the clock of the machine differently: up to 3 were seen in Firefox. */
  const BLUR = 4
  let count = 0
  const one = async (): Promise<void> => {
    const key = `key-${Math.floor(Math.random() * 20)}`
    const value = `${self}-${count++}`
    const kind = (['get', 'get', 'set', 'set', 'update', 'delete', 'has', 'getMany', 'setMany'] as const)[
      Math.floor(Math.random() * 9)
    ]!
    const called = Date.now() - BLUR
    const note = (operation: Pick<Told, 'kind'> & Partial<Told>): void => {
      history.push({ value: null, seen: null, found: null, key, called, answered: Date.now() + BLUR, ...operation })
    }
    if (kind === 'get') note({ kind, seen: ((await store.get(key)) as State) ?? null })
    else if (kind === 'getMany')
      note({ kind: 'get', seen: ((await store.getMany([key, 'other'])).get(key) as State) ?? null })
    else if (kind === 'has') note({ kind, found: await store.has(key) })
    else if (kind === 'delete') note({ kind, found: await store.delete(key) })
    else if (kind === 'set') note((await store.set(key, value), { kind, value }))
    else if (kind === 'setMany') note((await store.setMany([[key, value]]), { kind: 'set', value }))
    else {
      const [seen] = await store.update(key, () => value)
      note({ kind, seen: (seen as State) ?? null, value })
    }
  }
  // Several at a time in each tab, too.
  const caller = async (n: number): Promise<void> => {
    for (let i = 0; i < n; i++) await one()
  }
  await Promise.all(Array.from({ length: 5 }, () => caller(operations / 5)))
  return history
}
