import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FileSystem, nodeFileSystems } from '../../src/backends/file-system.ts'
import { KonserveError, type Store, type StoreConfig, connectStore, releaseStore } from '../../src/node.ts'

/*
 * Every call of node:fs that a write makes fails once, one run each: the write is then as if it had never been, or is
 * acknowledged. A disk that stays full, and values that cannot be stored, leave nothing either.
 */

type Options = { readonly sync?: boolean }

interface Write {
  readonly name: string
  readonly keys: readonly string[]
  run(store: Store, options: Options): unknown
}

const LARGE = new Uint8Array(3 << 20).map((_, i) => i)
const TWO_CHUNKS = LARGE.subarray(0, 1_100_000)
const QUICK = { durability: 'relaxed' } as const
const MODES = { async: {}, sync: { sync: true } } as const

const writes: Write[] = [
  { name: 'set of a new key', keys: ['new'], run: (store, options) => store.set('new', 'value', options) },
  { name: 'set of an existing key', keys: ['old'], run: (store, options) => store.set('old', 'value', options) },
  { name: 'set over a log', keys: ['log'], run: (store, options) => store.set('log', 'value', options) },
  { name: 'set over a large binary', keys: ['large'], run: (store, options) => store.set('large', 'value', options) },
  { name: 'update of a new key', keys: ['new'], run: (store, options) => store.update('new', () => 'value', options) },
  {
    name: 'update of an existing key',
    keys: ['old'],
    run: (store, options) => store.update('old', () => 'value', options),
  },
  {
    name: 'setBinary, small',
    keys: ['new'],
    run: (store, options) => store.setBinary('new', LARGE.subarray(0, 99), options),
  },
  { name: 'setBinary, in chunks', keys: ['new'], run: (store, options) => store.setBinary('new', LARGE, options) },
  {
    name: 'setBinary, in chunks from a stream',
    keys: ['new'],
    run: (store, options) => store.setBinary('new', pieces(), options),
  },
  {
    name: 'setBinary over a large binary',
    keys: ['large'],
    run: (store, options) => store.setBinary('large', LARGE.slice(0, 1_100_001), options),
  },
  { name: 'append to a new log', keys: ['new'], run: (store, options) => store.append('new', 'element', options) },
  { name: 'append to a log', keys: ['log'], run: (store, options) => store.append('log', 'element', options) },
  { name: 'delete', keys: ['old'], run: (store, options) => store.delete('old', options) },
  { name: 'delete of a log', keys: ['log'], run: (store, options) => store.delete('log', options) },
  { name: 'delete of a large binary', keys: ['large'], run: (store, options) => store.delete('large', options) },
]

/** What another errno than ENOSPC is tried with: which calls a write makes does not depend on it. */
const FEW = new Set(['set of a new key', 'update of an existing key', 'setBinary, small', 'append to a log'])
const FAULTS = [
  { errno: 'ENOSPC', code: 'QUOTA_EXCEEDED', tried: writes },
  { errno: 'EIO', code: 'STORAGE_UNAVAILABLE', tried: writes.filter(({ name }) => FEW.has(name)) },
]

/** A write of several keys goes in order, so that what failed leaves the keys before it written. */
const setMany: Write = {
  name: 'setMany',
  keys: ['a', 'b', 'old'],
  run: (store, options) =>
    store.setMany(
      ['a', 'b', 'old'].map((key) => [key, 'value'] as const),
      options,
    ),
}

let path: string
let config: StoreConfig
let store: Store
const reported: unknown[] = []

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'konserve-failed-writes-'))
  config = { backend: 'file', id: crypto.randomUUID(), path }
  reported.length = 0
})
afterEach(async () => {
  await releaseStore(config, store)
  rmSync(path, { recursive: true, force: true })
})

