import { execFile } from 'node:child_process'
import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** The folder of an empty project in which the packed package was installed. */
    project: string
  }
}

/** Pack the package as it would be published and install it, with its dependencies, in an empty project. */
export default async function install({ provide, config }: TestProject): Promise<() => Promise<void>> {
  const project = await realpath(await mkdtemp(join(tmpdir(), 'konserve-package-')))
  try {
    await run('npm', ['pack', '--silent', '--pack-destination', project], { cwd: config.root })
    const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'))
    if (tarball === undefined) throw new Error('npm pack made no tarball')
    await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
    await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`], { cwd: project })
  } catch (error) {
    await rm(project, { recursive: true, force: true })
    throw error
  }
  provide('project', project)
  return () => rm(project, { recursive: true, force: true })
}

const run = promisify(execFile)
