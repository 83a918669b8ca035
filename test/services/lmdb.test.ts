import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pid } from 'node:process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { LmdbBlobs } from '../../src/backends/lmdb-blobs.ts'
import { LOCK_FILE, openEnvironment } from '../../src/backends/lmdb-environment.ts'
import { discardEnvironment, releaseEnvironment, takeEnvironment } from '../../src/backends/lmdb-shared.ts'
import '../../src/backends/lmdb.ts'
import { connectStore, createStore, deleteStore, releaseStore, storeExists } from '../../src/node.ts'
import { killRounds } from '../proofs/kills.mjs'
import { ended, firstOutput, outputOf, startChild } from '../proofs/processes.ts'
import { type FolderConfig, open, placesOf, readOnly, runWithoutDrivers } from './folders.ts'
import { MANY, MOST_GROWTH, listMany, writeMany } from './listing.ts'
import { runEngineSuite } from './suite.ts'

const engines = fileURLToPath(new URL('../proofs/children/engines.mjs', import.meta.url))

const { place, placeOfTest } = placesOf('lmdb')

runEngineSuite({
  name: 'lmdb',
  module: 'backends/lmdb.js',
  addressable: true,
  config: place,
  cleanup: ({ path }) => rm(path as string, { recursive: true, force: true }),
})

describe('several processes on one folder', () => {
  test('three write keys of their own, async and sync, and each sees those of the others as soon as they are written', async () => {
    const config = placeOfTest()
    const store = await open(config)
    const names = ['a', 'b', 'c']
    const children = names.map((own) =>
      startChild('share', JSON.stringify(config), own, '100', ...names.filter((name) => name !== own)),
    )
    expect(await Promise.all(children.map(outputOf))).toEqual(names.map(() => 'written\nseen\n'))
    expect(await store.keys().toArray()).toHaveLength(300)
  }, 120_000)

  test('a read without a turn of the event loop in between sees what another process has written', async () => {
    const config = placeOfTest()
    const store = await open(config)
    await store.set('a-0', 'before')
    const child = startChild('share', JSON.stringify(config), 'a', '1')
    const until = Date.now() + 30_000
    while (store.get('a-0', { sync: true }) !== 0) expect(Date.now()).toBeLessThan(until)
    await ended(child)
  }, 60_000)

  test('a folder that was removed and made anew while nobody used it is not taken for the old one', async () => {
    const config = placeOfTest()
    const old = await connectStore(config)
    await old.set('key', 'old')
    await releaseStore(config, old)
    rmSync(config.path, { recursive: true })
    const store = await open(config)
    expect(await store.get('key')).toBeUndefined()
    await store.set('key', 'new')
    expect(await outputOf(startChild('share', JSON.stringify(config), 'a', '2'))).toBe('written\nseen\n')
    expect(await store.get('a-1')).toBe(1)
  })

  test('three that create one store at the same moment, four times each: one of them makes it', async () => {
    for (let round = 0; round < 4; round++) {
      const config = placeOfTest()
      const children = ['a', 'b', 'c'].map(() => startChild('create', engines, JSON.stringify(config)))
      const outputs = children.map(outputOf)
      await Promise.all(children.map(firstOutput))
      const start = Date.now() + 30
      for (const child of children) child.stdin!.write(`${start}\n`)
      const words = (await Promise.all(outputs)).flatMap((output) => output.trim().split('\n').slice(1))
      expect(words.filter((word) => word === 'made')).toHaveLength(1)
      expect(words.filter((word) => word === 'STORE_EXISTS')).toHaveLength(11)
      await (await open(config)).set('key', 1)
    }
  }, 120_000)

  test('one that gets locks which another process has destroyed tries again until it can make them anew, and holds them', async () => {
    const config = placeOfTest()
    await releaseStore(config, await connectStore(config))
    await discardEnvironment(config.path)
    const file = join(config.path, LOCK_FILE)
    // The three mutexes are in it; the table of readers comes after them.
    const destroyed = readFileSync(file).subarray(0, 128)
    // Whoever comes now finds that somebody has them.
    const holder = startChild('share', JSON.stringify(config), 'a', '1', 'never')
    await firstOutput(holder)
    writeFileSync(file, destroyed, { flag: 'r+' })
    spawn('sh', ['-c', `sleep 0.2; kill -9 ${holder.pid}`])
    const store = await open(config)
    await ended(holder)
    expect(await store.get('a-0')).toBe(0)
    const { ino } = statSync(file)
    expect(readFileSync('/proc/locks', 'utf8')).toMatch(new RegExp(`POSIX.* READ ${pid} \\S+:${ino} `))
    expect(await outputOf(startChild('share', JSON.stringify(config), 'b', '1', 'a'))).toBe('written\nseen\n')
  }, 60_000)

  test('a writer that is killed at any moment loses nothing that was acknowledged, and tears nothing', async () => {
    expect(await killRounds('lmdb', 3)).toContain('3 kills')
  }, 120_000)
})

