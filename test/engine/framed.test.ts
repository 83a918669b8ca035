import { expect, test } from 'vitest'
import type { BlobBackend, Call, EntryOp } from '../../src/base/backend.ts'
import type { Entry } from '../../src/base/entry.ts'
import { framed } from '../../src/engine/framed.ts'
import { watchedBlobs } from '../../src/engine/watched-blobs.ts'
import { MapBlobs } from '../../src/testing/map-blobs.ts'

const CALL: Call = { sync: false }

/** Blobs of an engine that writes many at once in any order, and what it was asked to. */
function manyBlobs(): { blobs: BlobBackend; written: string[][] } {
  const blobs: BlobBackend = new MapBlobs(new Map(), { transactions: false })
  const written: string[][] = []
  blobs.writeMany = async (ops, call) => {
    written.push(ops.map((op) => ('put' in op ? op.put[0] : `-${op.delete}`)))
    for (const op of ops.toReversed()) {
      await ('put' in op ? blobs.put(...op.put, op, call) : blobs.delete(op.delete, op, call))
    }
  }
  return { blobs, written }
}

function entry(type: 'value' | 'binary', value: unknown): Entry {
  return { meta: { key: 'k', type, lastWrite: new Date() }, value }
}

test('what replaces an entry with parts finds and replaces it in one transaction, and removes the parts', async () => {
  const blobs = new MapBlobs()
  const backend = framed(watchedBlobs(blobs), { chunkSize: 10, onError: console.error })
  await backend.write('sk', entry('binary', new Uint8Array(25)), {}, CALL)
  expect((await blobs.list({ prefix: '~' }, CALL)).names).toHaveLength(3)
  blobs.calls.clear()
  await backend.write('sk', entry('value', 1), {}, CALL)
  expect(blobs.calls).toEqual(
    new Map([
      ['transact', 1],
      ['list', 1],
      ['batch', 1],
    ]),
  )
  expect((await blobs.list({ prefix: '~' }, CALL)).names).toEqual([])
})

test('a replacement that a condition forbids changes nothing, and the old parts stay', async () => {
  const backend = framed(watchedBlobs(new MapBlobs()), { chunkSize: 10, onError: console.error })
  await backend.write('sk', entry('binary', new Uint8Array(25)), {}, CALL)
  await expect(backend.write('sk', entry('value', 1), { ifVersion: null }, CALL)).rejects.toMatchObject({
    code: 'CONFLICT',
  })
  expect((await backend.read('sk', CALL))?.value).toEqual(new Uint8Array(25))
})

test('what needs no order is written at once where the engine can, and what needs one is not', async () => {
  const { blobs, written } = manyBlobs()
  const backend = framed(watchedBlobs(blobs), { onError: console.error })
  const put = (name: string, value: number): EntryOp => ({ write: [name, entry('value', value)] })
  const unordered = { atomic: false, ordered: false }
  await backend.batch([put('sa', 1), put('sb', 2)], unordered, CALL)
  await backend.batch([{ delete: 'sa' }, put('sc', 3)], unordered, CALL)
  expect(written).toEqual([
    ['sa', 'sb'],
    ['-sa', 'sc'],
  ])
  await backend.batch([put('sa', 1), put('sb', 2)], { atomic: false }, CALL)
  await backend.batch([put('sa', 1), put('sa', 2)], unordered, CALL)
  expect(written).toHaveLength(2)
  expect((await backend.read('sa', CALL))?.value).toBe(2)
})

test('watchers are told of what is written at once', async () => {
  const backend = framed(watchedBlobs(manyBlobs().blobs), { onError: console.error })
  const told: unknown[] = []
  backend.watch((notice) => told.push(notice.type))
  const write = (name: string): EntryOp => ({ write: [name, entry('value', 1)] })
  await backend.batch([write('sa'), write('sb')], { atomic: false, ordered: false }, CALL)
  await backend.batch([{ delete: 'sa' }, write('sc')], { atomic: false, ordered: false }, CALL)
  expect(told).toEqual(['set', 'set', 'delete', 'set'])
})
