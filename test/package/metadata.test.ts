import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { Script } from 'node:vm'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { expect, inject, test } from 'vitest'

const root = process.cwd()
const installed = join(inject('project'), 'node_modules/konserve-ts')
const run = promisify(execFile)

interface Manifest {
  exports: Record<string, unknown>
  sideEffects: string[]
}

test('publint finds nothing to say about the package', async () => {
  const { messages, pkg } = await publint({ pkgDir: root, level: 'suggestion', strict: true })
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
})

test('are-the-types-wrong finds the types of every entry right for ES modules', async () => {
  const attw = join(root, 'node_modules/.bin/attw')
  const report = await run(attw, ['--pack', root, '--profile', 'esm-only', '--no-color']).then(
    () => 'right',
    (error: { stdout: string; stderr: string }) => `${error.stdout}\n${error.stderr}`,
  )
  expect(report).toBe('right')
})

test('sideEffects lists the entries, the script-tag build and every module that registers a backend, and no other', async () => {
  const { sideEffects, exports } = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest
  const entries = ['.', './js', './cbor'].flatMap(
    (entry) => JSON.stringify(exports[entry]).match(/[^"]+\.js(?=")/g) ?? [],
  )
  const modules = (await readdir(join(installed, 'dist'), { recursive: true })).filter((name) => name.endsWith('.js'))
  const registering: string[] = []
  for (const name of modules) {
    const code = await readFile(join(installed, 'dist', name), 'utf8')
    if (/^registerBackend\(/m.test(code)) registering.push(`./dist/${name}`)
  }
  const expected = new Set([...entries, ...registering, './dist/konserve.global.js'])
  expect([...sideEffects].sort()).toEqual([...expected].sort())
})

test('the package holds its compiled modules, the script-tag build and its papers, and nothing else', async () => {
  const entries = await readdir(installed, { recursive: true, withFileTypes: true })
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed, join(entry.path, entry.name)))
  const papers = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json']
  expect(files.filter((name) => !/^dist\/(.*\.(js|js\.map|d\.ts)|wasm\/(core|full)\.wasm)$/.test(name)).sort()).toEqual(
    papers,
  )
  expect(files).toContain(join('dist', 'konserve.global.js'))
})

test('no file of the package names a folder of the machine that built it', async () => {
  const names = await readdir(join(installed, 'dist'), { recursive: true })
  const naming: string[] = []
  for (const name of names.filter((name) => /\.(js|ts|map)$/.test(name))) {
    if ((await readFile(join(installed, 'dist', name), 'utf8')).includes(root)) naming.push(name)
  }
  expect(naming).toEqual([])
})

test('the script-tag build is a classic script that needs nothing of Node', async () => {
  const code = await readFile(join(installed, 'dist/konserve.global.js'), 'utf8')
  expect(() => new Script(code)).not.toThrow()
  expect(code.match(/\bprocess\.env\b|\brequire\(/g) ?? []).toEqual([])
})
