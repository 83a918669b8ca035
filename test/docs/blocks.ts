import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rowsOf } from './rows.ts'

/** A fenced block of a page: ```` ```js browser ```` has the language `js` and the place `browser`. */
export interface Block {
  readonly language: string
  /** Where it runs: `browser`, else Node. */
  readonly place: string
  readonly code: string
  /** The line of the page on which its code starts, from 1. */
  readonly line: number
}

const root: string = join(import.meta.dirname, '../..')

export function readPage(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

export function blocksOf(path: string): Block[] {
  const page = readPage(path)
  return [...page.matchAll(/^```(\w+)(?: (\w+))?\n([\s\S]*?)^```$/gm)].map(([, language, place, code], i, all) => ({
    language: language!,
    place: place ?? 'node',
    code: code!,
    line: page.slice(0, all[i]!.index).split('\n').length + 1,
  }))
}

/** What the code says that it prints: the texts behind `// →`, one a printed line, in order. */
export function promisedOutput(code: string): string[] {
  return [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, text]) => text!.trimEnd())
}

/** The rows of the tables in a section of a page, each as its cells; `heading` is the whole line. */
export function tableRows(path: string, heading: string): string[][] {
  return rowsOf(readPage(path), heading)
}
