import { beforeEach, expect, test } from 'vitest'
import type { BlobBackend, Call, Notice } from '../../src/base/backend.ts'
import { watchedBlobs } from '../../src/engine/watched-blobs.ts'
import { MapBlobs } from '../../src/testing/map-blobs.ts'

const CALL: Call = { sync: false }
const SYNC: Call = { sync: true }
const bytes = new Uint8Array(1)
const notice = { key: 'k' }

let inner: MapBlobs
let blobs: BlobBackend
let told: Notice[]

beforeEach(() => {
  inner = new MapBlobs()
  const watched = watchedBlobs(inner)
  told = []
  watched.watch((each) => told.push(each))
  blobs = watched
})

test('writes are told once they have succeeded, those that say nothing never', async () => {
  const written = blobs.put('sk', bytes, { notice }, CALL)
  expect(told).toEqual([])
  await written
  await blobs.put('~c1', bytes, {}, CALL)
  await blobs.delete('sk', { notice: { key: undefined } }, CALL)
  await blobs.delete('~c1', {}, CALL)
  expect(told).toEqual([
    { type: 'set', name: 'sk', key: 'k' },
    { type: 'delete', name: 'sk', key: undefined },
  ])
})

test('the ops of a batch and of a transaction are told in their order', async () => {
  await blobs.batch!(
    [{ put: ['sb', bytes], notice: { key: 'b' } }, { put: ['~c1', bytes] }, { delete: 'sa', notice }],
    CALL,
  )
  await blobs.transact!(['sb'], ([found]) => (found ? [{ delete: 'sb', notice: { key: 'b' } }] : []), CALL)
  expect(told.map((each) => each.type !== 'resync' && `${each.type} ${each.name}`)).toEqual([
    'set sb',
    'delete sa',
    'delete sb',
  ])
})

test('a write that fails is not told', async () => {
  const error = new Error('no')
  for (const method of ['put', 'delete', 'batch', 'transact'] as const) inner.failNext(method, error)
  await expect(blobs.put('sk', bytes, { notice }, CALL)).rejects.toBe(error)
  await expect(blobs.delete('sk', { notice }, CALL)).rejects.toBe(error)
  await expect(blobs.batch!([{ delete: 'sk', notice }], CALL)).rejects.toBe(error)
  await expect(blobs.transact!([], () => [{ delete: 'sk', notice }], CALL)).rejects.toBe(error)
  expect(() => blobs.put('sk', bytes, { notice, ifVersion: 'other' }, SYNC)).toThrow('version')
  expect(told).toEqual([])
})

test('synchronous calls answer with the value itself, and have told by then', () => {
  expect(blobs.put('sk', bytes, { notice }, SYNC)).toEqual(expect.any(String))
  expect(blobs.delete('sk', { notice }, SYNC)).toBe(true)
  expect(told).toHaveLength(2)
})

test('what has a watch of its own stays as it is, and what cannot do a thing still cannot', () => {
  const own = watchedBlobs(inner)
  expect(watchedBlobs(own)).toBe(own)
  expect(Object.keys(watchedBlobs(new MapBlobs(new Map(), { transactions: false })))).not.toContain('transact')
})
