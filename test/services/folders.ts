import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))

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
