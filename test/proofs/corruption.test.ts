import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Name } from '../../src/base/entry.ts'
import {
  type AnyConfig,
  KonserveError,
  type Store,
  type StoreConfig,
  connectStore,
  releaseStore,
} from '../../src/index.ts'
import { registerMapBackend } from './map-blobs.ts'
import { type Sample, samples } from './samples.ts'

/*
 * Damage to what is stored, every bit of it, is an error with the key on it, never a value, never "missing". The frames
 * are those that the store wrote; each is damaged alone, with the rest of its entry (cells, chunks) as it should be.
 */

const SYNC = { sync: true } as const
const config: AnyConfig = { backend: 'proof-corruption', id: crypto.randomUUID() }
const { map } = registerMapBackend(config.backend, { chunkSize: 1000 })

/** One entry with all its frames, and what each reading call gives for it. */
interface Family {
  readonly sample: Sample
  readonly frames: ReadonlyMap<Name, Uint8Array>
  readonly head: Name
  readonly content: Readonly<Record<string, unknown>>
  readonly meta: unknown
}

const families: Family[] = []
let store: Store
const { stackTraceLimit } = Error

beforeAll(async () => {
  // A million errors are made here; their stacks would take most of the time.
  Error.stackTraceLimit = 0
  store = await connectStore(config as unknown as StoreConfig)
  for (const sample of samples()) {
    map.clear()
    await sample.write(store)
    const head = [...map.keys()].find((name) => !name.startsWith('~'))!
    const content = Object.fromEntries(Object.entries(sample.reads).map(([call, read]) => [call, read(store)]))
    families.push({ sample, frames: new Map(map), head, content, meta: store.getMeta(sample.key, SYNC) })
  }
})

afterAll(async () => {
  Error.stackTraceLimit = stackTraceLimit
  map.clear()
  await releaseStore(config as unknown as StoreConfig, store)
})

test('50 frames and more, of 80 to 2,000 bytes each, read fine before they are damaged', () => {
  const sizes = families.flatMap(({ frames }) => [...frames.values()].map((frame) => frame.length))
  expect(sizes.length).toBeGreaterThanOrEqual(50)
  expect(Math.min(...sizes)).toBeGreaterThanOrEqual(80)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(2000)
  for (const family of families) {
    restore(family)
    expect(damageSeen(family, family.head)).toEqual([
      ...Object.keys(family.sample.reads).map((call) => `${call} gave what was stored`),
      'getMeta gave what was stored',
      'has gave what was stored',
      'metas gave what was stored',
    ])
    // The check itself would report a store that takes damage for sound.
    expect(verdict(family, family.head, 0)).toEqual(damageSeen(family, family.head))
  }
})

test('every single flipped bit of every frame is found out', () => {
  let flips = 0
  let bits = 0
  const wrong: string[] = []
  for (const family of families) {
    for (const [name, frame] of family.frames) {
      bits += frame.length * 8
      restore(family)
      const damaged = frame.slice()
      map.set(name, damaged)
      for (let bit = 0; bit < frame.length * 8; bit++) {
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        // All calls on one bit of each byte, those that read most on every bit.
        const problems = verdict(family, name, bit >> 3, { fewCalls: (bit & 7) !== ((bit >> 3) & 7) })
        if (problems.length > 0) wrong.push(`${name}, bit ${bit}: ${problems.join(', ')}`)
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        flips++
      }
    }
  }
  expect(wrong.slice(0, 20)).toEqual([])
  expect(flips).toBe(bits)
  expect(flips).toBeGreaterThan(120_000)
}, 180_000)

test('every frame that was cut short, at whatever length, is found out', () => {
  let cuts = 0
  let bytes = 0
  const wrong: string[] = []
  for (const family of families) {
    for (const [name, frame] of family.frames) {
      bytes += frame.length
      restore(family)
      for (let length = 0; length < frame.length; length++) {
        map.set(name, frame.subarray(0, length))
        const problems = verdict(family, name, length)
        if (problems.length > 0) wrong.push(`${name}, cut at ${length}: ${problems.join(', ')}`)
        cuts++
      }
    }
  }
  expect(wrong.slice(0, 20)).toEqual([])
  expect(cuts).toBe(bytes)
}, 60_000)

