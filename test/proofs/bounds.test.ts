import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { encode } from '../../src/codec/cbor.ts'
import { CBOR, LZ4, encodeFrame } from '../../src/codec/frame.ts'
import { connectStore, releaseStore } from '../../src/node.ts'
import { buildForNode, makeFolder, outputOf, startChild } from './processes.ts'

const LIMIT = 16 * 1024 * 1024
const MAX_RATIO = 255

/** An LZ4 frame of `count` equal bytes. */
function lz4Zeros(count: number): Uint8Array {
  const lengths = new Uint8Array(Math.ceil((count - 20) / MAX_RATIO)).fill(0xff)
  lengths[lengths.length - 1] = (count - 20) % MAX_RATIO
  // One literal, a match of 19 and what the lengths add, and the five literals that a block ends with.
  const block = [0x1f, 0, 1, 0, ...lengths, 0x50, 0, 0, 0, 0, 0]
  const size = new Uint8Array(new Uint32Array([block.length]).buffer)
  return Uint8Array.from([0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73, ...size, ...block, 0, 0, 0, 0])
}

test('what a store holds makes the process grow by no more than the limit, whatever it claims', async () => {
  const folder = makeFolder()
  const library = await buildForNode(folder)
  const path = join(folder, 'store')
  const config = {
    backend: 'file' as const,
    id: '5f0c6c0e-9a3b-4d6e-8f57-3a2f0d8c1b11',
    path,
    limits: { bytes: LIMIT },
  }
  const store = await connectStore({ ...config, compressor: 'lz4' })
  await store.set('plain', 1)
  await releaseStore(config, store)

  const meta = (key: string, length?: number): Uint8Array =>
    encode({ key, type: 'value', lastWrite: new Date(0), ...(length === undefined ? {} : { own: { length } }) })
  const values: Record<string, [Uint8Array, string, length?: number]> = {
    nested: [new Uint8Array(100_001).fill(0x81).fill(0, 100_000), 'LIMIT_EXCEEDED'],
    array: [Uint8Array.of(0x9b, 0, 0, 0, 1, 0, 0, 0, 0, 0), 'CORRUPT_ENTRY'],
    text: [Uint8Array.of(0x7a, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0), 'CORRUPT_ENTRY'],
    bytes: [Uint8Array.of(0x5a, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0), 'CORRUPT_ENTRY'],
    map: [Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0), 'CORRUPT_ENTRY'],
    'thousand-fold': [lz4Zeros(2_000_000), 'CORRUPT_ENTRY', 15_000_000],
    'over the limit': [lz4Zeros(40_000_000), 'LIMIT_EXCEEDED', 40_000_000],
    'more than it says': [lz4Zeros(15_000_000), 'CORRUPT_ENTRY', 1000],
  }
  for (const [key, [value, , length]] of Object.entries(values)) {
    const compressor = length === undefined ? 0 : LZ4
    const name = `s${key.replaceAll(' ', '%20')}`
    await writeFile(
      join(path, name),
      encodeFrame(name, { serializer: CBOR, compressor, meta: meta(key, length), value }),
    )
  }
  const output = await outputOf(startChild('read-bounded', library, JSON.stringify(config), ...Object.keys(values)))
  const results = JSON.parse(output) as { key: string; code: string; grown: number }[]
  expect(results.map(({ key, code }) => [key, code])).toEqual(
    Object.entries(values).map(([key, [, code]]) => [key, code]),
  )
  for (const { key, grown } of results) expect(grown, key).toBeLessThanOrEqual(LIMIT)
  await rm(folder, { recursive: true, force: true })
})
