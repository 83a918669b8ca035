import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { BlobBackend, Call } from '../../src/base/backend.ts'
import { ConflictError, QuotaExceededError, StorageUnavailableError } from '../../src/base/errors.ts'
import { fileBlobs } from '../../src/backends/file-blobs.ts'
import { type FileSystem, type FileSystems, nodeFileSystems } from '../../src/backends/file-system.ts'
import { isTempName } from '../../src/backends/file-temp.ts'
import { encodeFrame, frameVersion } from '../../src/codec/frame.ts'

const SYNC: Call = { sync: true }
const ASYNC: Call = { sync: false }

let path: string
beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'file-blobs-'))
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

describe.each([
  ['sync', SYNC],
  ['async', ASYNC],
])('file blobs, %s', (_, call) => {
  test('are read as they were written, whole, in part and many at once', async () => {
    const blobs = fileBlobs(path)
    for (const size of [20, 100, 4095, 4096, 4097, 100_000]) {
      const bytes = frame(size)
      const version = await blobs.put(`s${size}`, bytes, {}, call)
      expect(version).toBe(frameVersion(bytes))
      expect(await blobs.get(`s${size}`, {}, call)).toEqual({ bytes, version })
      for (const [start, end] of [
        [0, 10],
        [0, 20],
        [5, 30],
        [size - 1, size + 100],
        [size + 5, size + 9],
      ] as const) {
        const part = await blobs.get(`s${size}`, { range: { start, end } }, call)
        expect(part).toEqual({ bytes: bytes.slice(start, end), version })
      }
      expect(readFileSync(join(path, `s${size}`)).equals(bytes)).toBe(true)
    }
    const many = await blobs.getMany!(['s100', 'snone', 's4097', 's100'], call)
    expect(many.map((blob) => blob?.bytes.length)).toEqual([100, undefined, 4097, 100])
    const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
    expect(await blobs.getMany!(names, call)).toEqual(names.map(() => undefined))
  })

  test('that are missing are undefined, and deleting them answers false', async () => {
    const blobs = fileBlobs(path)
    expect(await blobs.get('sa', {}, call)).toBeUndefined()
    expect(await blobs.delete('sa', {}, call)).toBe(false)
    await blobs.put('sa', frame(30), {}, call)
    expect(await blobs.delete('sa', {}, call)).toBe(true)
    expect(await blobs.get('sa', {}, call)).toBeUndefined()
    expect(readdirSync(path)).toEqual([])
  })

  test.each(['strict', 'relaxed'] as const)('replace and leave no other file behind (%s)', async (durability) => {
    const blobs = fileBlobs(path, { durability })
    for (let i = 0; i < 5; i++) await blobs.put('sa', frame(30, i), {}, call)
    expect((await blobs.get('sa', {}, call))!.bytes).toEqual(frame(30, 4))
    expect(readdirSync(path)).toEqual(['sa'])
  })

  test.each(['strict', 'relaxed'] as const)('honour the expected version (%s)', async (durability) => {
    const blobs = fileBlobs(path, { durability })
    const first = await blobs.put('sa', frame(30, 1), { ifVersion: null }, call)
    await expect(run(() => blobs.put('sa', frame(30, 2), { ifVersion: null }, call))).rejects.toThrow(ConflictError)
    await expect(run(() => blobs.put('sa', frame(30, 2), { ifVersion: 'other' }, call))).rejects.toThrow(ConflictError)
    await expect(run(() => blobs.put('sb', frame(30, 2), { ifVersion: first }, call))).rejects.toThrow(ConflictError)
    const second = await blobs.put('sa', frame(30, 2), { ifVersion: first }, call)
    await expect(run(() => blobs.delete('sa', { ifVersion: first }, call))).rejects.toThrow(ConflictError)
    await expect(run(() => blobs.delete('sa', { ifVersion: null }, call))).rejects.toThrow(ConflictError)
    expect(readdirSync(path)).toEqual(['sa'])
    expect(await blobs.delete('sa', { ifVersion: second }, call)).toBe(true)
  })

  test('can be created exclusively where there are no links', async () => {
    const blobs = fileBlobs(path, { fs: failing((name) => (name === 'link' ? 'EPERM' : undefined)) })
    await blobs.put('sa', frame(30, 1), { ifVersion: null }, call)
    await expect(run(() => blobs.put('sa', frame(30, 2), { ifVersion: null }, call))).rejects.toThrow(ConflictError)
    await blobs.put('sb', frame(30, 3), {}, call)
    await blobs.put('sb', frame(30, 4), {}, call)
    expect((await blobs.get('sa', {}, call))!.bytes).toEqual(frame(30, 1))
    expect((await blobs.get('sb', {}, call))!.bytes).toEqual(frame(30, 4))
    expect(readdirSync(path).sort()).toEqual(['sa', 'sb'])
  })

  test('are whole though the system reads and writes a few bytes at a time', async () => {
    const sliced = (files: FileSystem): FileSystem => ({
      ...files,
      read: (file, bytes, offset, position) => files.read(file, bytes.subarray(0, offset + 7), offset, position),
      write: (file, bytes, offset) => files.write(file, bytes.subarray(0, offset + 7), offset),
    })
    const blobs = fileBlobs(path, { fs: { sync: sliced(nodeFileSystems.sync), async: sliced(nodeFileSystems.async) } })
    await blobs.put('sa', frame(5000), {}, call)
    expect((await blobs.get('sa', {}, call))!.bytes).toEqual(frame(5000))
  })

  const EXPECTED = { ENOSPC: QuotaExceededError, EIO: StorageUnavailableError, EACCES: StorageUnavailableError }
  const conditions = [{}, { ifVersion: null }, { ifVersion: frameVersion(frame(40, 1)) }]
  test.each(
    (['strict', 'relaxed'] as const).flatMap((durability) =>
      Object.keys(EXPECTED).map((errno) => [errno, durability] as [keyof typeof EXPECTED, typeof durability]),
    ),
  )(
    'stay as they were, without another file, when any call of a write fails with %s (%s)',
    async (errno, durability) => {
      for (const condition of conditions) {
        for (const old of condition.ifVersion === null
          ? [undefined]
          : condition.ifVersion
            ? [frame(40, 1)]
            : [undefined, frame(40, 1)]) {
          let faults = 0
          for (let nth = 0; ; nth++) {
            if (old) writeFileSync(join(path, 'sa'), old)
            const fault = failNth(nth, errno)
            const blobs = fileBlobs(path, { durability, fs: fault.fs })
            const error = await run(() => blobs.put('sa', frame(50, 2), condition, call)).then(
              () => undefined,
              (e: unknown) => e,
            )
            const files = readdirSync(path).filter((file) => !isTempName(file) || error !== undefined)
            const now = files.includes('sa') ? new Uint8Array(readFileSync(join(path, 'sa'))) : undefined
            if (error === undefined) {
              expect(now).toEqual(frame(50, 2))
            } else {
              faults++
              expect(error, fault.failed()).toBeInstanceOf(EXPECTED[errno])
              expect((error as Error).message).toContain(path)
              expect((error as Error).cause).toMatchObject({ code: errno })
              expect(now, fault.failed()).toEqual(old)
              expect(files, fault.failed()).toEqual(old ? ['sa'] : [])
            }
            for (const file of readdirSync(path)) rmSync(join(path, file))
            if (fault.failed() === undefined) break
          }
          expect(faults).toBeGreaterThanOrEqual(durability === 'strict' ? 7 : 3)
        }
      }
    },
  )

  test('stay when a call of a delete fails', async () => {
    for (let nth = 0; ; nth++) {
      writeFileSync(join(path, 'sa'), frame(40, 1))
      const fault = failNth(nth, 'EIO')
      const blobs = fileBlobs(path, { fs: fault.fs })
      const deleted = await run(() => blobs.delete('sa', {}, call)).catch((error: unknown) => error)
      if (deleted === true) expect(readdirSync(path)).not.toContain('sa')
      else {
        expect(deleted).toBeInstanceOf(StorageUnavailableError)
        expect(readdirSync(path)).toEqual(['sa'])
      }
      for (const file of readdirSync(path)) rmSync(join(path, file))
      if (fault.failed() === undefined) break
    }
  })

  test('cannot be written into a folder that is gone', async () => {
    const blobs = fileBlobs(path)
    rmSync(path, { recursive: true })
    await expect(run(() => blobs.put('sa', frame(30), {}, call))).rejects.toThrow(StorageUnavailableError)
    await expect(run(() => blobs.list({}, call))).rejects.toThrow(StorageUnavailableError)
  })

  test('reach the device under strict, the file before it gets its name and the folder after, and under relaxed with a flush', async () => {
    const { fs, calls } = recording()
    const strict = fileBlobs(path, { fs })
    await strict.put('sa', frame(30), {}, call)
    const sequence = calls.filter(([name]) => name === 'fsync' || name === 'rename')
    expect(sequence.map(([name, what]) => (name === 'fsync' && what === path ? 'fsync folder' : name))).toEqual([
      'fsync',
      'rename',
      'fsync folder',
    ])
    calls.length = 0
    const relaxed = fileBlobs(path, { fs, durability: 'relaxed' })
    await relaxed.put('sb', frame(30), {}, call)
    await relaxed.put('sc', frame(30), {}, call)
    await relaxed.delete('sc', {}, call)
    expect(calls.some(([name]) => name === 'fsync')).toBe(false)
    await relaxed.flush!(call)
    expect(calls.filter(([name]) => name === 'fsync').map(([, what]) => what)).toEqual([join(path, 'sb'), path])
    calls.length = 0
    await relaxed.put('sb', frame(30), {}, { ...call, durability: 'strict' })
    expect(calls.filter(([name]) => name === 'fsync')).toHaveLength(2)
    await strict.put('sb', frame(30), {}, { ...call, durability: 'relaxed' })
    expect(calls.filter(([name]) => name === 'fsync')).toHaveLength(2)
  })
})

