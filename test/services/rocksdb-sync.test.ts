import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import '../../src/backends/rocksdb.ts'
import { openDatabase } from '../../src/backends/rocksdb-database.ts'
import { releaseDatabase, takeDatabase } from '../../src/backends/rocksdb-shared.ts'
import { realPath } from '../../src/backends/folder.ts'
import type { PromiseOrValue } from '../../src/base/promise-or-value.ts'
import { type StoreConfig, connectStore, createStore, deleteStore, releaseStore, storeExists } from '../../src/node.ts'
import { ended, firstOutput, startChild } from '../proofs/processes.ts'
import { open, placesOf } from './folders.ts'

/* What RocksDB does at once, though its driver opens and closes a database only later. */

const engines = fileURLToPath(new URL('../proofs/children/engines.mjs', import.meta.url))

const { placeOfTest } = placesOf('rocksdb')
const now = { sync: true } as const
const busy: unknown = expect.objectContaining({ code: 'BUSY' })

/** What another process prints that has the store's functions and its config. This one waits, and does nothing else. */
function inProcess(config: StoreConfig, program: string, flags: readonly string[] = []): string {
  const head = `import { connectStore } from ${JSON.stringify(engines)}; const config = ${JSON.stringify(config)};`
  const { stdout, stderr, status } = spawnSync(execPath, [...flags, '--input-type=module', '-e', head + program], {
    timeout: 30_000,
  })
  expect(String(stderr)).toBe('')
  expect(status).toBe(0)
  return String(stdout).trim()
}

function calls(config: StoreConfig): (() => unknown)[] {
  return [connectStore, storeExists, deleteStore].map((call: (config: StoreConfig, opts: typeof now) => unknown) => {
    return () => call(config, now)
  })
}

