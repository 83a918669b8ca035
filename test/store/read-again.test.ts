import { describe, expect, test } from 'vitest'
import { connectStore, releaseStore } from '../../src/browser.ts'
import { type AnyConfig, type Backend, type StoreConfig, findBackend } from '../../src/base/backend.ts'
import type { Entry } from '../../src/base/entry.ts'
import type { Store } from '../../src/browser.ts'

/*
 * A string key that was read before is found without its name. Whatever befalls the entry meanwhile, reads answer as if it
 * were not so.
 */

const memory = (own: object = {}): StoreConfig =>
  ({ backend: 'memory', id: crypto.randomUUID(), ...own }) as StoreConfig
const configs: Readonly<Record<string, (own?: object) => StoreConfig>> = {
  memory,
  tiered: (own) =>
    ({
      backend: 'tiered',
      id: crypto.randomUUID(),
      frontendConfig: { backend: 'memory', ...own },
      backendConfig: { backend: 'memory' },
    }) as StoreConfig,
  'tiered, with bounds': (own) =>
    ({
      backend: 'tiered',
      id: crypto.randomUUID(),
      frontendConfig: { backend: 'memory', ...own },
      backendConfig: { backend: 'memory' },
      maxEntries: 2,
    }) as StoreConfig,
}
const SYNC = { sync: true } as const

describe.each(Object.entries(configs))('a key that was read before, %s', (_, config) => {
  /** A store that has read `user:1`, `{ a: [1] }`. */
  const reader = async (own?: object): Promise<Store> => {
    const store = await connectStore(config(own))
    await store.set('user:1', { a: [1] })
    expect(await store.get('user:1')).toEqual({ a: [1] })
    expect(store.get('user:1', SYNC)).toEqual({ a: [1] })
    return store
  }

  test.each<readonly [string, (store: Store) => unknown, unknown]>([
    ['set', (store) => store.set('user:1', 2), 2],
    ['set to undefined', (store) => store.set('user:1', undefined), undefined],
    ['set at once', (store) => store.set('user:1', 2, SYNC), 2],
    ['updated', (store) => store.update('user:1', () => 2), 2],
    ['changed inside', (store) => store.setIn(['user:1', 'a'], 2), { a: 2 }],
    ['set with others', (store) => store.setMany([['user:1', 2]]), 2],
    ['deleted', (store) => store.delete('user:1'), undefined],
    ['deleted with others', (store) => store.clear(), undefined],
    ['set in a scope', (store) => store.scope('user:').set('1', 2), 2],
    ['made a binary', (store) => store.setBinary('user:1', new Uint8Array([2])), new Uint8Array([2])],
    ['set behind others', (store) => store.setMany([1, 2, 3, 4].map((i) => [`user:${i}`, i])), 1],
  ])('and is %s', async (_what, change, value) => {
    const store = await reader()
    await change(store)
    expect(await store.get('user:1')).toEqual(value)
    expect(store.get('user:1', { ...SYNC, default: 'none' })).toEqual(
      value ?? ((await store.has('user:1')) ? undefined : 'none'),
    )
    await store.set('user:1', 'again')
    expect([await store.get('user:1'), store.get('user:1', SYNC)]).toEqual(['again', 'again'])
  })

  test('in a scope', async () => {
    const store = await reader()
    const [users, lists] = [store.scope('user:'), store.scope(['user:1'])]
    expect([await users.get('1'), users.get('1', SYNC)]).toEqual([{ a: [1] }, { a: [1] }])
    await lists.set('1', 'in a list')
    expect([lists.get('1', SYNC), users.scope('').get('1', SYNC)]).toEqual(['in a list', { a: [1] }])
    await users.set('1', 2)
    expect([users.get('1', SYNC), store.get('user:1', SYNC), lists.get('1', SYNC)]).toEqual([2, 2, 'in a list'])
  })

  test('gives each reader a copy of its own', async () => {
    const store = await reader()
    const [first, second] = [store.get('user:1', SYNC), store.get('user:1', SYNC)] as { a: number[] }[]
    first!.a.push(2)
    expect([second, await store.get('user:1')]).toEqual([{ a: [1] }, { a: [1] }])
  })

  test('gives all of them the frozen value', async () => {
    const store = await reader({ isolation: 'freeze' })
    const value = store.get('user:1', SYNC)
    expect(store.get('user:1', SYNC)).toBe(value)
    expect(Object.isFrozen(value)).toBe(true)
  })

  test('is not read before writes that are under way', async () => {
    const store = await reader()
    const written = store.update('user:1', () => 2)
    const [, value] = await Promise.all([written, store.get('user:1')])
    expect(value).toBe(2)
  })

  test('expires', async () => {
    const store = await connectStore(config())
    await store.set('user:1', 1, { ttl: 30 })
    expect([await store.get('user:1'), store.get('user:1', SYNC)]).toEqual([1, 1])
    await new Promise((resolve) => setTimeout(resolve, 40))
    expect(store.get('user:1', { default: 'none', ...SYNC })).toBe('none')
  })

  test('is out of bounds for its update function, for an ended signal, and after the release', async () => {
    const settings = config()
    const store = await connectStore(settings)
    await store.set('user:1', 1)
    await store.get('user:1')
    await expect(store.update('user:1', () => store.get('user:1', SYNC))).rejects.toMatchObject({
      code: 'REENTRANT_UPDATE',
    })
    await expect(store.get('user:1', { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: 'AbortError' })
    expect(await store.scope('user:').get('user:1', { default: 'none' })).toBe('none')
    await releaseStore(settings, store)
    await expect(store.get('user:1')).rejects.toMatchObject({ code: 'STORE_RELEASED' })
    expect(() => store.get('user:1', SYNC)).toThrow(expect.objectContaining({ code: 'STORE_RELEASED' }))
  })
})

test('an entry whose metadata has another key is shown under neither', async () => {
  const call = { sync: true }
  const context = { sync: true, createContainer: false, private: true, onError: () => undefined }
  const backend = (await findBackend('memory')!.create(memory() as AnyConfig, context)) as Required<Backend>
  const entry = (key: string): Entry => ({ meta: { key, type: 'value', lastWrite: new Date() }, value: key })
  const shown = (): unknown[] => [backend.peek('a'), backend.peek('b')]
  await backend.write('sa', entry('b'), {}, call)
  backend.learn('a', 'sa')
  expect(shown()).toEqual([undefined, undefined])
  await backend.write('sa', entry('a'), {}, call)
  backend.learn('a', 'sa')
  expect(shown()).toEqual(['a', undefined])
  await backend.write('sa', entry('b'), {}, call)
  expect(shown()).toEqual([undefined, undefined])
})