describe('file blobs', () => {
  test('answer sync calls with the value itself', () => {
    const blobs = fileBlobs(path)
    expect(typeof blobs.put('sa', frame(30), {}, SYNC)).toBe('string')
    expect(blobs.get('sa', {}, SYNC)).toHaveProperty('bytes')
    expect(blobs.getMany!(['sa'], SYNC)).toHaveLength(1)
    expect(blobs.list({}, SYNC)).toEqual({ names: ['sa'] })
    expect(blobs.flush!(SYNC)).toBeUndefined()
    expect(blobs.delete('sa', {}, SYNC)).toBe(true)
  })

  test('created by 16 at once have one winner', async () => {
    const attempts = Array.from({ length: 16 }, (_, i) =>
      run(() => fileBlobs(path).put('~d', frame(30, i), { ifVersion: null }, ASYNC)),
    )
    const results = await Promise.allSettled(attempts)
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConflictError)
    expect(readdirSync(path)).toEqual(['~d'])
  })

  test('written at once share the fsync of the folder, each one that started after its rename', async () => {
    const { fs, calls } = recording()
    const blobs = fileBlobs(path, { fs })
    await Promise.all(
      Array.from({ length: 32 }, async (_, i) => {
        await blobs.put(`s${i}`, frame(30, i), {}, ASYNC)
        const renamed = calls.findIndex(([name, , to]) => name === 'rename' && to === join(path, `s${i}`))
        const synced = calls.findIndex(([name, what], at) => at > renamed && name === 'fsync' && what === path)
        expect(renamed).toBeGreaterThanOrEqual(0)
        expect(synced).toBeGreaterThan(renamed)
      }),
    )
    const syncs = calls.filter(([name, what]) => name === 'fsync' && what === path).length
    expect(syncs).toBeGreaterThanOrEqual(1)
    expect(syncs).toBeLessThan(20)
  })

  test('of which a folder fsync fails are all taken back', async () => {
    const blobs = fileBlobs(path, {
      fs: failing((name, [file]) => (name === 'open' && file === path ? 'EIO' : undefined)),
    })
    writeFileSync(join(path, 's0'), frame(30, 99))
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, (_, i) => blobs.put(`s${i}`, frame(30, i), {}, ASYNC)),
    )
    expect(results.every(({ status }) => status === 'rejected')).toBe(true)
    expect(readdirSync(path)).toEqual(['s0'])
    expect(new Uint8Array(readFileSync(join(path, 's0')))).toEqual(frame(30, 99))
  })
})

