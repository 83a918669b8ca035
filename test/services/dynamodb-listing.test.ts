import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectStore, deleteStore, releaseStore } from '../../src/node.ts'
import { slices } from '../../src/engine/parts.ts'
import { mapAtOnce } from '../../src/backends/at-once.ts'
import { configAt, startDynamoDb, tableAt } from './dynamodb-target.ts'
import { MANY, MOST_GROWTH, keyOf, listMany } from './listing.ts'
import { startProxy } from './proxy.ts'

const KEYS = 3000
const VALUE = 'v'.repeat(2000)

const service = await startDynamoDb()
const proxy = await startProxy(service.port)
const place = configAt(`http://127.0.0.1:${proxy.port}`)
const store = await connectStore(place)
beforeAll(async () => {
  for (let i = 0; i < KEYS; i += 500) {
    await store.setMany(Array.from({ length: 500 }, (_, j): [string, string] => [shuffled(i + j), VALUE]))
  }
  await store.set('large', 'l'.repeat(900_000))
  await store.append('a log', 1)
})
afterAll(async () => {
  await deleteStore(place)
  await proxy.close()
  await service.stop()
})

const shuffled = (i: number): string => `key-${String((i * 7919) % KEYS).padStart(5, '0')}`
const sorted = Array.from({ length: KEYS }, (_, i) => `key-${String(i).padStart(5, '0')}`)

for (const reverse of [false, true]) {
  const order = reverse ? sorted.toReversed() : sorted
  test(`all keys come in order${reverse ? ', backwards' : ''}, and no value is read for it`, async () => {
    const before = proxy.received
    expect(await store.keys({ prefix: 'key-', reverse }).toArray()).toEqual(order)
    expect(proxy.received - before).toBeLessThan(KEYS * 100)
  })

  test(`a listing goes on after any key${reverse ? ', backwards' : ''}`, async () => {
    const found: unknown[] = []
    for (;;) {
      const page = await store.keys({ prefix: 'key-', reverse, limit: 700, after: found.at(-1) as string }).toArray()
      if (page.length === 0) break
      found.push(...page)
    }
    expect(found).toEqual(order)
  })

  test(`a prefix and a limit bound what is asked for${reverse ? ', backwards' : ''}`, async () => {
    const before = proxy.received
    const keys = await store.keys({ prefix: 'key-01', reverse, limit: 10 }).toArray()
    const wanted = order.filter((key) => key.startsWith('key-01')).slice(0, 10)
    expect(keys).toEqual(wanted)
    expect(proxy.received - before).toBeLessThan(5000)
    expect(await store.keys({ prefix: 'no such', reverse }).toArray()).toEqual([])
  })

  test(`entries come with their values, large ones too${reverse ? ', backwards' : ''}`, async () => {
    const entries = await store.entries({ reverse }).toArray()
    const values = entries.filter(([key]) => String(key).startsWith('key-'))
    expect(values.map(([key]) => key)).toEqual(order)
    expect(values.every(([, value]) => value === VALUE)).toBe(true)
    const large = entries.find(([key]) => key === 'large')
    expect(large?.[1] === 'l'.repeat(900_000)).toBe(true)
  })
}

test('what is ours is not listed', async () => {
  const keys = await store.keys().toArray()
  expect(keys).toEqual(['a log', ...sorted, 'large'])
})

test('100,000 keys are listed in order, both ways, with a flat memory, and no value is read', async () => {
  const config = configAt(`http://127.0.0.1:${proxy.port}`)
  const many = await connectStore(config)
  const v = { B: 'v'.repeat(400) }
  const items = Array.from({ length: MANY }, (_, i) => ({
    PutRequest: { Item: { s: { S: config.id }, n: { S: `s${keyOf(i)}` }, w: { S: 'somebody' }, v } },
  }))
  await mapAtOnce(4, slices(items, 25), (some) => tableAt(service.url).writeItems(some, { sync: false }))
  items.length = 0
  for (const reverse of [false, true]) {
    const received = proxy.received
    expect(await listMany(many, { reverse })).toBeLessThan(MOST_GROWTH)
    expect(proxy.received - received).toBeLessThan(MANY * 50)
  }
  await releaseStore(config, many)
}, 300_000)
