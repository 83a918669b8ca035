import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { connectStore, deleteStore, releaseStore } from '../../src/node.ts'
import type { Store } from '../../src/node.ts'
import { MEMORY } from '../../src/backends/dynamodb-item.ts'
import { type Config, configAt, startDynamoDb } from './dynamodb-target.ts'
import { type Answer, type Passing, startHttpProxy } from './dynamodb-proxy.ts'
import { startProxy } from './proxy.ts'

const LOST = 200
const WRITES = /DynamoDB_20120810\.(?:UpdateItem|PutItem|TransactWriteItems)/

const service = await startDynamoDb()
const proxy = await startHttpProxy(service.url)
afterAll(async () => {
  await proxy.close()
  await service.stop()
})

let config: Config
/** Behind the proxy, and not. */
let ours: Store
let others: Store

beforeEach(async () => {
  config = configAt(service.url)
  others = await connectStore(config)
  ours = await connectStore({ ...config, endpoint: proxy.url })
  await others.set('key', 'before')
})
afterEach(async () => {
  proxy.handler = ({ forward }) => forward()
  await releaseStore({ ...config, endpoint: proxy.url }, ours)
  await deleteStore(config)
})

/** Lose the answer to the next write, after the server has done it and then `meanwhile` has happened. */
function loseNextAnswer(meanwhile: (request: Passing) => Promise<unknown>): { readonly wasLost: boolean } {
  const state = { wasLost: false }
  proxy.handler = async (request) => {
    if (state.wasLost || !/^(?:UpdateItem|PutItem|TransactWriteItems)$/.test(request.operation))
      return request.forward()
    state.wasLost = true
    expect((await request.forward()).status).toBe(200)
    await meanwhile(request)
    return 'lost'
  }
  return state
}

const count = async (store: Store): Promise<unknown> => store.update('count', (n = 0) => Number(n) + 1)

test(`${LOST} answers to updates of one key are lost while others update it: each is applied once`, async () => {
  const tcp = await startProxy(service.port)
  const behind = { ...config, endpoint: `http://127.0.0.1:${tcp.port}` }
  const lossy = await connectStore(behind)
  try {
    tcp.loseAnswers(2, LOST, (request) => WRITES.test(request.toString('latin1')))
    let [own, other] = [0, 0]
    let done = false
    const onTop = (async () => {
      for (; !done; other++) await count(others)
    })()
    for (; tcp.lost < LOST; own++) await count(lossy)
    done = true
    await onTop
    expect(other).toBeGreaterThan(LOST)
    expect(await others.get('count')).toBe(own + other)
  } finally {
    await releaseStore(behind, lossy)
    await tcp.close()
  }
}, 240_000)

test(`${LOST} answers to sets, batches and deletes are lost: each is done, and nothing that came after is undone`, async () => {
  const tcp = await startProxy(service.port)
  const behind = { ...config, endpoint: `http://127.0.0.1:${tcp.port}` }
  const lossy = await connectStore(behind)
  try {
    tcp.loseAnswers(2, LOST, (request) => WRITES.test(request.toString('latin1')))
    for (let i = 0; tcp.lost < LOST; i++) {
      await lossy.set('one', i)
      expect(await others.get('one')).toBe(i)
      await others.set('one', 'later')
      await lossy.setMany([
        ['two', i],
        ['three', i],
      ])
      expect(await others.getMany(['two', 'three'])).toEqual(
        new Map([
          ['two', i],
          ['three', i],
        ]),
      )
      expect(await lossy.delete('two')).toBe(true)
      expect(await others.has('two')).toBe(false)
      expect(await others.get('one')).toBe('later')
    }
  } finally {
    await releaseStore(behind, lossy)
    await tcp.close()
  }
}, 240_000)

for (const updates of [1, MEMORY - 1]) {
  test(`an update whose answer is lost is not done again after ${updates} updates by others`, async () => {
    const lost = loseNextAnswer(async () => {
      for (let i = 0; i < updates; i++) await count(others)
    })
    expect(await count(ours)).toEqual([undefined, 1])
    expect(lost.wasLost).toBe(true)
    expect(await others.get('count')).toBe(updates + 1)
  })
}

test(`an update whose answer is lost is reported, not done again, after ${MEMORY} updates by others`, async () => {
  await count(others)
  loseNextAnswer(async () => {
    for (let i = 0; i < MEMORY; i++) await count(others)
  })
  await expect(count(ours)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: /is not known/ })
  expect(await others.get('count')).toBe(MEMORY + 2)
})

test('an update whose answer is lost, and whose entry is overwritten or deleted, counts once', async () => {
  loseNextAnswer(() => others.set('count', 10))
  await count(ours)
  expect(await others.get('count')).toBe(10)
  loseNextAnswer(() =>
    others.setMany([
      ['count', 20],
      ['other', 1],
    ]),
  )
  await count(ours)
  // What a batch replaces is not remembered: the update is done on top of it, where its first time does not show.
  expect(await others.get('count')).toBe(21)
  loseNextAnswer(() => others.delete('count'))
  await count(ours)
  expect(await others.get('count')).toBe(1)
})

const onTop: Record<string, () => Promise<unknown>> = {
  'a set': () => others.set('key', 'theirs'),
  'four sets': async () => {
    for (const value of [1, 2, 3, 'theirs']) await others.set('key', value)
  },
  '31 updates': async () => {
    for (let i = 1; i < MEMORY; i++) await others.update('key', () => 'theirs')
  },
}
for (const [what, write] of Object.entries(onTop)) {
  test(`a set whose answer is lost does not come back over ${what} by others`, async () => {
    const lost = loseNextAnswer(write)
    await ours.set('key', 'ours')
    expect(lost.wasLost).toBe(true)
    expect(await others.get('key')).toBe('theirs')
  })
}

test('a batch whose answer is lost does not come back over what others wrote', async () => {
  const lost = loseNextAnswer(() => others.set('key', 'theirs'))
  await ours.setMany([
    ['key', 'ours'],
    ['other', 'ours'],
  ])
  expect(lost.wasLost).toBe(true)
  expect(await others.get('key')).toBe('theirs')
  expect(await others.get('other')).toBe('ours')
})

test('a delete whose answer is lost does not take away what others wrote', async () => {
  const lost = loseNextAnswer(() => others.set('key', 'theirs'))
  expect(await ours.delete('key')).toBe(true)
  expect(lost.wasLost).toBe(true)
  expect(await others.get('key')).toBe('theirs')
})

test('a request that arrives a second time, late, changes nothing', async () => {
  const late: (() => Promise<Answer>)[] = []
  proxy.handler = async (request) => {
    if (/Update|Put|Transact/.test(request.operation)) late.push(() => request.forward())
    return request.forward()
  }
  await ours.set('key', 'set')
  await ours.update('key', () => 'updated')
  await ours.delete('key')
  await ours.setMany([
    ['key', 'in a batch'],
    ['other', 'in a batch'],
  ])
  expect(late).toHaveLength(4)
  await others.update('key', () => 'theirs')
  // The first of them did not know what was there, and the delete has made all forget it.
  for (const again of late.slice(1)) await again()
  expect(await others.get('key')).toBe('theirs')
})

test('a large value whose answer is lost is whole, whatever came on top', async () => {
  const large = (mark: string): string => mark.repeat(900_000)
  const lost = loseNextAnswer(async () => undefined)
  await ours.set('large', large('a'))
  expect(lost.wasLost).toBe(true)
  expect(await others.get('large')).toBe(large('a'))
})