describe('a listing of files', () => {
  const names = Array.from({ length: 2500 }, (_, i) => `s${String(i).padStart(4, '0')}`)

  test('has the names in byte order, page by page, and leaves out what is no name', async () => {
    for (const name of [...names].reverse()) writeFileSync(join(path, name), '')
    for (const foreign of ['.tmp-1-2-abc', 'README.md', 'Sa', 'lost+found']) writeFileSync(join(path, foreign), '')
    const blobs = fileBlobs(path)
    expect((await blobs.list({}, ASYNC)).names).toHaveLength(1000)
    expect(await collect(blobs, {})).toEqual(names)
    expect(await collect(blobs, { limit: 7, prefix: 's01' })).toEqual(names.slice(100, 200))
    expect(await collect(blobs, { reverse: true, limit: 1000 })).toEqual([...names].reverse())
    expect(await collect(blobs, { prefix: 's01', reverse: true, limit: 33 })).toEqual(names.slice(100, 200).reverse())
    expect(await collect(blobs, { after: 's0100', prefix: 's01', limit: 33 })).toEqual(names.slice(101, 200))
    expect(await collect(blobs, { after: 's0100', prefix: 's01', reverse: true })).toEqual([])
    expect(await collect(blobs, { after: 's2', reverse: true })).toEqual(names.slice(0, 2000).reverse())
    expect(await collect(blobs, { prefix: 'x' })).toEqual([])
  })

  test('orders names of every first character by byte, ours last', async () => {
    const mixed = ['(', '(s', '(sa,s', 'cuo', 'n8000000000000000', 's', 's%41', 's-', 's0', 's_', 'sa', '~c0-1', '~d']
    for (const name of mixed) writeFileSync(join(path, name), '')
    expect(await collect(fileBlobs(path), { limit: 2 })).toEqual(mixed)
  })

  test('reads the folder once for all its pages', async () => {
    for (const name of names) writeFileSync(join(path, name), '')
    const { fs, calls } = recording()
    expect(await collect(fileBlobs(path, { fs }), { limit: 100 })).toEqual(names)
    expect(calls.filter(([name]) => name === 'readdir')).toHaveLength(1)
  })

  test('follows what this store writes and deletes between its pages', async () => {
    for (const name of names) writeFileSync(join(path, name), '')
    const blobs = fileBlobs(path, { durability: 'relaxed' })
    const first = await blobs.list({ limit: 10 }, ASYNC)
    await blobs.delete('s0011', {}, ASYNC)
    await blobs.delete('s0012', {}, ASYNC)
    await blobs.put('s0012', frame(30), {}, ASYNC)
    await blobs.put('s0013', frame(30), {}, ASYNC)
    expect((await blobs.list({ limit: 3, after: first.next }, ASYNC)).names).toEqual(['s0010', 's0012', 's0013'])
    await blobs.put('s00105', frame(30), {}, ASYNC)
    expect((await blobs.list({ limit: 3, after: first.next }, ASYNC)).names).toEqual(['s0010', 's00105', 's0012'])
  })

  test('that is new sees what another process wrote just now, whatever name it starts after', async () => {
    for (const name of names) writeFileSync(join(path, name), '')
    const blobs = fileBlobs(path)
    await blobs.list({ limit: 10 }, ASYNC)
    writeFileSync(join(path, 's00000'), '')
    writeFileSync(join(path, 's9'), '')
    expect((await blobs.list({ limit: 2 }, ASYNC)).names).toEqual(['s0000', 's00000'])
    expect((await blobs.list({ limit: 2, after: 's0000' }, ASYNC)).names).toEqual(['s00000', 's0001'])
    expect((await blobs.list({ limit: 1, reverse: true, after: '~' }, ASYNC)).names).toEqual(['s9'])
  })
})