test('sync writes among async ones that are under way: all are there, and every update counts', async () => {
  const store = await open(placeOfTest())
  const pending: Promise<unknown>[] = []
  for (let i = 0; i < 500; i++) {
    pending.push(
      store.set(`async-${i}`, i),
      store.update('count', (n) => ((n as number | undefined) ?? 0) + 1),
    )
    pending.push(store.batch([{ set: [`left-${i}`, i] }, { set: [`right-${i}`, i] }]))
    store.set(`sync-${i}`, i, { sync: true })
    store.update('sync-count', (n) => ((n as number | undefined) ?? 0) + 1, { sync: true })
    if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, Math.random() * 3))
  }
  await Promise.all(pending)
  expect(await store.get('count')).toBe(500)
  expect(await store.get('sync-count')).toBe(500)
  expect(await store.keys().toArray()).toHaveLength(2002)
})

test('what a batch cannot do to the end it does not do at all', async () => {
  const config = placeOfTest({ mapSize: 1 << 20 })
  const store = await open(config)
  const large = 'x'.repeat(300_000)
  for (const opts of [{}, { sync: true } as const]) {
    const full = async (): Promise<unknown> =>
      store.batch(
        [1, 2, 3, 4, 5].map((i) => ({ set: [`key-${i}`, large] as const })),
        { atomic: true, ...opts },
      )
    await expect(full()).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
    expect(await store.keys().toArray()).toEqual([])
  }
})

test('a write that an update function starts is one of its own, whatever becomes of the update', async () => {
  const store = await open(placeOfTest({ mapSize: 1 << 20 }))
  let started: Promise<unknown>[] = []
  const start = (round: number): void => {
    started = [store.set(`set-${round}`, round), store.update(`update-${round}`, () => round)]
  }
  await store.update('outer', () => {
    start(1)
    return 'done'
  })
  await Promise.all(started)
  const failed = store.update('outer', () => {
    start(2)
    return 'x'.repeat(2 << 20)
  })
  await expect(failed).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  await Promise.all(started)
  expect(Object.fromEntries(await store.entries().toArray())).toEqual({
    outer: 'done',
    'set-1': 1,
    'set-2': 2,
    'update-1': 1,
    'update-2': 2,
  })
})

