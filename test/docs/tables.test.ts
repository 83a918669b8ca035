import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { describe, expect, test } from 'vitest'
import * as api from '../../src/node.ts'
import { keyToName } from '../../src/store/names.ts'
import { rules } from '../../src/testing/rules/index.ts'
import { readPage, tableRows } from './blocks.ts'

const functions = Object.entries(api)
  .filter(([name, value]) => typeof value === 'function' && /^[a-z]/.test(name))
  .map(([name]) => name)

const errorClasses = Object.entries(api)
  .filter(([name]) => name.endsWith('Error') && name !== 'KonserveError')
  .map(([name]) => name)

test("README's API tables name every exported function and every member of a store, and no other", async () => {
  const store = await api.connectStore({ backend: 'memory', id: crypto.randomUUID() })
  const prototype: object = Object.getPrototypeOf(store)
  const members = Reflect.ownKeys(prototype).filter((name) => name !== 'constructor')
  const named = tableRows('README.md', '## API').map(([cell]) => /^`([\w[\].]+)/.exec(cell!)?.[1] ?? cell!)
  expect(named.sort()).toEqual([...functions, ...members.map(memberName)].sort())
})

test('docs/api.md has a section for every exported function and every member of a store, and no other', async () => {
  const store = await api.connectStore({ backend: 'memory', id: crypto.randomUUID() })
  const members = Reflect.ownKeys(Object.getPrototypeOf(store) as object).filter((name) => name !== 'constructor')
  const headings = [...readPage('docs/api.md').matchAll(/^### (.*)$/gm)].flatMap(([, text]) =>
    [...text!.matchAll(/`([\w[\].]+)`/g)].map(([, name]) => name),
  )
  expect(headings.sort()).toEqual([...functions, ...members.map(memberName)].sort())
})

test('the table of docs/errors.md lists exactly the error classes with their codes', () => {
  const rows = tableRows('docs/errors.md', '# Errors')
  const documented = rows.map(([code, name]) => `${name!.slice(1, -1)} ${/`(\w+)`/.exec(code!)?.[1]}`)
  expect(documented.sort()).toEqual(errorClasses.map((name) => `${name} ${codeOf(name)}`).sort())
})

test('docs/errors.md lists exactly the codes that src/base/errors.ts declares', () => {
  const [, union] = /export type ErrorCode =([^\n]*\n(?: {2}\|.*\n)*)/.exec(readPage('src/base/errors.ts')) ?? []
  const declared = [...(union ?? '').matchAll(/'(\w+)'/g)].map(([, code]) => code)
  const sections = [...readPage('docs/errors.md').matchAll(/^## (\w+)$/gm)].map(([, code]) => code)
  expect(sections.sort()).toEqual(declared.sort())
})

test('docs/guarantees.md lists exactly the rules of the compliance suite, each with its title', () => {
  const listed = tableRows('docs/guarantees.md', '# Guarantees').map(([name, title]) => `${name}: ${title}`)
  expect(listed.sort()).toEqual(rules.map(({ name, title }) => `\`${name}\`: ${title}`).sort())
})

test('every rule that the prose of docs/guarantees.md names is one of the suite', () => {
  const names = [...readPage('docs/guarantees.md').matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, name]) => name!)
  const known = rules.map(({ name }) => name)
  expect(names.filter((name) => !known.includes(name) && name !== 'konserve-ts')).toEqual([])
})

test('the names of keys in docs/format.md are those that keys get', () => {
  const rows = tableRows('docs/format.md', '## Names').map((cells) => cells.map((cell) => cell.slice(1, -1)))
  expect(rows.length).toBeGreaterThan(5)
  const named = rows.map(([key]) => [key, keyToName(JSON.parse(key!.replaceAll("'", '"')))])
  expect(named).toEqual(rows)
})

describe('links', () => {
  const root = process.cwd()
  const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md']
  for (const name of readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.md')) pages.push(`docs/${name}`)
  }

  test.each(pages)('every link of %s to a file or a section of this repository leads there', (page) => {
    const links = [...readPage(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
    const broken = links.filter((target) => {
      if (/^\w+:/.test(target)) return false
      const [path, anchor] = target.split('#') as [string, string?]
      const file = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(root, file))) return true
      return anchor !== undefined && !anchorsOf(readPage(file)).includes(anchor)
    })
    expect(broken).toEqual([])
  })
})

/** The anchors that headings get: lower case, spaces as hyphens, other punctuation left out. */
function anchorsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, text]) =>
    text!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  )
}

function memberName(key: string | symbol): string {
  return key === Symbol.asyncDispose ? '[Symbol.asyncDispose]' : String(key)
}

function codeOf(name: string): string {
  const Class = (api as unknown as Record<string, new (argument: unknown) => { code: string }>)[name]!
  return new Class(name === 'InvalidConfigError' ? [] : '').code
}