describe.each(Object.entries(MODES))('%s', (mode, options) => {
  describe.each(FAULTS)('a call of node:fs that fails with $errno', ({ errno, code, tried }) => {
    test.each(tried)(
      'in $name leaves all as it was, or the write is acknowledged and whole',
      async ({ keys, run }) => {
        const calls: string[] = []
        let failures = 0
        await fresh()
        for (let nth = 0; ; nth++) {
          const files = contents()
          const before = await states(keys)
          const faults = injectFaults(mode, errno, (call) => call === nth)
          const error = await outcome(() => run(store, options))
          const [failed] = faults.end()
          if (failed === undefined) {
            expect(error).toBeUndefined()
            break
          }
          calls.push(failed)
          if (error === undefined) {
            // Cleaning up behind a write that has landed: what stays is collected by a later process.
            expect(await states(keys)).not.toEqual(before)
            expect(entriesOf(contents())).toEqual(expect.arrayContaining(keptOf(files, keys)))
            await usable()
            await releaseStore(config, store)
            await fresh()
          } else {
            failures++
            expect(error, failed).toBeInstanceOf(KonserveError)
            expect(error, failed).toMatchObject({ code, key: keys[0] })
            expect(await states(keys), failed).toEqual(before)
            expect([...contents().keys()], `after ${failed} failed, call ${nth}`).toEqual([...files.keys()])
            expect(isDeepStrictEqual(contents(), files), failed).toBe(true)
            await usable()
          }
        }
        expect(calls.length).toBeGreaterThanOrEqual(5)
        expect(failures).toBeGreaterThanOrEqual(4)
      },
      120_000,
    )

    test('in setMany leaves what came before it, and of the key itself nothing', async () => {
      let failures = 0
      for (let nth = 0; ; nth++) {
        await fresh()
        const old = await states(setMany.keys)
        const faults = injectFaults(mode, errno, (call) => call === nth)
        const error = await outcome(() => setMany.run(store, options))
        const [failed] = faults.end()
        if (failed === undefined) break
        const now = await states(setMany.keys)
        const written = now.filter((state) => state === 'value').length
        if (error !== undefined) {
          failures++
          expect(error).toMatchObject({ code })
          expect(now).toEqual([...Array.from({ length: written }, () => 'value'), ...old.slice(written)])
          expect(written, failed).toBeLessThan(3)
          const expected = [...old.keys()].filter((i) => i < written).map((i) => `s${setMany.keys[i]!}`)
          expect([...contents().keys()].filter((file) => file.startsWith('s')).sort()).toEqual(
            [...new Set(['sold', 'slog', 'slarge', ...expected])].sort(),
          )
          expect([...contents().keys()].filter((file) => file.startsWith('.'))).toEqual([])
        }
        await usable()
        await releaseStore(config, store)
      }
      expect(failures).toBeGreaterThanOrEqual(12)
    }, 120_000)
  })

  test.each([...writes.filter(({ name }) => !name.startsWith('delete')), setMany])(
    '$name on a disk that stays full leaves all as it was',
    async ({ keys, run }) => {
      await fresh()
      const files = contents()
      const before = await states(keys)
      const faults = injectFaults(mode, 'ENOSPC', (_, call) => call === 'write' || call === 'fsync')
      const error = await outcome(() => run(store, options))
      expect(faults.end().length).toBeGreaterThan(0)
      expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED' })
      expect(await states(keys)).toEqual(before)
      expect([...contents().keys()]).toEqual([...files.keys()])
      expect(isDeepStrictEqual(contents(), files)).toBe(true)
      await usable()
    },
  )

  test('a value that cannot be stored, and an update that throws, leave no file', async () => {
    await fresh()
    const files = contents()
    const thrown = new Error('thrown')
    const bad: [unknown, () => unknown][] = [
      ['UNSERIALIZABLE_VALUE', () => store.set('new', { f: () => 1 }, options)],
      ['UNSERIALIZABLE_VALUE', () => store.set('old', { f: Symbol('s') }, options)],
      ['UNSERIALIZABLE_VALUE', () => store.set('new', 1, { ...options, meta: { f: () => 1 } })],
      ['UNSERIALIZABLE_VALUE', () => store.update('new', () => [() => 1], options)],
      ['UNSERIALIZABLE_VALUE', () => store.append('new', new WeakMap(), options)],
      ['UNSERIALIZABLE_VALUE', () => store.append('log', new WeakMap(), options)],
      [
        'UNSERIALIZABLE_VALUE',
        () =>
          store.setMany(
            [
              ['new', 1],
              ['other', () => 1],
            ],
            options,
          ),
      ],
      [undefined, () => store.update('new', () => fail(thrown), options)],
      [undefined, () => store.update('old', () => fail(thrown), options)],
    ]
    for (const [code, run] of bad) {
      const error = await outcome(run)
      if (code === undefined) expect(error).toBe(thrown)
      else expect(error).toMatchObject({ code })
      expect(await store.has('new')).toBe(false)
      expect(await store.has('other')).toBe(false)
      expect(await store.get('old')).toBe('old')
      expect(await store.log('log')).toEqual([1, 2])
      expect([...contents().keys()]).toEqual([...files.keys()])
      expect(isDeepStrictEqual(contents(), files)).toBe(true)
    }
    await usable()
  })
})

