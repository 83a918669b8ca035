import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { S3Blobs } from '../../src/backends/s3-blobs.ts'
import { connectStore } from '../../src/node.ts'
import type { Store } from '../../src/store/types.ts'
import { startHttpFaults } from './http-faults.ts'
import { startProxy } from './proxy.ts'
import { bucketAt, configAt, startS3 } from './s3-target.ts'

/*
 * What is done once though its answer was lost. `near` reaches the server through a place where answers get lost, `far`
 * is somebody else who writes at the same time.
 */

const service = await startS3()
const faults = await startHttpFaults(service.port)
afterAll(async () => {
  await faults.close()
  await service.stop()
})

afterEach(() => {
  faults.fault = undefined
})

test('200 updates whose answers are lost, with others writing on top, are applied once each', async () => {
  const proxy = await startProxy(service.port)
  const config = configAt(`http://127.0.0.1:${proxy.port}`)
  const near = await connectStore(config)
  const far = await connectStore({ ...config, endpoint: service.url })
  proxy.loseAnswers(2, 200, (request) => request.toString('latin1', 0, 4) === 'PUT ')
  let mine = 0
  let others = 0
  let done = false
  const writing = (async () => {
    for (; !done; others++) {
      await far.update('counter', add)
      await delay(5)
    }
  })()
  for (; proxy.lost < 200; mine++) await near.update('counter', add)
  done = true
  await writing
  expect(mine).toBeGreaterThan(100)
  expect(others).toBeGreaterThan(100)
  expect(await far.get('counter')).toBe(mine + others)
  await proxy.close()
}, 300_000)

test('an update whose answer is lost is not done again after another one on top of it', async () => {
  const { near, far } = await twoHandles()
  await near.set('counter', 1)
  let runs = 0
  loseNext('PUT', () => far.update('counter', (old) => Number(old) + 10))
  const pair = await near.update('counter', (old) => {
    runs++
    return Number(old) + 1
  })
  expect([pair, runs, await far.get('counter')]).toEqual([[1, 2], 1, 12])
})

test('a creation whose answer is lost is not done again after an update on top of it', async () => {
  const { near, far } = await twoHandles()
  loseNext('PUT', () => far.update('counter', add))
  expect(await near.update('counter', add)).toEqual([undefined, 1])
  expect(await far.get('counter')).toBe(2)
})

test.each([
  { what: 'set', others: (far: Store) => far.set('counter', 100), left: 100 },
  { what: 'deleted', others: (far: Store) => far.delete('counter'), left: undefined },
])(
  'an update whose answer is lost fails and is not done again when somebody has $what the entry since',
  async ({ others, left }) => {
    const { near, far } = await twoHandles()
    await near.set('counter', 1)
    let runs = 0
    loseNext('PUT', () => others(far))
    const updated = near.update('counter', (old) => {
      runs++
      return Number(old) + 1
    })
    await expect(updated).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', key: 'counter' })
    await expect(updated).rejects.toThrow(/not known/)
    expect([runs, await far.get('counter')]).toEqual([1, left])
  },
)

test('a large value whose answer is lost is written once', async () => {
  const { near, far } = await twoHandles()
  const large = 'x'.repeat(9 * 1024 * 1024)
  await near.set('text', 'y')
  let completions = 0
  faults.fault = async ({ url, method }, forward) => {
    const isEnd = method === 'POST' && url?.includes('uploadId=')
    // An upload that is complete may not be known any more.
    if (isEnd && completions++ > 0) return { status: 404, body: '<Error><Code>NoSuchUpload</Code></Error>' }
    const answer = await forward()
    return isEnd ? 'lost' : answer
  }
  expect(await near.update('text', (old) => `${String(old)}${large}`)).toHaveLength(2)
  expect(completions).toBe(2)
  expect((await far.get('text')) === `y${large}`).toBe(true)
})

describe('a deletion at a version', () => {
  test('is done if the entry is at it, and is CONFLICT if not', async () => {
    const { near, far } = blobs()
    const first = await near.put('sa', bytes(1), {}, call)
    const second = await far.put('sa', bytes(2), { ifVersion: first }, call)
    await expect(near.delete('sa', { ifVersion: first }, call)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(near.delete('sa', { ifVersion: null }, call)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(await near.delete('sa', { ifVersion: second }, call)).toBe(true)
    expect(await near.delete('sa', { ifVersion: null }, call)).toBe(false)
    expect(await far.get('sa', {}, call)).toBeUndefined()
  })

  test('or a write at it is done, of several at once', async () => {
    const { near, far } = blobs()
    for (let round = 0; round < 20; round++) {
      const version = await near.put('sa', bytes(round), {}, call)
      const done = await Promise.allSettled([
        near.delete('sa', { ifVersion: version }, call),
        far.put('sa', bytes(round + 1), { ifVersion: version }, call),
      ])
      expect(done.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
      expect((await far.get('sa', {}, call)) === undefined).toBe(done[0].status === 'fulfilled')
    }
  })

  test('whose answer is lost is done, unless somebody has created the entry anew: then it is not known', async () => {
    const { near, far } = blobs()
    const version = await near.put('sa', bytes(1), {}, call)
    loseNext('DELETE', async () => undefined)
    expect(await near.delete('sa', { ifVersion: version }, call)).toBe(true)
    const next = await near.put('sa', bytes(2), { ifVersion: null }, call)
    loseNext('DELETE', () => far.put('sa', bytes(3), { ifVersion: null }, call))
    const deleted = near.delete('sa', { ifVersion: next }, call)
    await expect(deleted).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect((await far.get('sa', {}, call))?.bytes).toEqual(bytes(3))
  })
})

test('every update of a loop is done once, or fails with a typed error, when the server is killed and started again', async () => {
  const config = configAt(service.url)
  const store = await connectStore(config)
  let unknown = 0
  let done = 0
  let restarted = false
  const load = (async () => {
    while (!restarted || done < 50) {
      try {
        await store.update('counter', add)
        done++
      } catch (error) {
        expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
        unknown++
      }
    }
  })()
  for (let round = 0; round < 3; round++) {
    await delay(300)
    await service.kill()
    await delay(300)
    await service.start()
  }
  restarted = true
  await load
  const counted = Number(await store.get('counter'))
  expect(counted).toBeGreaterThanOrEqual(done)
  expect(counted).toBeLessThanOrEqual(done + unknown)
}, 120_000)

/** Two engines on one store. */
async function twoHandles(): Promise<Record<'near' | 'far', Store>> {
  const config = configAt(faults.url, { prefix: `answers/${crypto.randomUUID()}` })
  const near = await connectStore(config)
  return { near, far: await connectStore({ ...config, endpoint: service.url }) }
}

const call = { sync: false }

function blobs(): Record<'near' | 'far', S3Blobs> {
  const folder = `blobs/${crypto.randomUUID()}/`
  return { near: new S3Blobs(bucketAt(faults.url), folder), far: new S3Blobs(bucketAt(service.url), folder) }
}

function bytes(value: number): Uint8Array {
  return new Uint8Array(100).fill(value)
}

/** Lose the answer to the next request of that method, after `others` have done something. */
function loseNext(method: string, others: () => Promise<unknown>): void {
  faults.fault = async (request, forward) => {
    if (request.method !== method) return forward()
    faults.fault = undefined
    await forward()
    await others()
    return 'lost'
  }
}

function add(old: unknown): number {
  return Number(old ?? 0) + 1
}
