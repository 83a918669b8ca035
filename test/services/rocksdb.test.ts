import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import '../../src/backends/rocksdb.ts'
import { openDatabase } from '../../src/backends/rocksdb-database.ts'
import { connectStore, createStore, deleteStore, releaseStore, storeExists } from '../../src/node.ts'
import { killRounds } from '../proofs/kills.mjs'
import { ended, firstOutput, startChild } from '../proofs/processes.ts'
import { type FolderConfig, open, placesOf, readOnly, runWithoutDrivers } from './folders.ts'
import { MOST_GROWTH, listMany, writeMany } from './listing.ts'
import { runEngineSuite } from './suite.ts'

const engines = fileURLToPath(new URL('../proofs/children/engines.mjs', import.meta.url))

const { place, placeOfTest } = placesOf('rocksdb')

runEngineSuite({
  name: 'rocksdb',
  module: 'backends/rocksdb.js',
  isExclusive: true,
  addressable: true,
  config: place,
  cleanup: ({ path }) => rm(path as string, { recursive: true, force: true }),
})

test('a writer that is killed at any moment loses nothing that was acknowledged, and tears nothing', async () => {
  expect(await killRounds('rocksdb', 3)).toContain('3 kills')
}, 120_000)

test('a store that another process has open is STORAGE_UNAVAILABLE with the way out, and usable once it is gone', async () => {
  const config = placeOfTest()
  await releaseStore(config, await connectStore(config))
  const child = startChild('busy', engines, JSON.stringify(config))
  await firstOutput(child)
  for (const attempt of [() => connectStore(config), () => storeExists(config)]) {
    await expect(attempt()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/Another process has this store open.*release it there, or use the lmdb backend/),
    })
  }
  child.kill('SIGKILL')
  await ended(child)
  expect(await (await open(config)).get('key')).toMatch(/^x+\d+$/)
}, 60_000)

test('100,000 keys are listed in order, both ways, with a flat memory', async () => {
  const config = placeOfTest({ durability: 'relaxed' })
  const store = await open(config)
  await writeMany(store)
  for (const reverse of [false, true]) expect(await listMany(store, { reverse })).toBeLessThan(MOST_GROWTH)
}, 120_000)

test('a page of large entries ends early, and the next one goes on where it ended', async () => {
  const store = await open(placeOfTest({ durability: 'relaxed' }))
  const value = 'x'.repeat(700_000)
  await store.setMany(Array.from({ length: 30 }, (_, i) => [`key-${String(i).padStart(2, '0')}`, value + i] as const))
  for (const reverse of [false, true]) {
    const found: unknown[] = []
    for await (const [key, stored] of store.entries({ reverse }))
      found.push([key, (stored as string).slice(value.length)])
    const wanted = Array.from({ length: 30 }, (_, i) => [`key-${String(i).padStart(2, '0')}`, String(i)])
    expect(found).toEqual(reverse ? wanted.reverse() : wanted)
  }
})

test('values are compressed by the engine, and where we compress or encrypt them not once more', async () => {
  const encryptor = { type: 'xchacha20-poly1305', key: new Uint8Array(32) } as const
  for (const [own, compression] of [
    [{}, 'kZSTD'],
    [{ compressor: 'lz4' }, 'kNoCompression'],
    [{ encryptor }, 'kNoCompression'],
  ] as const)
    for (const sync of [false, true]) {
      const config = placeOfTest({ ...own, opts: { sync } })
      await releaseStore(config, await connectStore(config))
      const written = readdirSync(config.path).find((name) => name.startsWith('OPTIONS-'))!
      const options = readFileSync(join(config.path, written), 'utf8')
      expect(/^ *compression=(\w+)$/m.exec(options)?.[1]).toBe(compression)
      expect(/^ *wal_compression=(\w+)$/m.exec(options)?.[1]).toBe('kNoCompression')
    }
})

