import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { filled, table } from './markdown.mjs'

/**
 * Run the benchmarks `size` and `memory` on the built package, and put what they measured into README, between
 * `<!-- size -->` and `<!-- /size -->`, and so for `memory`.
 *
 * @typedef {{ name: string, unit: string, ours: number, peers: Record<string, number>, ratio: Record<string, number> }} Row
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const path = `${root}README.md`

const size = measure('size').filter(({ name }) => ['browser entry', 'js entry', 'script tag'].includes(name))
const memory = measure('memory')
const machine = `Measured with Node ${process.versions.node.split('.')[0]} on ${cpus().length} cores of a shared virtual machine.`
let page = readFileSync(path, 'utf8')
page = filled(page, 'size', sizeTable(size))
page = filled(page, 'memory', `${memoryTable(memory)}\n\n${machine}`)
writeFileSync(path, page)
console.log(`The figures in ${path} are new.`)

/**
 * @param {string} suite
 * @returns {Row[]}
 */
function measure(suite) {
  const output = execFileSync(process.execPath, [`${root}bench/run.mjs`, suite, '--json'], { encoding: 'utf8' })
  return JSON.parse(output).results
}

/** @param {Row[]} rows */
function sizeTable(rows) {
  const ours = rows.map(({ name, ours }) => [`**konserve-ts**, ${name}`, bytes(ours), ''])
  const others = Object.entries(rows[0]?.peers ?? {}).map(([name, value]) => [
    name,
    bytes(value),
    `${round(rows[0]?.ratio[name] ?? NaN)}`,
  ])
  return table(['', 'bytes, gzip', 'ratio to the browser entry'], [...ours, ...others])
}

/** @param {Row[]} rows */
function memoryTable(rows) {
  const peers = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))]
  return table(
    ['', 'konserve-ts, µs', ...peers.map((name) => `to ${name}`)],
    rows.map(({ name, ours, ratio }) => [
      name,
      String(ours),
      ...peers.map((peer) => (peer in ratio ? `${round(ratio[peer] ?? NaN)}` : '')),
    ]),
  )
}

/** @param {number} value */
function bytes(value) {
  return value.toLocaleString('en-US')
}

/** @param {number} value */
function round(value) {
  return Number(value.toPrecision(2))
}
