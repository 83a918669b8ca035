import { describe, expect, test } from 'vitest'
import type { AnyConfig } from '../../src/base/backend.ts'
import type { Store } from '../../src/node.ts'
import { back, connectStore, deleteStore, file, releaseStore, storeExists, tiered, tried, writes } from './stores.ts'
import { trialOf } from './tried.ts'

describe('writes to the front only', () => {
  async function overlaid(
    own: object = {},
  ): Promise<{ readonly store: Store; readonly other: Store; readonly config: AnyConfig }> {
    const config = tiered({ writePolicy: 'frontend-only', ...own })
    const other = await back(config)
    await other.setMany([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ])
    await other.append('log', 'theirs')
    const store = await connectStore(config)
    trialOf(config.id).calls.length = 0
    return { store, other, config }
  }

  test('hide what the back has, and never change it', async () => {
    const { store, other, config } = await overlaid()
    await store.set('a', 'mine')
    await store.update('b', (n: number) => n + 1)
    await store.batch([{ delete: 'c' }, { set: ['d', 4] }])
    await store.append('log', 'mine')
    await store.setBinary('bytes', new Uint8Array([1, 2]))
    expect([...(await store.getMany(['a', 'b', 'c', 'd'])).entries()]).toEqual([
      ['a', 'mine'],
      ['b', 3],
      ['d', 4],
    ])
    expect(await store.log('log')).toEqual(['theirs', 'mine'])
    expect(await store.getBinary('bytes')).toEqual(new Uint8Array([1, 2]))
    expect(await store.keys().toArray()).toEqual(['a', 'b', 'bytes', 'd', 'log'])
    expect(await store.keys({ reverse: true, limit: 3 }).toArray()).toEqual(['log', 'd', 'bytes'])
    expect(await store.entries({ prefix: '' }).toArray()).toEqual([
      ['a', 'mine'],
      ['b', 3],
      ['bytes', new Uint8Array([1, 2])],
      ['d', 4],
    ])
    expect(await store.has('c')).toBe(false)
    expect(await store.delete('c')).toBe(false)
    await store.clear()
    expect(await store.keys().toArray()).toEqual([])
    await store.flush()
    expect(writes(config)).toEqual([])
    expect(await other.keys().toArray()).toEqual(['a', 'b', 'c', 'log'])
    expect(await other.log('log')).toEqual(['theirs'])
  })

  test('leave everything else as others write it', async () => {
    const { store, other } = await overlaid()
    await store.set('a', 'mine')
    expect(await store.get('b')).toBe(2)
    await other.setMany([
      ['a', 10],
      ['b', 20],
    ])
    expect([await store.get('a'), await store.get('b')]).toEqual(['mine', 20])
  })

  test('need a back that is there, and leave it there when the store is deleted', async () => {
    const { config } = await overlaid()
    await expect(connectStore(tiered({ writePolicy: 'frontend-only' }))).rejects.toThrow(
      expect.objectContaining({ code: 'STORE_NOT_FOUND' }),
    )
    await deleteStore(config)
    expect(await storeExists({ ...tried, id: config.id })).toBe(true)
  })

  test('stay in a front of their own', async () => {
    const { store, config } = await overlaid({ frontendConfig: file() })
    await store.set('a', 'mine')
    await store.delete('b')
    await releaseStore(config, store)
    const again = await connectStore(config)
    expect(await again.keys().toArray()).toEqual(['a', 'c', 'log'])
    expect(await again.get('a')).toBe('mine')
    await releaseStore(config, again)
  })

  test('allow no call to write to the back', async () => {
    const { store } = await overlaid()
    await expect(store.set('a', 1, { writePolicy: 'write-through' })).rejects.toThrow(TypeError)
  })

  test('are chosen for a call', async () => {
    const config = tiered()
    const store = await connectStore(config)
    await store.set('a', 1)
    await store.set('a', 2, { writePolicy: 'frontend-only' })
    expect([await store.get('a'), await (await back(config)).get('a')]).toEqual([2, 1])
    await store.update('a', (n: number) => n + 1)
    expect([await store.get('a'), await (await back(config)).get('a')]).toEqual([3, 3])
  })
})

describe('reads of the front only', () => {
  test('answer of what is there', async () => {
    const config = tiered()
    const store = await connectStore(config)
    await (
      await back(config)
    ).setMany([
      ['a', 1],
      ['b', 2],
    ])
    await store.get('a')
    const FRONT = { readPolicy: 'frontend-only' } as const
    expect([await store.get('a', FRONT), await store.get('b', FRONT)]).toEqual([1, undefined])
    expect(await store.keys(FRONT).toArray()).toEqual(['a'])
    expect(await store.entries(FRONT).toArray()).toEqual([['a', 1]])
    expect(await store.keys().toArray()).toEqual(['a', 'b'])
  })
})

test('a listing in pages has what is in front, too', async () => {
  const config = tiered({ backendConfig: file(), frontendConfig: file(), writePolicy: 'frontend-only' })
  const { backendConfig, id } = config as { backendConfig?: object; id: string } & AnyConfig
  const other = await connectStore({ ...(backendConfig as AnyConfig), id })
  await other.setMany(Array.from({ length: 1500 }, (_, i): [string, number] => [`k${i}`, i]))
  const store = await connectStore(config)
  await store.deleteMany(Array.from({ length: 500 }, (_, i) => `k${i}`))
  await store.setMany(Array.from({ length: 500 }, (_, i): [string, number] => [`own${i}`, i]))
  const expected = [
    ...Array.from({ length: 1000 }, (_, i) => `k${500 + i}`),
    ...Array.from({ length: 500 }, (_, i) => `own${i}`),
  ].sort()
  expect(await store.keys().toArray()).toEqual(expected)
  expect(await store.keys({ reverse: true }).toArray()).toEqual([...expected].reverse())
  expect((await store.entries().toArray()).map(([key]) => key)).toEqual(expected)
  const listed: unknown[] = []
  for await (const key of store.keys()) listed.push(key)
  expect(listed).toEqual(expected)
  await releaseStore(config, store)
})
