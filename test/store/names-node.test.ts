import { Buffer } from 'node:buffer'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { keyToName, sameKey } from '../../src/store/names.ts'

test('a Buffer is the same key as a Uint8Array, by itself and inside', () => {
  expect(keyToName(Buffer.from([1, 2]))).toBe(keyToName(new Uint8Array([1, 2])))
  expect(sameKey([{ a: Buffer.from([1, 2]) }], [{ a: new Uint8Array([1, 2]) }])).toBe(true)
})

test('keys of another realm are the same as our own', () => {
  const [foreign, own] = [
    runInNewContext('[[1], { a: new Date(5) }, new Uint8Array(2)]'),
    [[1], { a: new Date(5) }, new Uint8Array(2)],
  ]
  expect(keyToName(foreign)).toBe(keyToName(own))
})