test('a full map is QUOTA_EXCEEDED and loses nothing; after deletions, or with a larger one, it takes more', async () => {
  const config = placeOfTest({ mapSize: 1 << 20 })
  const store = await connectStore(config)
  const value = 'x'.repeat(10_000)
  let count = 0
  const fill = async (): Promise<void> => {
    for (; ; count++) await store.set(`key-${count}`, value, count % 2 === 0 ? {} : ({ sync: true } as const))
  }
  const error = await fill().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', quota: 1 << 20 })
  expect(String(error)).toMatch(/Delete entries, or connect with a larger mapSize/)
  expect(count).toBeGreaterThan(50)
  await expect(store.update('key-0', (old) => `${String(old)}${value.repeat(20)}`)).rejects.toMatchObject({
    code: 'QUOTA_EXCEEDED',
  })
  await expect(store.setBinary('large', new Uint8Array(3 << 20))).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' })
  for (let i = 0; i < count; i++) expect(await store.get(`key-${i}`)).toBe(value)
  expect(await store.keys().toArray()).toHaveLength(count)
  for (let i = 0; i < 10; i++) await store.delete(`key-${i}`)
  for (let i = 0; i < 5; i++) await store.set(`key-${i}`, value)
  await releaseStore(config, store)
  const larger = await open({ ...config, mapSize: 2 << 20 })
  for (let i = 5; i < 20; i++) await larger.set(`key-${i}`, value)
  expect(await larger.keys().toArray()).toHaveLength(count)
})

test('without a mapSize the map grows, while another process reads', async () => {
  const config = placeOfTest({ durability: 'relaxed' })
  const store = await open(config)
  const child = startChild('share', JSON.stringify(config), 'other', '1', 'last')
  for (let i = 0; i < 40; i++) await store.setBinary(`large-${i}`, new Uint8Array(1 << 20).fill(i))
  await store.set('last-0', 0)
  expect(await outputOf(child)).toBe('written\nseen\n')
  expect(statSync(join(config.path, 'data.mdb')).size).toBeGreaterThan(40 << 20)
  for (let i = 0; i < 40; i++) expect((await store.getBinary(`large-${i}`))![12_345]).toBe(i)
}, 60_000)

test('overwriting one key again and again does not make the file grow without end', async () => {
  const config = placeOfTest({ durability: 'relaxed' })
  const store = await open(config)
  const size = (): number => statSync(join(config.path, 'data.mdb')).size
  const overwrite = async (): Promise<void> => {
    for (let i = 0; i < 500; i++) await store.set('key', i)
    for (let i = 0; i < 500; i++) store.set('key', i, { sync: true })
  }
  await overwrite()
  const before = size()
  await overwrite()
  expect(size()).toBeLessThan(before * 2)
})

test('100,000 keys are listed in order, both ways, with a flat memory, and no value is read', async () => {
  const config = placeOfTest({ durability: 'relaxed' })
  const store = await connectStore(config)
  await writeMany(store)
  for (const reverse of [false, true]) expect(await listMany(store, { reverse })).toBeLessThan(MOST_GROWTH)
  await releaseStore(config, store)

  const read = new Map<PropertyKey, number>()
  const environment = takeEnvironment(config.path)
  const counted = new Proxy(environment, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...args: unknown[]): unknown => {
        read.set(name, (read.get(name) ?? 0) + 1)
        return Reflect.apply(member, target, args)
      }
    },
  })
  const blobs = new LmdbBlobs(counted, config.path, { close: () => releaseEnvironment(config.path) })
  let after: string | undefined
  let listed = 0
  do {
    const page = blobs.list({ after, limit: 500 })
    listed += page.names.length
    after = page.next
  } while (after !== undefined)
  expect(listed).toBe(MANY + 1)
  expect(new Set(read.keys())).toEqual(new Set(['getKeys', 'resetReadTxn']))
  await blobs.close({ sync: false })
}, 120_000)

test('a page of entries is one snapshot, whatever is written while it is decoded', async () => {
  const store = await open(placeOfTest())
  await store.setMany(Array.from({ length: 200 }, (_, i) => [`key-${String(i).padStart(3, '0')}`, 'old'] as const))
  const values: unknown[] = []
  for await (const [, value] of store.entries()) {
    if (values.length === 0)
      await store.setMany(Array.from({ length: 200 }, (_, i) => [`key-${String(i).padStart(3, '0')}`, 'new'] as const))
    values.push(value)
  }
  expect(new Set(values)).toEqual(new Set(['old']))
})