describe('what cannot be used is a typed error', () => {
  const codeOf = async (fn: () => Promise<unknown>): Promise<unknown> => {
    const error = await fn().catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Error)
    return `${(error as { code: string }).code}: ${(error as Error).message}`
  }
  const codes = async (config: FolderConfig<'rocksdb'>): Promise<unknown[]> => [
    await codeOf(() => connectStore(config)),
    await codeOf(() => createStore(config)),
    await codeOf(async () => connectStore(config, { sync: true })),
    await codeOf(async () => createStore(config, { sync: true })),
  ]

  test('a folder that the process may not write', async () => {
    const config = placeOfTest()
    await releaseStore(config, await connectStore(config))
    for (const code of await readOnly(config.path, () => codes(config))) {
      expect(code).toMatch(/^STORAGE_UNAVAILABLE: .*Permission denied.*Allow this process to read and write the folder/)
    }
    await (await open(config)).set('key', 1)
  })

  test('a folder that cannot be made', async () => {
    const config = placeOfTest()
    mkdirSync(config.path)
    const inside = { ...config, path: join(config.path, 'store') }
    for (const code of await readOnly(config.path, () => codes(inside))) expect(code).toMatch(/^STORAGE_UNAVAILABLE/)
  })

  test('a file, a folder with something else in it, and a database of somebody else, which is left as it was', async () => {
    const file = placeOfTest()
    writeFileSync(file.path, 'a file')
    const folder = placeOfTest()
    mkdirSync(folder.path)
    writeFileSync(join(folder.path, 'notes.txt'), 'a note')
    const theirs = placeOfTest()
    await (await openDatabase(theirs.path, { compression: false })).close()
    const before = readdirSync(theirs.path)
    for (const config of [file, folder, theirs]) {
      for (const code of await codes(config)) expect(code).toMatch(/^UNSUPPORTED_LAYOUT: .*Use another place/)
      expect(await storeExists(config)).toBe(false)
      expect(storeExists(config, { sync: true })).toBe(false)
      await deleteStore(config)
      deleteStore(config, { sync: true })
    }
    expect(readdirSync(folder.path)).toEqual(['notes.txt'])
    expect(readdirSync(theirs.path)).toEqual(before)
  })

  test('a damaged database', async () => {
    const config = placeOfTest()
    await releaseStore(config, await connectStore(config))
    writeFileSync(join(config.path, 'CURRENT'), 'garbage\n')
    for (const sync of [false, true]) {
      expect(await codeOf(async () => connectStore({ ...config, opts: { sync } }))).toMatch(
        /^STORAGE_UNAVAILABLE: .*put back a copy of the folder/,
      )
    }
  })

  test('a driver that is not installed', async () => {
    const output = await runWithoutDrivers(`
      import { connectStore } from './dist/node.js'
      import './dist/backends/rocksdb.js'
      const config = { backend: 'rocksdb', id: crypto.randomUUID(), path: './store' }
      await connectStore(config).catch(({ code, message }) => console.log(code + ': ' + message))
    `)
    expect(output).toMatch(/^MISSING_DRIVER: .*npm install @nxtedition\/rocksdb$/)
  })
})

test.each([false, true])(
  'deleteStore takes its own files, and the folder if nothing else is in it; sync: %s',
  async (sync) => {
    const opts = { sync }
    const alone = placeOfTest({ opts })
    await releaseStore(alone, await connectStore(alone))
    await deleteStore(alone)
    expect(() => readdirSync(alone.path)).toThrow(/ENOENT/)
    const shared = placeOfTest({ opts })
    await releaseStore(shared, await connectStore(shared))
    writeFileSync(join(shared.path, 'notes.txt'), 'a note')
    await deleteStore(shared)
    expect(readdirSync(shared.path)).toEqual(['notes.txt'])
  },
)

test.each([false, true])(
  'a removal that was cut short leaves no store, and what is left does not come to life in the next one; sync: %s',
  async (sync) => {
    const config = placeOfTest({ opts: { sync } })
    const store = await connectStore(config)
    await store.set('key', 'of the removed one')
    await releaseStore(config, store)
    rmSync(join(config.path, 'CURRENT'))
    writeFileSync(join(config.path, 'KONSERVE-REMOVED'), '')
    expect(await storeExists(config)).toBe(false)
    expect(await (await open(config)).keys().toArray()).toEqual([])
  },
)
