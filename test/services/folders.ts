import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onTestFinished } from 'vitest'
import { type Store, type StoreConfig, connectStore, releaseStore } from '../../src/node.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

/** The config of a store in a folder. */
export type FolderConfig<Backend> = Extract<StoreConfig, { readonly backend: Backend }> &
  Readonly<Record<string, unknown>>

/** Configs of stores that are not there yet; of those `ofTest` nothing is left after the test. */
export function placesOf<Backend extends 'lmdb' | 'rocksdb'>(
  backend: Backend,
): Readonly<Record<'place' | 'placeOfTest', (fields?: Partial<FolderConfig<Backend>>) => FolderConfig<Backend>>> {
  const place = (fields?: object): FolderConfig<Backend> => {
    const id = crypto.randomUUID()
    const config = { backend, id, path: join(tmpdir(), `konserve-${backend}-${id}`), ...fields }
    return config as unknown as FolderConfig<Backend>
  }
  const placeOfTest = (fields?: object): FolderConfig<Backend> => {
    const config = place(fields)
    onTestFinished(() => rmSync((config as { readonly path: string }).path, { recursive: true, force: true }))
    return config
  }
  return { place, placeOfTest }
}

/** Connect until the end of the test. */
export async function open(config: StoreConfig): Promise<Store> {
  const store = await connectStore(config)
  onTestFinished(() => releaseStore(config, store))
  return store
}

/** What the program prints where the package is installed with what it depends on, and without any driver. */
export async function runWithoutDrivers(program: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-driverless-'))
  try {
    await mkdir(join(folder, 'node_modules/@noble'), { recursive: true })
    await cp(join(root, 'dist'), join(folder, 'dist'), { recursive: true })
    for (const name of ['uuid', '@noble/ciphers']) {
      await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name))
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    await writeFile(join(folder, 'program.js'), program)
    const { stdout } = await run(process.execPath, ['program.js'], { cwd: folder })
    return stdout.trim()
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Run `fn` as a user whom the system refuses to write in `folder`: root may write everywhere. */
export async function readOnly<T>(folder: string, fn: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  await chmod(folder, 0o555)
  if (isRoot) process.seteuid!(NOBODY)
  try {
    return await fn()
  } finally {
    if (isRoot) process.seteuid!(0)
    await chmod(folder, 0o755)
  }
}

const NOBODY = 65_534