test("every frame under any other frame's name is found out", () => {
  const all = families.flatMap(({ frames }) => [...frames])
  const wrong: string[] = []
  let swaps = 0
  for (const family of families) {
    for (const name of family.frames.keys()) {
      restore(family)
      for (const [from, frame] of all) {
        if (from === name) continue
        map.set(name, frame)
        // Another frame has other metadata: every call must notice.
        const problems = verdict(family, name, 0)
        if (problems.length > 0) wrong.push(`${from} under ${name}: ${problems.join(', ')}`)
        swaps++
      }
    }
  }
  expect(wrong.slice(0, 20)).toEqual([])
  expect(swaps).toBe(all.length * (all.length - 1))
}, 60_000)

test('frames with bytes after their end are found out', () => {
  const wrong: string[] = []
  for (const family of families) {
    for (const [name, frame] of family.frames) {
      restore(family)
      for (const extra of [1, 4, 100]) {
        map.set(name, Uint8Array.from([...frame, ...new Uint8Array(extra)]))
        const problems = verdict(family, name, frame.length)
        if (problems.length > 0) wrong.push(`${name} and ${extra} bytes: ${problems.join(', ')}`)
      }
    }
  }
  expect(wrong.slice(0, 20)).toEqual([])
})

function restore({ frames }: Family): void {
  map.clear()
  for (const [name, frame] of frames) map.set(name, frame)
}

/** What is wrong about how the calls met a frame `name` that is damaged at byte `at`. */
function verdict(family: Family, name: Name, at: number, options?: { readonly fewCalls: boolean }): string[] {
  const frame = family.frames.get(name)!
  const view = new DataView(frame.buffer, frame.byteOffset)
  // Calls that need the head's metadata alone read no further, and need not notice damage there.
  const metaDamaged = name === family.head && at < 20 + view.getUint32(4)
  return damageSeen(family, name, options).flatMap((seen) => {
    if (seen.endsWith('gave CORRUPT_ENTRY')) return []
    if (!metaDamaged && /^(getMeta|has|metas) gave what was stored$/.test(seen)) return []
    return [seen]
  })
}

/** What each reading call does, in words. */
function damageSeen(
  { sample, content, meta, head }: Family,
  name: Name,
  { fewCalls }: { readonly fewCalls: boolean } = { fewCalls: false },
): string[] {
  const { key } = sample
  const calls: [call: string, read: (store: Store) => unknown, expected: unknown][] = [
    ...Object.entries(sample.reads).map(([call, read]): [string, typeof read, unknown] => [call, read, content[call]]),
    ['getMeta', () => store.getMeta(key, SYNC), meta],
    ['has', () => store.has(key, SYNC), true],
    ['metas', () => [...store.metas(SYNC)], [meta]],
  ]
  const made = fewCalls ? calls.filter(([call]) => FEW_CALLS.has(call)) : calls
  return made.map(([call, read, expected]) => {
    try {
      const result = read(store)
      if (isDeepStrictEqual(result, expected)) return `${call} gave what was stored`
      return `${call} gave ${result === undefined ? 'nothing' : 'something else'}`
    } catch (error) {
      if (!(error instanceof KonserveError)) return `${call} threw ${String(error)}`
      if (MANY_KEYS.has(call) || isDeepStrictEqual(error.key, key)) return `${call} gave ${error.code}`
      return `${call} gave ${error.code} with the key ${String(error.key)} for ${name} of ${head}`
    }
  })
}

const FEW_CALLS = new Set(['get', 'getBinary', 'log', 'getMeta'])
const MANY_KEYS = new Set(['getMany', 'entries', 'metas'])
