import { Buffer } from 'node:buffer'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CorruptEntryError } from '../../src/base/errors.ts'
import { compressing, implementations } from '../codec/implementations.ts'

// Not 65,533 to 65,535: with -B4 version 1.9.4 of the command fails on those.
const SIZES = [
  0, 1, 2, 3, 4, 5, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 31, 32, 33, 63, 64, 65, 255, 256, 270, 273, 274, 1000,
  4096, 65_500, 65_536, 65_537, 131_072, 262_145, 4_194_305,
]

const OPTIONS = [
  [],
  ['-1'],
  ['-9'],
  ['-12'],
  ['--fast=9'],
  ['-B4'],
  ['-B5', '-BD'],
  ['-B6', '-BX'],
  ['-B7', '--content-size'],
  ['-B4', '-BD', '-BX', '--content-size', '-9'],
  ['--no-frame-crc'],
  ['--no-frame-crc', '-B4', '-BD', '-3'],
]

/** From what compresses not at all to what does so best. */
const CONTENTS: Record<string, (length: number) => Uint8Array> = {
  noise: (length) => {
    let state = 1
    return Uint8Array.from({ length }, () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24)
  },
  records: (length) => {
    const record = (i: number) => JSON.stringify({ id: i, name: `user ${(i * 7919) % 1000}`, active: i % 3 === 0 })
    return new TextEncoder()
      .encode(Array.from({ length: length / 30 + 1 }, (_, i) => record(i)).join())
      .subarray(0, length)
  },
  'a period of 7': (length) => Uint8Array.from({ length }, (_, i) => i % 7),
  zeros: (length) => new Uint8Array(length),
}

const folder = mkdtempSync(join(tmpdir(), 'konserve-lz4-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What the command answers for a file of `bytes`: unlike that of a pipe, it knows the size before it begins. */
function lz4(options: readonly string[], bytes: Uint8Array): Uint8Array {
  const file = join(folder, 'input')
  writeFileSync(file, bytes)
  return new Uint8Array(
    execFileSync('lz4', [...options, '-q', '-c', file], { maxBuffer: 64 * 1024 * 1024, stdio: 'pipe' }),
  )
}

describe.each(Object.entries(CONTENTS))('of %s', (_, make) => {
  const contents = SIZES.map(make)

  test.each(compressing)('lz4 -d reads what %s writes', (_, { compress }) => {
    for (const content of contents) {
      const read = lz4(['-d'], compress(content)!)
      expect(Buffer.compare(read, content), `of ${content.length} bytes`).toBe(0)
    }
  })

  test.each(OPTIONS.map((options) => ({ options, command: ['lz4', ...options].join(' ') })))(
    'every implementation reads what $command writes',
    ({ options }) => {
      for (const content of contents) {
        const size = content.length
        const frame = lz4(options, content)
        for (const [name, { decompress }] of implementations) {
          const read = decompress(frame, size)
          expect(Buffer.compare(read, content), `${name}, ${size} bytes`).toBe(0)
          expect(() => decompress(frame, size + 1), name).toThrow(CorruptEntryError)
          expect(() => decompress(frame.subarray(0, -1), size), name).toThrow(CorruptEntryError)
        }
      }
    },
  )
})
