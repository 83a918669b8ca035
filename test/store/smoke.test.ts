import { expect, test } from 'vitest'
import '../../src/backends/memory.ts'
import '../../src/backends/tiered.ts'
import { connectStore, deleteStore, releaseStore } from '../../src/index.ts'

for (const config of [
  { backend: 'memory', id: crypto.randomUUID() },
  { backend: 'memory', id: crypto.randomUUID(), isolation: 'freeze' },
  { backend: 'tiered', id: crypto.randomUUID(), frontendConfig: { backend: 'memory' }, backendConfig: { backend: 'memory' } },
] as const) {
  test(`smoke ${JSON.stringify(config)}`, async () => {
    const store = await connectStore(config)
    const events: unknown[] = []
    store.addWriteHook('h', (event) => events.push(event))
    await store.set('a', { x: [1, { y: 2 }] }, { meta: { tag: 1 } })
    expect(await store.get('a')).toEqual({ x: [1, { y: 2 }] })
    expect(await store.updateIn(['a', 'x', 0], (n: number) => n + 1)).toEqual([{ x: [1, { y: 2 }] }, { x: [2, { y: 2 }] }])
    expect(await store.getMeta('a')).toMatchObject({ tag: 1, key: 'a', type: 'value' })
    const updates = Array.from({ length: 200 }, () => store.update('n', (n: number | undefined) => (n ?? 0) + 1))
    await Promise.all(updates)
    expect(store.get('n', { sync: true })).toBe(200)
    for (let i = 0; i < 10; i++) void store.append('log', { i })
    expect(await store.log('log')).toEqual(Array.from({ length: 10 }, (_, i) => ({ i })))
    expect(await store.log('log', { reverse: true, limit: 2 })).toEqual([{ i: 9 }, { i: 8 }])
    expect(await store.log('log', { from: 3, limit: 2 })).toEqual([{ i: 3 }, { i: 4 }])
    expect(await store.reduceLog('log', (n, e: { i: number }) => n + e.i, 0)).toBe(45)
    await store.setBinary('big', new Uint8Array(3_000_000).fill(7))
    expect((await store.getBinary('big'))?.length).toBe(3_000_000)
    expect(await store.getBinary('big', (b) => b.bytes({ start: 5, end: 8 }))).toEqual(new Uint8Array([7, 7, 7]))
    await store.setMany([[['u', 1], 'one'], [['u', 2], 'two'], [3, 'three']])
    const keys = await Array.fromAsync?.(store.keys()) ?? []
    const found: unknown[] = []
    for await (const key of store.keys()) found.push(key)
    expect(found).toEqual([['u', 1], ['u', 2], 3, 'a', 'big', 'log', 'n'])
    expect([...store.scope(['u']).keys({ sync: true })]).toEqual([1, 2])
    expect(await store.scope(['u']).get(1)).toBe('one')
    expect(await store.delete('log')).toBe(true)
    expect(await store.has('log')).toBe(false)
    await store.clear({ prefix: ['u'] })
    expect([...store.keys({ sync: true })]).toEqual([3, 'a', 'big', 'n'])
    await expect(store.set('f', { a: [() => 1] })).rejects.toMatchObject({ code: 'UNSERIALIZABLE_VALUE', path: ['a', 0], key: 'f' })
    expect(await store.withLock('a', async () => store.get('a'))).toBeDefined()
    await releaseStore(config, store)
    await expect(store.get('a')).rejects.toMatchObject({ code: 'STORE_RELEASED' })
    await deleteStore(config)
    expect(keys).toBeDefined()
    expect(events.length).toBeGreaterThan(10)
  })
}
