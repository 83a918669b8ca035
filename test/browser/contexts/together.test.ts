import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { type StoreConfig, connectStore, deleteStore } from '../../../src/browser.ts'
import { type Context, KINDS, startWorker, thisPage } from './context.ts'
import { scriptFor } from './matrix.ts'
import type { Place } from './together.ts'

const contexts = new Map<string, Context>()
for (const kind of KINDS) {
  const type = kind === 'page' ? undefined : scriptFor(kind)
  if (kind === 'page') contexts.set(kind, thisPage)
  else if (type) contexts.set(kind, await startWorker(kind, type))
}
afterAll(() => Promise.all([...contexts.values()].map((context) => context.end())))

let config: StoreConfig
beforeEach(() => {
  config = { backend: 'indexeddb', id: crypto.randomUUID() }
})
afterEach(() => deleteStore(config))

/** Ask all contexts to begin at the same moment. */
function inAll<T>(ask: (context: Context, place: Place, kind: string) => Promise<T>): Promise<T[]> {
  const place = { config, start: Date.now() + 500 }
  return Promise.all([...contexts].map(([kind, context]) => ask(context, place, kind)))
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i + 1)

test('a page and its workers of each kind who update one counter at once count exactly', async () => {
  const times = 200
  const answers = await inAll((context, place) => context.ask('increment', { ...place, times }))
  expect(answers.flat().sort((a, b) => a - b)).toEqual(upTo(times * contexts.size))
  // They really ran at once: nobody's answers are one run of numbers.
  for (const own of answers) expect(own.at(-1)! - own[0]!).toBeGreaterThan(times - 1)
  expect(await (await connectStore(config)).get('n')).toBe(times * contexts.size)
})

test('withLock lets one of them in at a time', async () => {
  const times = 10
  await inAll((context, place) => context.ask('incrementLocked', { ...place, times }))
  expect(await (await connectStore(config)).get('n')).toBe(times * contexts.size)
})

test('what they append to one log at once is in it once, in the order of each', async () => {
  const elementsOf = (kind: string): string[] => upTo(50).map((i) => `${kind} ${i}`)
  await inAll((context, place, kind) => context.ask('append', { ...place, elements: elementsOf(kind) }))
  const log = (await (await connectStore(config)).log('log')) as string[]
  expect(log).toHaveLength(50 * contexts.size)
  for (const kind of contexts.keys())
    expect(log.filter((each) => each.startsWith(`${kind} `))).toEqual(elementsOf(kind))
})

test('each watches what the others write', async () => {
  const others = contexts.size - 1
  const met = await inAll((context, place, name) => context.ask('meet', { ...place, name, others }))
  expect(met).toEqual([...contexts].map(() => [...contexts.keys()].sort()))
})

test('of all that create one store at once one wins, and the others find that it exists', async () => {
  const codes = await inAll((context, place) => context.ask('create', place))
  expect(codes.sort()).toEqual([...upTo(contexts.size - 1).map(() => 'STORE_EXISTS'), 'made'])
})