/** Somebody else in this process who needs the database for a moment, as `storeExists` does. */
function another({
  path,
}: {
  readonly path: string
}): Readonly<Record<'take' | 'release', () => PromiseOrValue<unknown>>> {
  const place = realPath(path)
  const context = { sync: false, onError: () => undefined }
  return {
    take: () => takeDatabase(place, { compression: true }, context),
    release: () => releaseDatabase(place, context, undefined),
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

test('one opened by await can be released, deleted and made again at once, and nothing is written behind that', async () => {
  const config = placeOfTest()
  const store = await connectStore(config)
  await store.set('key', 'first')
  releaseStore(config, store, now)
  const again = connectStore(config, { ...now, create: false })
  expect(again.get('key', now)).toBe('first')
  releaseStore(config, again, now)
  deleteStore(config, now)
  expect(existsSync(config.path)).toBe(false)
  const other = createStore(config, now)
  expect([...other.keys(now)]).toEqual([])
  deleteStore(config, now)
  expect(existsSync(config.path)).toBe(false)
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(existsSync(config.path)).toBe(false)
})

test('one opened at once can be released and deleted by await, and opened again either way', async () => {
  const config = placeOfTest()
  const store = createStore(config, now)
  await store.set('key', 1)
  await releaseStore(config, store)
  const again = connectStore(config, now)
  await again.set('other', 2)
  releaseStore(config, again, now)
  expect(await (await open(config)).getMany(['key', 'other'])).toEqual(
    new Map([
      ['key', 1],
      ['other', 2],
    ]),
  )
  await deleteStore(config)
  expect(existsSync(config.path)).toBe(false)
})

test('after a synchronous release another process gets in at once, and before it none', async () => {
  const config = placeOfTest()
  const read = `console.log(await (await connectStore(config)).get('key').catch(String))`
  const tried = `await connectStore(config).catch(({ code }) => console.log(code))`
  for (const opened of [() => connectStore(config), () => connectStore(config, now)]) {
    const store = await opened()
    store.set('key', 'here', now)
    expect(inProcess(config, tried)).toBe('STORAGE_UNAVAILABLE')
    releaseStore(config, store, now)
    expect(inProcess(config, read)).toBe('here')
  }
})

test('a process may end without a release, and what it wrote is there', () => {
  const config = placeOfTest({ durability: 'relaxed' })
  const write = `
    const store = connectStore(config, { sync: true })
    store.set('key', 'there', { sync: true })
    for (let i = 0; i < 100; i++) void store.get('key')
    console.log(store.get('key', { sync: true }))`
  expect(inProcess(config, write)).toBe('there')
  expect(inProcess(config, `${write}; process.exit()`)).toBe('there')
  const store = connectStore(config, now)
  expect(store.get('key', now)).toBe('there')
  deleteStore(config, now)
})

test('calls of both kinds see what the other wrote, of entries, batches and listings', async () => {
  const store = await open(placeOfTest())
  for (let i = 0; i < 50; i++) {
    await store.set('key', i)
    expect(store.update('key', (n) => Number(n) + 0.5, now)).toEqual([i, i + 0.5])
    expect(await store.get('key')).toBe(i + 0.5)
  }
  const several = [
    ['a', 1],
    ['b', 2],
  ] as const
  await store.setMany(several)
  expect([...store.keys(now)]).toEqual(['a', 'b', 'key'])
  store.deleteMany(['a', 'key'], now)
  expect(await store.entries().toArray()).toEqual([['b', 2]])
  const pending = store.set('b', 3)
  expect(() => store.get('b', now)).toThrow(busy)
  store.set('c', 4, now)
  await pending
  store.flush(now)
  expect(store.getMany(['b', 'c'], now)).toEqual(
    new Map([
      ['b', 3],
      ['c', 4],
    ]),
  )
})

test('the database stays open until its last handle is released, whichever kind that is', async () => {
  const config = placeOfTest()
  const first = connectStore(config, now)
  const second = await connectStore(config)
  releaseStore(config, first, now)
  await second.set('key', 1)
  expect(second.get('key', now)).toBe(1)
  const third = connectStore(config, now)
  await releaseStore(config, second)
  expect(third.get('key', now)).toBe(1)
  releaseStore(config, third, now)
  expect(storeExists(config, now)).toBe(true)
})

test('a synchronous call that meets an asynchronous opening or closing is BUSY, and does no harm', async () => {
  const config = placeOfTest()
  await releaseStore(config, await connectStore(config))
  const { take, release } = another(config)
  const taken = take()
  for (const call of calls(config)) expect(call).toThrow(busy)
  await taken
  const store = connectStore(config, now)
  store.set('key', 1, now)
  releaseStore(config, store, now)
  const released = release()
  for (const call of calls(config)) expect(call).toThrow(busy)
  await released
  expect(connectStore(config, now).get('key', now)).toBe(1)
  deleteStore(config, now)
  expect(existsSync(config.path)).toBe(false)
})

test('deleteStore does not take the files from under an asynchronous call', async () => {
  const config = placeOfTest()
  const store = await connectStore(config)
  store.set('key', 1, now)
  const { take, release } = another(config)
  await take()
  expect(() => deleteStore(config, now)).toThrow(busy)
  expect(readdirSync(config.path)).toEqual(expect.arrayContaining(['CURRENT', 'KONSERVE']))
  expect(readdirSync(config.path)).not.toContain('KONSERVE-REMOVED')
  await release()
  const again = connectStore(config, now)
  expect(again.get('key', now)).toBe(1)
  deleteStore(config, now)
  expect(existsSync(config.path)).toBe(false)
})

test('a removal of chunks that nobody waits for is not cut off by a synchronous release', async () => {
  const errors: unknown[] = []
  const config = placeOfTest({ opts: { onError: (error) => void errors.push(error) } })
  const store = await connectStore(config)
  await store.setBinary('binary', new Uint8Array(5 << 20))
  await store.getBinary('binary', async (binary) => {
    await store.set('binary', 'replaced')
    return binary.size
  })
  releaseStore(config, store, now)
  for (const call of calls(config)) expect(call).toThrow(busy)
  const again = await connectStore(config)
  expect(again.get('binary', now)).toBe('replaced')
  releaseStore(config, again, now)
  deleteStore(config, now)
  expect(existsSync(config.path)).toBe(false)
})

test('one that another process has open cannot be opened at once, and is not opened later either', async () => {
  const config = placeOfTest()
  releaseStore(config, connectStore(config, now), now)
  const child = startChild('busy', engines, JSON.stringify(config))
  await firstOutput(child)
  for (const call of calls(config)) {
    expect(call).toThrow(/Another process has this store open.*release it there/)
  }
  child.kill('SIGKILL')
  // No turn of the event loop passes until the other one is gone.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  await ended(child)
  await turns(20)
  const store = connectStore(config, now)
  expect(store.get('key', now)).toMatch(/^x+\d+$/)
  deleteStore(config, now)
})

test('a closed database refuses calls of both kinds, and the driver keeps nothing of what was written', async () => {
  const { RocksLevel } = createRequire(import.meta.url)('@nxtedition/rocksdb') as {
    RocksLevel: { prototype: Record<'attachResource' | 'detachResource', (resource: unknown) => void> }
  }
  const made = vi.spyOn(RocksLevel.prototype, 'attachResource')
  const gone = vi.spyOn(RocksLevel.prototype, 'detachResource')
  const database = await openDatabase(placeOfTest().path, { compression: true })
  const write = (size: number): void =>
    database.write([{ type: 'put', key: 'key', value: new Uint8Array(size) }], { sync: false })
  for (let i = 0; i < 100; i++) write(1000)
  write(20 << 20)
  write(1)
  await turns(2)
  const [level] = made.mock.contexts
  const [kept, freed] = [made, gone].map(({ mock }) => mock.contexts.filter((each) => each === level).length)
  expect(kept! - freed!).toBe(1)
  const rows = database.iterate({ lt: '~', reverse: false, values: true })
  expect(rows.next(1, { sync: true })).toHaveLength(1)
  database.closeNow(() => undefined)
  for (const call of [
    () => database.getMany(['key'], { sync: true }),
    () => database.getMany(['key'], { sync: false }),
    () => rows.next(1, { sync: true }),
    () => write(1),
  ]) {
    expect(call).toThrow('Database is not open')
  }
  vi.restoreAllMocks()
})

test.each(['--max-old-space-size=300', '--expose-gc'])('a process with %s makes synchronous calls, too', (flag) => {
  const config = placeOfTest()
  const program = 'console.log(connectStore(config, { sync: true }).get("none", { sync: true }))'
  expect(inProcess(config, program, [flag])).toBe('undefined')
  const file = `${config.path}.mjs`
  const head = `import { connectStore } from ${JSON.stringify(engines)}; const config = ${JSON.stringify(config)};`
  writeFileSync(file, head + program)
  const { stdout, stderr } = spawnSync(execPath, [flag, file], { timeout: 30_000 })
  expect([String(stdout).trim(), String(stderr)]).toEqual(['undefined', ''])
})
