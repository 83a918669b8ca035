import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { KonserveError, type Store, type StoreConfig, connectStore, releaseStore } from '../../src/node.ts'
import { keyToName } from '../../src/store/names.ts'
import { samples } from './samples.ts'

let path: string
let config: StoreConfig
let store: Store

beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'konserve-corruption-'))
  config = { backend: 'file', id: crypto.randomUUID(), path, durability: 'relaxed' }
  store = await connectStore(config)
})
afterEach(async () => {
  await releaseStore(config, store)
  rmSync(path, { recursive: true, force: true })
})

test('bits flipped and bytes cut off in the files of a store are found out by whoever reads them', async () => {
  let flips = 0
  let cuts = 0
  const wrong: string[] = []
  for (const { key, write, reads } of samples()) {
    await write(store)
    const file = join(path, keyToName(key))
    const frame = readFileSync(file)
    const [call, read] = Object.entries(reads)[0]!
    const check = (damage: string): void => {
      try {
        read(store)
        wrong.push(`${damage}: ${call} gave a value`)
      } catch (error) {
        if (!(error instanceof KonserveError) || error.code !== 'CORRUPT_ENTRY')
          wrong.push(`${damage}: ${String(error)}`)
        else expect(error.key).toEqual(key)
      }
    }
    for (let bit = 3; bit < frame.length * 8; bit += 61) {
      const damaged = Uint8Array.from(frame)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      writeFileSync(file, damaged)
      check(`${file}, bit ${bit}`)
      flips++
    }
    for (let length = 0; length < frame.length; length += 1 + Math.floor(frame.length / 12)) {
      writeFileSync(file, frame.subarray(0, length))
      check(`${file}, cut at ${length}`)
      cuts++
    }
    writeFileSync(file, frame)
    read(store)
  }
  expect(wrong).toEqual([])
  expect(flips).toBeGreaterThan(1000)
  expect(cuts).toBeGreaterThan(400)
})

test('a damaged descriptor keeps the store from being opened, and from being taken for a new one', async () => {
  await store.set('kept', 1)
  await releaseStore(config, store)
  const file = join(path, '~d')
  const frame = readFileSync(file)
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const damaged = Uint8Array.from(frame)
    damaged[bit >> 3]! ^= 1 << (bit & 7)
    writeFileSync(file, damaged)
    expect(() => connectStore(config, { sync: true })).toThrow(expect.objectContaining({ code: 'CORRUPT_ENTRY' }))
  }
  for (let length = 0; length < frame.length; length++) {
    writeFileSync(file, frame.subarray(0, length))
    expect(() => connectStore(config, { sync: true })).toThrow(expect.objectContaining({ code: 'CORRUPT_ENTRY' }))
  }
  writeFileSync(file, frame)
  expect(readdirSync(path).sort()).toEqual(['skept', '~d'])
  store = await connectStore(config)
  expect(await store.get('kept')).toBe(1)
})
