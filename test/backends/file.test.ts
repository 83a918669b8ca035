import { spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AnyConfig, type BackendDefinition, type OpenContext, findBackend } from '../../src/base/backend.ts'
import {
  StorageUnavailableError,
  StoreExistsError,
  StoreIdMismatchError,
  StoreNotFoundError,
  UnsupportedLayoutError,
} from '../../src/base/errors.ts'
import '../../src/backends/file.ts'
import { isTempName, tempName } from '../../src/backends/file-temp.ts'

const ID = '5f3e0f9c-7a51-4c3c-9f43-0d7c1a1f0b11'
const definition = findBackend('file') as BackendDefinition

let root: string
let path: string
let config: AnyConfig
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'file-'))
  path = join(root, 'deep', 'inside', 'store')
  config = { backend: 'file', id: ID, path }
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

describe.each([
  ['sync', true],
  ['async', false],
])('a file store, %s', (_, sync) => {
  const context: OpenContext = { sync, createContainer: false, private: false, onError: () => undefined }

  async function run<T>(fn: () => T | Promise<T>): Promise<T> {
    return fn()
  }

  test('makes its folder with the parents, and nothing while it is only looked for', async () => {
    expect(await definition.exists(config, context)).toBe(false)
    await definition.destroy(config, context)
    await expect(run(() => definition.open(config, context))).rejects.toThrow(StoreNotFoundError)
    expect(readdirSync(root)).toEqual([])
    await (await definition.create(config, context)).close(context)
    expect(readdirSync(path)).toEqual(['~d'])
    expect(await definition.exists(config, context)).toBe(true)
  })

  test('is made once, in an empty folder too, and opened with its id only', async () => {
    mkdirSync(path, { recursive: true })
    await (await definition.create(config, context)).close(context)
    await expect(run(() => definition.create(config, context))).rejects.toThrow(StoreExistsError)
    const other = { ...config, id: '00000000-0000-4000-8000-000000000000' }
    await expect(run(() => definition.open(other, context))).rejects.toThrow(StoreIdMismatchError)
    await expect(run(() => definition.destroy(other, context))).rejects.toThrow(StoreIdMismatchError)
    await (await definition.open(config, context)).close(context)
    expect(readdirSync(path)).toEqual(['~d'])
  })

  test('keeps its entries when it is opened again', async () => {
    const meta = { key: 'a', type: 'value' as const, lastWrite: new Date(5) }
    const first = await definition.create(config, context)
    await first.write('sa', { meta, value: { n: [1, 2n] } }, {}, context)
    await first.close(context)
    const second = await definition.open(config, context)
    expect(await second.read('sa', context)).toMatchObject({ meta, value: { n: [1, 2n] } })
    await second.close(context)
  })

  test('is removed with its folder, unless there is something in it that is not its own', async () => {
    const backend = await definition.create(config, context)
    await backend.write('sa', { meta: { key: 'a', type: 'value', lastWrite: new Date() }, value: 1 }, {}, context)
    await backend.close(context)
    writeFileSync(join(path, tempName()), '')
    await definition.destroy(config, context)
    expect(existsSync(path)).toBe(false)

    await (await definition.create(config, context)).close(context)
    writeFileSync(join(path, 'notes.txt'), '')
    await definition.destroy(config, context)
    expect(readdirSync(path)).toEqual(['notes.txt'])
  })

  test('is not what stands in a folder without its descriptor, nor a file', async () => {
    mkdirSync(path, { recursive: true })
    writeFileSync(join(path, 'sa'), '')
    const file = join(root, 'file')
    writeFileSync(file, '')
    for (const place of [path, file, join(file, 'below')]) {
      const foreign = { ...config, path: place }
      expect(await definition.exists(foreign, context)).toBe(false)
      await definition.destroy(foreign, context)
      await expect(run(() => definition.create(foreign, context))).rejects.toThrow(UnsupportedLayoutError)
      await expect(run(() => definition.open(foreign, context))).rejects.toThrow(UnsupportedLayoutError)
    }
    expect(readdirSync(path)).toEqual(['sa'])
  })

  test('removes the temporary files of dead processes when it is opened, and no others', async () => {
    await (await definition.create(config, context)).close(context)
    const dead = spawnSync(process.execPath, ['-e', '']).pid
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
    try {
      await new Promise((resolve) => other.once('spawn', resolve))
      const knowsStart = existsSync('/proc/self/stat')
      // The name of the program, before field 3, is without spaces here.
      const start = knowsStart ? readFileSync(`/proc/${other.pid}/stat`, 'utf8').split(' ')[21]! : '0'
      const own = tempName()
      const live = `.tmp-${other.pid}-${start}-ab`
      const kept = [own, live, '.tmp-foreign', '.tmp-12-x-a', '~d']
      const reused = [`.tmp-${other.pid}-1-ab`, `.tmp-${process.pid}-1-ab`]
      const stale = [`.tmp-${dead}-${start}-ab`, ...(knowsStart ? reused : [])]
      for (const name of [...kept, ...stale]) if (name !== '~d') writeFileSync(join(path, name), '')
      await (await definition.open(config, context)).close(context)
      expect(readdirSync(path).sort()).toEqual(kept.sort())
      expect(isTempName(own)).toBe(true)
    } finally {
      other.kill()
    }
  })

  test('whose folder cannot be read says so with the path', async () => {
    const loop = join(root, 'loop')
    symlinkSync(loop, loop)
    const error = await run(() => definition.exists({ ...config, path: loop }, context)).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(StorageUnavailableError)
    expect((error as Error).message).toContain(loop)
  })
})

describe('a file store', () => {
  test('is at one place whatever links lead there', () => {
    mkdirSync(join(root, 'real'))
    symlinkSync(join(root, 'real'), join(root, 'link'))
    const at = (place: string): string => definition.locate({ ...config, path: place })
    expect(at(join(root, 'link', 'store'))).toBe(at(join(root, 'real', 'store')))
    mkdirSync(join(root, 'real', 'store'))
    expect(at(join(root, 'link', '..', 'link', 'store', '.'))).toBe(at(join(root, 'real', 'store')))
    expect(at(join(root, 'real', 'other'))).not.toBe(at(join(root, 'real', 'store')))
  })
})
