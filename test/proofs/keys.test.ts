import { Buffer } from 'node:buffer'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Key } from '../../src/base/entry.ts'
import { type Store, type StoreConfig, connectStore, deleteStore, releaseStore } from '../../src/node.ts'
import { keyToName } from '../../src/store/names.ts'
import { generatedKeys, withoutNegativeZero } from './generated-keys.ts'
import { makeFolder } from './processes.ts'

const COUNT = 10_000

let folder: string
let byName: Map<string, Key>
/** The keys in the byte order of their names. */
let expected: Key[]
beforeAll(() => {
  folder = makeFolder()
  byName = generatedKeys(COUNT)
  expected = [...byName].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([, key]) => key)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const configs: [string, () => StoreConfig][] = [
  ['memory', () => ({ backend: 'memory', id: crypto.randomUUID() })],
  ['file', () => ({ backend: 'file', id: crypto.randomUUID(), path: join(folder, 'file'), durability: 'relaxed' })],
  [
    'tiered, memory over file',
    () => ({
      backend: 'tiered',
      id: crypto.randomUUID(),
      frontendConfig: { backend: 'memory' },
      backendConfig: { backend: 'file', path: join(folder, 'tiered'), durability: 'relaxed' },
    }),
  ],
]

describe.each(configs)('%s', (backend, makeConfig) => {
  test('10,000 generated keys come back as they were, in the byte order of their names, each with its value', async () => {
    const config = makeConfig()
    const store = await connectStore(config)
    store.setMany(
      [...byName].map(([name, key]) => [key, name] as const),
      { sync: true },
    )
    if (backend === 'file') {
      const files = readdirSync(join(folder, 'file')).filter((file) => file !== '~d')
      expect(new Set(files.map((file) => file.toLowerCase())).size).toBe(COUNT)
    }
    await releaseStore(config, store)
    const reopened = await connectStore(config, { create: false })
    await expectAll(reopened)
    await releaseStore(config, reopened)
    await deleteStore(config)
  }, 120_000)
})

test('no two of 10,000 names are equal on a case-insensitive file system, and numbers keep their order, in arrays too', () => {
  expect(byName.size).toBe(COUNT)
  expect(new Set([...byName.keys()].map((name) => name.toUpperCase())).size).toBe(COUNT)
  const numbers = expected.filter((key): key is number => typeof key === 'number')
  expect(numbers.length).toBeGreaterThan(1000)
  expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
  const pairs = numbers.map((n): [name: string, n: number] => [keyToName(['a', n, 'b']), n])
  const inOrder = pairs.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, n]) => n)
  expect(inOrder).toEqual(numbers)
})

/** Every key is listed, in order, and leads to its value. */
async function expectAll(store: Store): Promise<void> {
  const keys: Key[] = []
  for await (const key of store.keys()) keys.push(key)
  expect(keys.length).toBe(COUNT)
  expect(keys.map(withoutNegativeZero)).toEqual(expected.map(withoutNegativeZero))
  const backwards = [...store.keys({ reverse: true, sync: true })]
  expect(backwards.reverse()).toEqual(keys)
  const values = store.getMany(expected, { sync: true })
  expect(values.size).toBe(COUNT)
  let wrong = 0
  for (const [name, key] of byName) if (values.get(key) !== name) wrong++
  expect(wrong).toBe(0)
}
