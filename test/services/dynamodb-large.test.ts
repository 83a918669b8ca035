import { Buffer } from 'node:buffer'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PieceStore } from '../../src/backends/dynamodb-pieces.ts'
import { connectStore, deleteStore, releaseStore } from '../../src/node.ts'
import type { Store } from '../../src/node.ts'
import { type Config, configAt, itemsOf, startDynamoDb, tableAt } from './dynamodb-target.ts'
import { startHttpProxy } from './dynamodb-proxy.ts'

const service = await startDynamoDb()
const proxy = await startHttpProxy(service.url)
afterAll(async () => {
  await proxy.close()
  await service.stop()
})

let config: Config
let elsewhere: Config
let store: Store
/** The same store as another process sees it. */
let other: Store
/** What nobody waited for. */
let errors: unknown[]

beforeEach(async () => {
  config = configAt(service.url)
  elsewhere = { ...config, endpoint: proxy.url }
  store = await connectStore(config)
  errors = []
  other = await connectStore(elsewhere, { onError: (error) => errors.push(error) })
})
afterEach(async () => {
  proxy.handler = ({ forward }) => forward()
  await releaseStore(elsewhere, other)
  await deleteStore(config)
  const left = await itemsOf(service.url, config.id)
  if (left.length > 0) throw new Error(`The test has left ${left.join(', ')}.`)
})

const bytesOf = (length: number, seed: number): Uint8Array =>
  new Uint8Array(length).map((_, i) => Math.imul(i ^ seed, 2654435761) >>> 24)
const textOf = (length: number, mark: string): string => mark.repeat(length)

test('values and binaries of every size round the limit of an item come back as they were', async () => {
  const sizes = [0, 1, 399_000, 399_900, 400_001, 409_600, 800_000, 1_048_576, 1_048_577, 5_000_000]
  for (const size of sizes) {
    await store.set('value', textOf(size, 'v'))
    expect((await other.get('value')) === textOf(size, 'v'), `a value of ${size}`).toBe(true)
    await store.setBinary('binary', bytesOf(size, size))
    const binary = (await other.getBinary('binary')) as Uint8Array
    expect(Buffer.compare(binary, bytesOf(size, size)), `a binary of ${size}`).toBe(0)
  }
  expect(await other.getMeta('value')).toMatchObject({ key: 'value', type: 'value' })
  const [entry] = await other.entries({ prefix: 'v' }).toArray()
  expect(entry?.[1] === textOf(5_000_000, 'v')).toBe(true)
}, 120_000)

test('a large value that is replaced or deleted leaves nothing behind', async () => {
  for (const write of [
    () => store.set('a', 'small'),
    () => store.set('a', textOf(500_000, 'n')),
    () => store.update('a', () => 'small'),
    () => store.update('a', () => textOf(600_000, 'n')),
    () => store.delete('a'),
    () => store.update('a', () => undefined),
    () =>
      store.setMany([
        ['a', 1],
        ['b', 2],
      ]),
    () => store.deleteMany(['a', 'b']),
    () => store.batch([{ delete: 'a' }, { set: ['b', 1] }]),
  ]) {
    await store.set('a', textOf(900_000, 'o'))
    expect(await itemsOf(service.url, config.id)).toHaveLength(5)
    await write()
    await store.delete('a')
    await store.delete('b')
    expect(await itemsOf(service.url, config.id)).toEqual([' ~d'])
  }
}, 120_000)

test('a large value that is overwritten and deleted while it is read is never torn', async () => {
  let done = false
  const reads = (async () => {
    let [whole, absent] = [0, 0]
    while (!done) {
      const value = (await other.get('busy')) as string | undefined
      if (value === undefined) absent++
      else if (value === textOf(value.length, value[0]!)) whole++
      else throw new Error('a value is torn')
    }
    return { whole, absent }
  })()
  for (let i = 0; i < 60; i++) {
    if (i % 5 === 4) await store.delete('busy')
    else await store.set('busy', textOf(i % 3 === 0 ? 1000 : 900_000 + i, 'abcdef'[i % 6]!))
  }
  done = true
  const { whole } = await reads
  expect(whole).toBeGreaterThan(5)
}, 120_000)

test('a large binary that is overwritten while it is read in pieces is read whole, or not at all', async () => {
  await store.setBinary('busy', bytesOf(4_000_000, 1))
  let done = false
  const results = { whole: 0, refused: 0 }
  const reads = (async () => {
    while (!done) {
      try {
        const read = (await other.getBinary('busy')) as Uint8Array
        if (Buffer.compare(read, bytesOf(read.length, read.length - 3_999_999)) !== 0) throw new Error('torn')
        results.whole++
      } catch (error) {
        if ((error as { code?: string }).code !== 'CONFLICT') throw error
        results.refused++
      }
    }
  })()
  for (let i = 2; i < 10; i++) await store.setBinary('busy', bytesOf(3_999_999 + i, i))
  done = true
  await reads
  expect(results.whole + results.refused).toBeGreaterThan(2)
  await store.delete('busy')
}, 120_000)

test('several processes that write one large value leave one of them whole', async () => {
  await Promise.all(
    [store, other].map(async (each, i) => {
      for (let n = 0; n < 15; n++) {
        await each.set('contended', textOf(500_000 + n, 'xy'[i]!))
        if (n % 5 === 2) await each.delete('contended')
      }
    }),
  )
  const value = (await store.get('contended')) as string
  expect(value === textOf(value.length, value[0]!)).toBe(true)
  await store.delete('contended')
  expect(await itemsOf(service.url, config.id)).toEqual([' ~d'])
}, 120_000)