/** A frame of `size` bytes, different for each `fill`. */
function frame(size: number, fill = 0): Uint8Array {
  return encodeFrame('sa', { serializer: 17, meta: new Uint8Array(0), value: new Uint8Array(size - 20).fill(fill) })
}

async function run<T>(fn: () => T | Promise<T>): Promise<T> {
  return fn()
}

async function collect(
  blobs: BlobBackend,
  options: { limit?: number; prefix?: string; after?: string; reverse?: boolean },
): Promise<string[]> {
  const names: string[] = []
  let after = options.after
  for (;;) {
    const page = await blobs.list({ ...options, after }, ASYNC)
    names.push(...page.names)
    if (page.next === undefined) return names
    after = page.next
  }
}

type Arguments = readonly unknown[]

/** Both file systems, each call first shown to `before`, which may answer with the errno to fail with. */
function failing(before: (name: string, given: Arguments) => string | undefined): FileSystems {
  const wrap = (files: FileSystem): FileSystem =>
    new Proxy(files, {
      get:
        (target, name: keyof FileSystem) =>
        (...given: Arguments) => {
          const errno = before(name, given)
          const fault = errno && Object.assign(new Error(`${errno}: injected`), { code: errno, syscall: name })
          if (fault && files === nodeFileSystems.async) return Promise.reject(fault)
          if (fault) throw fault
          return (target[name] as (...all: Arguments) => unknown)(...given)
        },
    })
  return { sync: wrap(nodeFileSystems.sync), async: wrap(nodeFileSystems.async) }
}

/** The nth call fails; with fewer calls than that, `failed` answers undefined. */
function failNth(nth: number, errno: string): { fs: FileSystems; failed: () => string | undefined } {
  let count = 0
  let failed: string | undefined
  const fs = failing((name) => {
    if (count++ !== nth) return undefined
    failed = `${name}, call ${nth}`
    return errno
  })
  return { fs, failed: () => failed }
}

/** Both file systems, and their calls as they start, open files by their path. */
function recording(): { fs: FileSystems; calls: [string, ...unknown[]][] } {
  const calls: [string, ...unknown[]][] = []
  const open = new Map<unknown, unknown>()
  const watch = (files: FileSystem): FileSystem =>
    new Proxy(files, {
      get:
        (target, name: keyof FileSystem) =>
        (...given: Arguments) => {
          calls.push([name, typeof given[0] === 'number' ? open.get(given[0]) : given[0], ...given.slice(1)])
          const result = (target[name] as (...all: Arguments) => unknown)(...given)
          if (name !== 'open') return result
          const remember = (file: unknown): unknown => (open.set(file, given[0]), file)
          return result instanceof Promise ? result.then(remember) : remember(result)
        },
    })
  return { fs: { sync: watch(nodeFileSystems.sync), async: watch(nodeFileSystems.async) }, calls }
}
