import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import type { BrowserContext } from 'playwright'
import { transformWithOxc } from 'vite'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { bundle } from '../../scripts/bundle.mjs'
import { openChromium } from '../../scripts/chromium.mjs'
import { serve } from '../../scripts/serve.mjs'
import { type Block, blocksOf, promisedOutput } from '../docs/blocks.ts'

/*
 * The code of the documentation, run as a user would: against the packed and installed package, each block where it says.
 * A block prints what the comments `// → …` in it say, and nothing else.
 */

const project = inject('project')
const run = promisify(execFile)

const readme = blocksOf('README.md')
const pages = {
  'docs/api.md': blocksOf('docs/api.md'),
  'docs/cbor.md': blocksOf('docs/cbor.md'),
  'docs/compression.md': blocksOf('docs/compression.md'),
  'docs/encryption.md': blocksOf('docs/encryption.md'),
  'docs/errors.md': blocksOf('docs/errors.md'),
}

test('every block of README is of a kind that is run here', () => {
  const kinds = new Set(readme.map(({ language, place }) => `${language} ${place}`))
  expect([...kinds].sort()).toEqual(['html node', 'js browser', 'js node', 'sh node'])
})

test('every example prints something that is checked', () => {
  const examples = [...readme, ...Object.values(pages).flat()].filter(({ language }) => language !== 'sh')
  expect(examples.filter(({ code }) => promisedOutput(code).length === 0)).toEqual([])
})

test.each(readme.filter(({ language }) => language === 'sh').map(located))(
  'the commands at line $line of README exist: $first',
  async ({ block }) => {
    const commands = block.code.trim().split(/\n| && /)
    expect(await Promise.all(commands.map(isKnown))).toEqual(commands.map(() => true))
  },
)

describe('in Node', () => {
  test.each(readme.filter((block) => isProgram(block) && block.place === 'node').map(located))(
    'the block at line $line of README prints what it says: $first',
    async ({ block }) => {
      expect(await runInNode(block.code)).toEqual(promisedOutput(block.code))
    },
  )

  test.each(Object.entries(pages))(
    'the examples of %s, one after the other, print what they say',
    async (_, blocks) => {
      const code = blocks
        .filter((block) => isProgram(block) && block.place === 'node')
        .map((block) => block.code)
        .join('\n')
      expect(await runInNode(code)).toEqual(promisedOutput(code))
    },
  )
})

test('the examples of docs/api.md compile in a strict project', async () => {
  const code = pages['docs/api.md'].filter(isProgram).map((block) => block.code)
  await writeFile(join(project, 'api-examples.ts'), code.join('\n'))
  const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc')
  const options = ['--noEmit', '--ignoreConfig', '--strict', '--skipLibCheck', '--module', 'nodenext', '--types', '']
  const environment = ['--target', 'es2022', '--lib', 'es2023,dom,dom.iterable,dom.asynciterable,esnext.disposable']
  const output = await run(process.execPath, [tsc, ...options, ...environment, 'api-examples.ts'], {
    cwd: project,
  }).then(
    () => '',
    (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
  expect(output).toBe('')
})

describe('in Chromium', () => {
  let folder: string
  let browser: BrowserContext
  let server: { url: string; close: () => Promise<void> }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'konserve-docs-'))
    await mkdir(join(folder, 'pages'))
    await cp(
      join(project, 'node_modules/konserve-ts/dist/konserve.global.js'),
      join(folder, 'pages/konserve.global.js'),
    )
    server = await serve(join(folder, 'pages'))
    browser = await openChromium(join(folder, 'profile'))
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const blocks = [...readme, ...Object.values(pages).flat()]

  test.each(blocks.filter((block) => isProgram(block) && block.place === 'browser').map(located))(
    'the bundled block at line $line prints what it says: $first',
    async ({ block, name }) => {
      const { code } = await bundle(project, block.code, ['browser'])
      await writeFile(join(folder, 'pages', `${name}.js`), code)
      await expectOutput(`${name}.html`, `<script type="module" src="${name}.js"></script>`, block)
    },
  )

  test.each(blocks.filter(({ language }) => language === 'html').map(located))(
    'the page at line $line prints what it says: $first',
    async ({ block, name }) => {
      await expectOutput(`${name}.html`, block.code, block)
    },
  )

  async function expectOutput(path: string, html: string, block: Block): Promise<void> {
    await writeFile(join(folder, 'pages', path), html)
    const page = await browser.newPage()
    const lines: string[] = []
    const wanted = promisedOutput(block.code)
    page.on('pageerror', (error) => lines.push(String(error)))
    page.on('console', (message) => message.type() === 'log' && lines.push(message.text()))
    await page.goto(server.url + path)
    await expect.poll(() => lines.length, { timeout: 15_000 }).toBeGreaterThanOrEqual(wanted.length)
    await page.close()
    expect(lines).toEqual(wanted)
  }
})

function isProgram({ language }: Block): boolean {
  return language === 'js' || language === 'ts'
}

function located(block: Block): { block: Block; line: number; first: string; name: string } {
  return { block, line: block.line, first: block.code.split('\n', 1)[0]!, name: `block-${block.line}` }
}

/** What the code prints, line by line, run in a folder of its own inside the project that has the package. */
async function runInNode(code: string): Promise<string[]> {
  const folder = await mkdtemp(join(project, 'docs-'))
  const { code: plain } = await transformWithOxc(code, 'example.ts')
  await writeFile(join(folder, 'example.js'), plain)
  const { stdout, stderr } = await run(process.execPath, ['example.js'], { cwd: folder })
  return `${stdout}${stderr}`.trimEnd().split('\n')
}

/** Whether a command is of npm's own, or names a script of ours and what that script takes. */
async function isKnown(command: string): Promise<boolean> {
  if (/^npm (ci|install konserve-ts)$/.test(command)) return true
  const [, script, suite] = /^npm (?:run )?([\w:]+)(?: -- (\w+)(?: --json)?)?$/.exec(command) ?? []
  const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> }
  if (script === undefined || scripts[script] === undefined) return false
  return suite === undefined || (script === 'bench' && (await readdir('bench/suites')).includes(`${suite}.mjs`))
}
