import { expect, test } from 'vitest'
import '../../src/backends/memory.ts'
import { type Backend, type OpenContext, findBackend } from '../../src/base/backend.ts'
import type { Entry } from '../../src/base/entry.ts'
import { Front } from '../../src/engine/tier/front.ts'
import { withMark } from '../../src/engine/tier/mark.ts'

const CALL = { sync: false }
const context: OpenContext = { ...CALL, createContainer: false, private: true, onError: () => undefined }
const entry = (value: unknown): Entry => ({ meta: { key: 'k', type: 'value', lastWrite: new Date() }, value })

test.each([
  ['of this process alone', false],
  ['that others write to as well', true],
])('a front %s takes many copies at once, and none in the place of what is its own', async (_, persistent) => {
  const memory = findBackend('memory')!.create({ backend: 'memory', id: 'x' }, context) as Backend
  const backend = { ...memory, capabilities: { ...memory.capabilities, persistent } }
  const errors: unknown[] = []
  const front = new Front(backend, { mayHaveOwn: true, onError: (error) => errors.push(error) })
  await backend.write('sb', withMark(entry('own'), { state: 'behind' }), {}, CALL)
  await backend.write('sc', entry('copy'), {}, CALL)
  const values = async (): Promise<unknown[]> =>
    (await front.readMany(['sa', 'sb', 'sc'], CALL)).map((found) => found?.value)
  await front.keepAll(
    ['sa', 'sb', 'sc'].map((name) => [name, entry('newer')]),
    CALL,
    () => true,
  )
  expect(await values()).toEqual(['newer', 'own', 'newer'])
  const there = new Map([['sc', (await backend.read('sc', CALL))!]])
  await front.keepAll(
    ['sa', 'sc'].map((name) => [name, entry('newest')]),
    CALL,
    () => true,
    there,
  )
  expect(await values()).toEqual(['newest', 'own', 'newest'])
  // What cannot be taken with the others is not taken later, if it does not hold any more.
  await backend.write('sd', withMark(entry('own'), { state: 'behind' }), {}, CALL)
  await front.keepAll(
    ['sc', 'sd'].map((name) => [name, entry('old')]),
    CALL,
    (name) => name !== 'sc',
  )
  expect((await values())[2]).toEqual(persistent ? 'newest' : 'old')
  expect(errors).toEqual([])
})
