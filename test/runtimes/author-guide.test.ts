import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { newerNode } from '../../scripts/newer-node.mjs'
import { blocksOf } from '../docs/blocks.ts'

const run = promisify(execFile)

test('the backend in docs/writing-a-backend.md keeps every rule, run by the program that stands there too', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'konserve-guide-'))
  try {
    await mkdir(join(folder, 'node_modules'))
    await symlink(process.cwd(), join(folder, 'node_modules/konserve-ts'))
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
    const blocks = blocksOf('docs/writing-a-backend.md')
    expect(blocks.map(({ place }) => place)).toEqual(['sqlite', 'suite'])
    for (const { code } of blocks) await writeFile(join(folder, /^\/\/ (\S+)/.exec(code)![1]!), code)
    const flags = ['--disable-warning=ExperimentalWarning']
    const { stdout, stderr } = await run(newerNode(), [...flags, 'compliance.js'], { cwd: folder })
    expect(stderr).toBe('')
    const [, passed, all] = /^(\d+) of (\d+)$/.exec(stdout.trim())!
    expect(Number(all)).toBeGreaterThan(250)
    expect(passed).toBe(all)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