/** A store with an entry of each kind, opened anew. */
async function fresh(): Promise<void> {
  rmSync(path, { recursive: true, force: true })
  config = { backend: 'file', id: crypto.randomUUID(), path }
  store = await connectStore(config, { onError: (error) => reported.push(error) })
  await store.set('old', 'old', QUICK)
  await store.append('log', 1, QUICK)
  await store.append('log', 2, QUICK)
  await store.setBinary('large', TWO_CHUNKS, QUICK)
}

/** What each key holds; `false` for one that is not there. */
async function states(keys: readonly string[]): Promise<unknown[]> {
  const found: unknown[] = []
  for (const key of keys) {
    const meta = await store.getMeta(key)
    expect(await store.has(key)).toBe(meta !== undefined)
    if (meta === undefined) found.push(false)
    else if (meta.type === 'log') found.push(await store.log(key))
    else if (meta.type === 'binary') found.push(await store.getBinary(key, (binary) => binary.size))
    else found.push(await store.get(key))
  }
  return found
}

/** Later writes work, in both modes. */
async function usable(): Promise<void> {
  await store.set('later', 1, QUICK)
  expect(await store.update('later', (n: number) => n + 1, QUICK)).toEqual([1, 2])
  store.set('later', 3, { sync: true })
  expect(await store.get('later')).toBe(3)
}

/** The files of the folder, byte for byte. */
function contents(): Map<string, string> {
  return new Map(
    readdirSync(path)
      .sort()
      .map((file) => [file, readFileSync(join(path, file), 'latin1')]),
  )
}

function entriesOf(files: ReadonlyMap<string, string>): string[] {
  return [...files.keys()].filter((file) => file.startsWith('s'))
}

/** The entries that a write of `keys` has nothing to do with. */
function keptOf(files: ReadonlyMap<string, string>, keys: readonly string[]): string[] {
  return entriesOf(files).filter((file) => !keys.includes(file.slice(1)))
}

/** Make the calls of node:fs for which `fails` says so fail with `errno`. `end` answers with the names of those that did. */
function injectFaults(
  mode: string,
  errno: string,
  fails: (index: number, call: keyof FileSystem) => boolean,
): { end(): string[] } {
  const files = nodeFileSystems[mode as 'sync' | 'async']
  const real = { ...files }
  const failed: string[] = []
  let index = 0
  for (const call of Object.keys(real) as (keyof FileSystem)[]) {
    const original = real[call] as (...args: unknown[]) => unknown
    const faulty = (...args: unknown[]): unknown => {
      if (!fails(index++, call)) return original(...args)
      failed.push(call)
      const error = Object.assign(new Error(`${errno}: injected, ${call}`), { code: errno, syscall: call })
      // A close that reports an error has closed the file all the same.
      const closed = call === 'close' ? original(...args) : undefined
      return mode === 'sync' ? fail(error) : Promise.resolve(closed).then(() => fail(error))
    }
    Object.assign(files, { [call]: faulty })
  }
  return {
    end() {
      Object.assign(files, real)
      return failed
    },
  }
}

/** What `run` fails with. */
async function outcome(run: () => unknown): Promise<unknown> {
  try {
    await run()
  } catch (error) {
    return error
  }
  return undefined
}

function* pieces(): Generator<Uint8Array> {
  for (let i = 0; i < 13; i++) yield LARGE.subarray(i * 90_000, (i + 1) * 90_000)
}

function fail(error: unknown): never {
  throw error
}
