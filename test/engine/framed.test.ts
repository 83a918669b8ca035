import { expect, test } from 'vitest'
import type { Call } from '../../src/base/backend.ts'
import type { Entry } from '../../src/base/entry.ts'
import { framed } from '../../src/engine/framed.ts'
import { watchedBlobs } from '../../src/engine/watched-blobs.ts'
import { MapBlobs } from '../../src/testing/map-blobs.ts'

const CALL: Call = { sync: false }

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