test('a batch is all or none, however large its values are', async () => {
  const entries = Array.from({ length: 60 }, (_, i): [string, string] => [`k${i}`, textOf(150_000, 'xyz'[i % 3]!)])
  await store.batch(
    entries.map((set) => ({ set })),
    { atomic: true },
  )
  const found = await other.getMany(entries.map(([key]) => key))
  expect(found.size).toBe(60)
  for (const [key, value] of entries) expect(found.get(key) === value, key).toBe(true)
}, 120_000)

test('a writer that dies leaves pieces that a later one collects, and none that are in use', async () => {
  await store.set('dead', 'old')
  proxy.handler = async ({ operation, forward }) =>
    operation === 'UpdateItem' ? { status: 400, body: DENIED } : forward()
  await expect(other.set('dead', textOf(900_000, 'd'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(await store.get('dead')).toBe('old')
  expect(await itemsOf(service.url, config.id)).toHaveLength(6)

  // One that was done, whose writer died before it could say so.
  proxy.handler = async ({ operation, forward }) =>
    operation === 'DeleteItem' ? { status: 400, body: DENIED } : forward()
  await other.set('done', textOf(900_000, 'e'))
  expect(errors).toMatchObject([{ code: 'STORAGE_UNAVAILABLE' }])
  expect(await itemsOf(service.url, config.id)).toHaveLength(11)
  proxy.handler = ({ forward }) => forward()

  const tomorrow = Date.now() + 25 * 3_600_000
  const clock = vi.spyOn(Date, 'now').mockReturnValue(tomorrow)
  try {
    await new PieceStore(tableAt(service.url), config.id).collect({ sync: false }, { all: false })
  } finally {
    clock.mockRestore()
  }
  expect(await itemsOf(service.url, config.id)).toHaveLength(6)
  expect((await store.get('done')) === textOf(900_000, 'e')).toBe(true)
  expect(await store.get('dead')).toBe('old')
}, 60_000)

test('what a dead writer has left goes with the store', async () => {
  proxy.handler = async ({ operation, forward }) =>
    operation === 'UpdateItem' ? { status: 400, body: DENIED } : forward()
  await expect(other.set('dead', textOf(900_000, 'd'))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  await deleteStore(config)
  expect(await itemsOf(service.url, config.id)).toEqual([])
})

test('250 operations go as three transactions in their order', async () => {
  const sizes: number[] = []
  proxy.handler = ({ operation, body, forward }) => {
    if (operation === 'TransactWriteItems') sizes.push((body['TransactItems'] as unknown[]).length)
    return forward()
  }
  await other.batch(Array.from({ length: 250 }, (_, i) => ({ set: [`k${i}`, i] })))
  expect(sizes).toEqual([100, 100, 50])
  expect((await store.getMany(Array.from({ length: 250 }, (_, i) => `k${i}`))).size).toBe(250)
  await expect(
    other.batch(
      Array.from({ length: 101 }, (_, i) => ({ set: [`k${i}`, i] })),
      { atomic: true },
    ),
  ).rejects.toMatchObject({ code: 'ATOMIC_UNSUPPORTED' })
  sizes.length = 0
  await other.setMany(Array.from({ length: 250 }, (_, i): [string, number] => [`k${i}`, -i]))
  expect(sizes.sort((a, b) => b - a)).toEqual([100, 100, 50])
  expect(await store.get('k249')).toBe(-249)
})

test('a batch that fails in the middle has done the slices before', async () => {
  let slices = 0
  proxy.handler = ({ operation, forward }) =>
    operation === 'TransactWriteItems' && ++slices === 2 ? Promise.resolve({ status: 400, body: DENIED }) : forward()
  const ops = Array.from({ length: 250 }, (_, i) => ({
    set: [`k${String(i).padStart(3, '0')}`, i] as [string, number],
  }))
  await expect(other.batch(ops)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(await store.keys().toArray()).toEqual(ops.slice(0, 100).map(({ set: [key] }) => key))
})

const DENIED = { __type: 'com.amazonaws.dynamodb.v20120810#AccessDeniedException', Message: 'no' }

test('a large binary of which nobody knows whether its head was written is whole, before or after', async () => {
  await store.setBinary('unknown', bytesOf(3_000_000, 1))
  const hurried = { ...elsewhere, timeout: 2000 }
  await releaseStore(elsewhere, other)
  const late = await connectStore(hurried)
  let writesOfHead = 0
  proxy.handler = async ({ body, forward }) => {
    const answer = await forward()
    const isHead = JSON.stringify(body).includes('"sunknown"') && 'UpdateExpression' in body
    if (!isHead) return answer
    writesOfHead++
    return 'lost'
  }
  await expect(late.setBinary('unknown', bytesOf(3_100_000, 2))).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  expect(writesOfHead).toBeGreaterThan(1)
  const binary = (await store.getBinary('unknown')) as Uint8Array
  expect(Buffer.compare(binary, bytesOf(3_100_000, 2))).toBe(0)
  proxy.handler = ({ forward }) => forward()
  await releaseStore(hurried, late)
  other = await connectStore(elsewhere)
}, 60_000)
