import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { textOf } from '../../scripts/wasm-text.mjs'
import core from '../../src/codec/wasm/core.ts'
import full from '../../src/codec/wasm/full.ts'
import { bytesOf } from '../../src/codec/wasm/inlined.ts'

test.each(Object.entries({ core, full }))('the text of %s is its module', (name, text) => {
  const module = readFileSync(new URL(`../../wasm/artifacts/${name}.wasm`, import.meta.url))
  expect(module.equals(bytesOf(text))).toBe(true)
})

test('any bytes come back, and the text is safe in a string, a template and a page', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const text = textOf(bytes)
      expect(bytesOf(text)).toEqual(bytes)
      expect(text).toMatch(/^[!#%&(-;=-[\]-_a-~]*$/)
    }),
  )
  const all = Uint8Array.from({ length: 512 }, (_, i) => i)
  expect(bytesOf(textOf(all))).toEqual(all)
})
