import { expect, test } from 'vitest'
import { faultOf, frameFields } from '../../playground/frame-fields.ts'
import { encodeFrame } from '../../src/codec/frame.ts'

const frame = encodeFrame('sa', { serializer: 3, meta: new Uint8Array(5), value: new Uint8Array(7) })

test('the fields cover a frame from its first byte to its last, in order', () => {
  const fields = frameFields(frame)
  expect(fields.map(({ label }) => label)).toEqual([
    'layout',
    'serializer',
    'compressor',
    'encryptor',
    'metadata length',
    'head sum',
    'value sum',
    'metadata',
    'value',
  ])
  expect(fields[0]?.start).toBe(0)
  expect(fields.at(-1)?.end).toBe(frame.length)
  for (const [index, field] of fields.slice(1).entries()) expect(field.start).toBe(fields[index]?.end)
})

test('a frame that is cut short at any byte still has fields within its bytes', () => {
  for (let length = 1; length < frame.length; length++) {
    for (const { start, end } of frameFields(frame.subarray(0, length))) {
      expect(start).toBeLessThan(end)
      expect(end).toBeLessThanOrEqual(length)
    }
  }
})

test('a frame is without fault under its own name, and has one under another name or with a bit flipped', () => {
  expect(faultOf('sa', frame)).toBeUndefined()
  expect(faultOf('sb', frame)).toMatch(/corrupt/)
  const flipped = frame.slice()
  flipped[frame.length - 1]! ^= 1
  expect(faultOf('sa', flipped)).toMatch(/checksum of its value/)
})
