import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { ONLY_IN_PAGE } from '../bench/page.mjs'
import { filled, table } from './markdown.mjs'

/**
 * `npm run performance -- SUITE... [--in chromium,firefox,webkit,node] [--rounds N]`: run each suite everywhere on the
 * built package (in Node only what does not need a browser), and put the ratios into docs/performance.md, between
 * `<!-- SUITE -->` and `<!-- /SUITE -->`, in a section at the end if there is none yet. What is written around the tables
 * stays, and must name every row with a ratio under 0.7.
 *
 * @typedef {{ environment: string, results: import('../bench/harness.mjs').Result[] }} Run
 */

const LOSING = 0.7

const root = fileURLToPath(new URL('..', import.meta.url))
const path = `${root}docs/performance.md`
const { values, positionals: suites } = parseArgs({
  allowPositionals: true,
  options: {
    in: { type: 'string', default: 'chromium,firefox,webkit,node' },
    rounds: { type: 'string', default: '31' },
  },
})
if (suites.length === 0) {
  console.error('Usage: npm run performance -- SUITE... [--in chromium,firefox,webkit,node] [--rounds N]')
  process.exit(1)
}

for (const suite of suites) {
  const places = values.in.split(',').filter((place) => place !== 'node' || !ONLY_IN_PAGE.includes(suite))
  const runs = places.map((place) => measure(suite, place))
  let page = readFileSync(path, 'utf8')
  if (!page.includes(`<!-- ${suite} -->`)) page += `\n## ${suite}\n\n<!-- ${suite} -->\n<!-- /${suite} -->\n`
  page = filled(page, suite, `${caption(suite, runs)}\n\n${ratioTable(runs)}`)
  writeFileSync(path, page)
  for (const name of losing(runs)) {
    if (page.includes(`\`${name}\``)) continue
    console.error(`${suite}: ${name} loses, and the page does not say why.`)
  }
}
console.log(`The tables in ${path} are new.`)

/**
 * @param {string} suite
 * @param {string} browser
 * @returns {Run}
 */
function measure(suite, browser) {
  console.log(`${suite} in ${browser}`)
  const args = [`${root}bench/run.mjs`, suite, '--json', '--rounds', values.rounds, '--browser', browser]
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }))
}

/**
 * @param {string} suite
 * @param {readonly Run[]} runs
 */
function caption(suite, runs) {
  const day = new Date().toISOString().slice(0, 10)
  const browsers = runs.map(({ environment }) => environment).join(', ')
  return `\`npm run bench -- ${suite} --rounds ${values.rounds} --browser …\`, ${day}: ${browsers}.`
}

/**
 * A line for each row and peer, a column for each environment.
 *
 * @param {readonly Run[]} runs
 */
function ratioTable(runs) {
  const ratios = runs.map(({ results }) => new Map(results.map(({ name, ratio }) => [name, ratio])))
  const names = new Set(ratios.flatMap((each) => [...each.keys()]))
  const lines = [...names].flatMap((name) => {
    const peers = new Set(ratios.flatMap((each) => Object.keys(each.get(name) ?? {})))
    return [...peers].map((peer) => [`${name}, ${peer}`, ...ratios.map((each) => cell(each.get(name)?.[peer]))])
  })
  return table(['', ...runs.map(({ environment }) => environment.replace(/ .*/, ''))], lines)
}

/** @param {number | undefined} ratio */
function cell(ratio) {
  return ratio === undefined ? '' : ratio < LOSING ? `**${ratio}**` : `${ratio}`
}

/**
 * The names of the rows that lose somewhere.
 *
 * @param {readonly Run[]} runs
 */
function losing(runs) {
  const rows = runs.flatMap(({ results }) => results)
  return new Set(rows.filter(({ ratio }) => Object.values(ratio).some((each) => each < LOSING)).map(({ name }) => name))
}