describe('what cannot be used is a typed error, async and sync', () => {
  const codeOf = async (fn: () => unknown): Promise<unknown> => {
    try {
      return await fn()
    } catch (error) {
      expect(error).toBeInstanceOf(Error)
      return `${(error as { code: string }).code}: ${(error as Error).message}`
    }
  }
  const codes = async (config: FolderConfig<'lmdb'>): Promise<unknown[]> => [
    await codeOf(() => connectStore(config)),
    await codeOf(() => connectStore(config, { sync: true })),
    await codeOf(() => createStore(config)),
  ]

  test('a folder that the process may not write', async () => {
    const config = placeOfTest()
    await releaseStore(config, await connectStore(config))
    // As it is to a process that has not had it open.
    await discardEnvironment(config.path)
    for (const code of await readOnly(config.path, () => codes(config))) {
      expect(code).toMatch(/^STORAGE_UNAVAILABLE: .*\(EACCES\)\. Allow this process to read and write the folder/)
    }
    const store = await open(config)
    await store.set('key', 1)
  })

  test('a folder that cannot be made', async () => {
    const config = placeOfTest()
    mkdirSync(config.path)
    const inside = { ...config, path: join(config.path, 'store') }
    for (const code of await readOnly(config.path, () => codes(inside))) expect(code).toMatch(/^STORAGE_UNAVAILABLE/)
  })

  test('a file, a folder with something else in it, and a data file that is not one of LMDB or is empty of it', async () => {
    const file = placeOfTest()
    writeFileSync(file.path, 'a file')
    const folder = placeOfTest()
    mkdirSync(folder.path)
    writeFileSync(join(folder.path, 'notes.txt'), 'a note')
    const garbage = placeOfTest()
    mkdirSync(garbage.path)
    writeFileSync(join(garbage.path, 'data.mdb'), 'garbage '.repeat(2000))
    for (const config of [file, folder, garbage]) {
      for (const code of await codes(config)) expect(code).toMatch(/^UNSUPPORTED_LAYOUT: .*Use another place/)
      expect(await storeExists(config)).toBe(false)
      await deleteStore(config)
    }
    expect(readdirSync(folder.path)).toEqual(['notes.txt'])
    expect(readdirSync(garbage.path)).toEqual(['data.mdb'])
    const empty = placeOfTest()
    mkdirSync(empty.path)
    writeFileSync(join(empty.path, 'data.mdb'), '')
    await (await open(empty)).set('key', 1)
  })

  test('an LMDB environment of somebody else', async () => {
    const config = placeOfTest()
    mkdirSync(config.path)
    const theirs = openEnvironment(config.path)
    theirs.transactionSync(() => void theirs.put('theirs', new Uint8Array([1])))
    await theirs.close()
    for (const code of await codes(config)) expect(code).toMatch(/^UNSUPPORTED_LAYOUT/)
    await deleteStore(config)
    expect(readdirSync(config.path)).toContain('data.mdb')
  })

  test('a driver that is not installed', async () => {
    const output = await runWithoutDrivers(`
      import { connectStore } from './dist/node.js'
      import './dist/backends/lmdb.js'
      const config = { backend: 'lmdb', id: crypto.randomUUID(), path: './store' }
      const report = ({ code, message }) => console.log(code + ': ' + message)
      await connectStore(config).catch(report)
      try { connectStore(config, { sync: true }) } catch (error) { report(error) }
    `)
    const line =
      'MISSING_DRIVER: The driver lmdb is not installed, or does not run on this platform. Install it: npm install lmdb'
    expect(output.split('\n')).toEqual([line, line])
  })
})

test('deleteStore takes its own files, and the folder if nothing else is in it', async () => {
  const alone = placeOfTest()
  await releaseStore(alone, await connectStore(alone))
  await deleteStore(alone)
  expect(() => readdirSync(alone.path)).toThrow(/ENOENT/)
  const shared = placeOfTest()
  await releaseStore(shared, await connectStore(shared))
  writeFileSync(join(shared.path, 'notes.txt'), 'a note')
  deleteStore(shared, { sync: true })
  expect(readdirSync(shared.path)).toEqual(['notes.txt'])
})
