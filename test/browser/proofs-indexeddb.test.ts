import { openDB } from 'idb'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Key } from '../../src/base/entry.ts'
import {
  KonserveError,
  type Store,
  type StoreConfig,
  connectStore,
  createStore,
  deleteStore,
} from '../../src/browser.ts'
import { keyToName } from '../../src/store/names.ts'
import { generatedKeys, withoutNegativeZero } from '../proofs/generated-keys.ts'

let config: StoreConfig & { readonly name: string }
let store: Store
beforeEach(async () => {
  const id = crypto.randomUUID()
  config = { backend: 'indexeddb', id, name: `proof-${id}` }
  store = await connectStore(config)
})
afterEach(() => deleteStore(config))

test('bits flipped and bytes cut off in the object store are found out by whoever reads them', async () => {
  await store.set('record', { name: 'x'.repeat(60), list: [1, 2, 3] }, { meta: { author: 'a' } })
  await store.set(['composite', 7], new Map([['a', new Date(0)]]))
  await store.set('L'.repeat(150), 'a long name')
  await store.setBinary(
    'binary',
    new Uint8Array(200).map((_, i) => i),
  )
  await store.append('log', { line: 1 })
  await store.append('log', { line: 2 })
  const reads: [Key, () => Promise<unknown>][] = [
    ['record', () => store.get('record')],
    [['composite', 7], () => store.get(['composite', 7])],
    ['L'.repeat(150), () => store.get('L'.repeat(150))],
    ['binary', () => store.getBinary('binary')],
    ['log', () => store.log('log')],
  ]
  const raw = await openDB(config.name)
  const cells = (await raw.getAllKeys('entries')).filter((name) => String(name).startsWith('~l'))
  expect(cells).toHaveLength(2)
  let damages = 0
  const wrong: string[] = []
  for (const [key, read] of reads) {
    const expected = await read()
    for (const name of [keyToName(key), ...(key === 'log' ? cells : [])]) {
      const frame = (await raw.get('entries', name)) as Uint8Array
      const damaged: Uint8Array[] = []
      for (let bit = 5; bit < frame.length * 8; bit += 29) {
        const flipped = frame.slice()
        flipped[bit >> 3]! ^= 1 << (bit & 7)
        damaged.push(flipped)
      }
      for (let length = 0; length < frame.length; length += 17) damaged.push(frame.slice(0, length))
      for (const bytes of [...damaged, 'no bytes']) {
        await raw.put('entries', bytes, name)
        damages++
        const error: unknown = await read().then(
          () => undefined,
          (reason: unknown) => reason,
        )
        const noticed = error instanceof KonserveError && error.code === 'CORRUPT_ENTRY'
        if (!noticed || JSON.stringify(error.key) !== JSON.stringify(key))
          wrong.push(`${String(name)}: ${String(error)}`)
      }
      await raw.put('entries', frame, name)
      expect(await read()).toEqual(expected)
    }
  }
  raw.close()
  expect(wrong).toEqual([])
  expect(damages).toBeGreaterThan(250)
})

test('2,000 generated keys come back as they were, in the byte order of their names', async () => {
  const byName = generatedKeys(2000)
  await store.setMany([...byName].map(([name, key]) => [key, name] as const))
  const expected = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => withoutNegativeZero(key))
  const keys: Key[] = []
  for await (const key of store.keys()) keys.push(key)
  expect(keys.length).toBe(2000)
  expect(keys.map(withoutNegativeZero)).toEqual(expected)
  let wrong = 0
  for await (const [key, value] of store.entries()) if (value !== keyToName(key)) wrong++
  expect(wrong).toBe(0)
  expect(new Set([...byName.keys()].map((name) => name.toUpperCase())).size).toBe(2000)
})

test('200 updates at once through two handles give exactly 200, over memory too', async () => {
  const id = crypto.randomUUID()
  const tiered: StoreConfig = {
    backend: 'tiered',
    id,
    frontendConfig: { backend: 'memory' },
    backendConfig: { backend: 'indexeddb', name: `proof-${id}` },
  }
  for (const each of [config, tiered]) {
    const handles = [await connectStore(each), await connectStore(each)]
    await Promise.all(Array.from({ length: 200 }, (_, i) => handles[i % 2]!.update('n', (n: number = 0) => n + 1)))
    expect(await Promise.all(handles.map((handle) => handle.get('n')))).toEqual([200, 200])
  }
  await deleteStore(tiered)
})

test('of 16 createStore at once one wins, and 15 find that the store exists', async () => {
  for (let round = 0; round < 5; round++) {
    const fresh: StoreConfig = { backend: 'indexeddb', id: crypto.randomUUID() }
    const made = await Promise.allSettled(Array.from({ length: 16 }, () => createStore(fresh)))
    const codes = made.map((each) => (each.status === 'fulfilled' ? 'made' : (each.reason as KonserveError).code))
    expect(codes.toSorted()).toEqual([...Array.from({ length: 15 }, () => 'STORE_EXISTS'), 'made'])
    await deleteStore(fresh)
  }
})
