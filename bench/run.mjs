import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MINIMUM_ROUNDS } from './harness.mjs'
import { BROWSERS, ONLY_IN_PAGE, runInPage } from './page.mjs'

/**
 * `npm run bench -- SUITE [--json] [--rounds N] [--only REGEX] [--browser chromium|firefox|webkit|node]`. A suite is a module
 * `suites/SUITE.mjs`:
 *
 * @typedef {object} Suite
 * @property {boolean} [inPage] it runs in a browser, unless `--browser node` is said
 * @property {(options: import('./harness.mjs').Options) => Promise<import('./harness.mjs').Result[]>} run
 */

const BROWSER_NAMES = /** @type {(keyof typeof BROWSERS)[]} */ (Object.keys(BROWSERS))
const folder = fileURLToPath(new URL('.', import.meta.url))
const names = readdirSync(`${folder}suites`).map((file) => file.replace(/\.mjs$/, ''))
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: String(MINIMUM_ROUNDS) },
    only: { type: 'string' },
    browser: { type: 'string', default: 'chromium' },
  },
})
const suite = positionals[0] ?? ''
const rounds = Number(values.rounds)

const browser = BROWSER_NAMES.find((name) => name === values.browser)
const isInNode = values.browser === 'node' && !ONLY_IN_PAGE.includes(suite)
const isKnown = names.includes(suite) && (browser !== undefined || isInNode)
if (!isKnown || !Number.isInteger(rounds) || rounds < MINIMUM_ROUNDS) {
  console.error(
    `Usage: npm run bench -- SUITE [--json] [--rounds N] [--only REGEX] [--browser ${BROWSER_NAMES.join('|')}|node]`,
  )
  console.error(`SUITE is one of: ${names.join(', ')}; N is ${MINIMUM_ROUNDS} or more; REGEX is for the names of rows.`)
  console.error(`Not in Node: ${ONLY_IN_PAGE.join(', ')}.`)
  process.exit(1)
}
if (!existsSync(`${folder}../dist/node.js`)) {
  console.error('The benchmarks measure the built package: run `npm run build` first.')
  process.exit(1)
}
installPeers()
/** @type {Suite} */
const { inPage, run } = await import(`./suites/${suite}.mjs`)
const options = { rounds, ...(values.only !== undefined && { only: values.only }) }
const { environment, results } =
  inPage && browser !== undefined
    ? await runInPage(browser, suite, options)
    : { environment: `Node ${process.versions.node}`, results: await run(options) }
console.log(values.json ? JSON.stringify({ suite, environment, results }, null, 2) : table(results))

/** What suites import, all at once: that is how npm installs them. */
function installPeers() {
  const { dependencies } = JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))
  if (Object.keys(dependencies).every((name) => installedVersion(name) === dependencies[name])) return
  // stdout is for the result alone.
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
}

/** @param {string} name */
function installedVersion(name) {
  try {
    return JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`, 'utf8')).version
  } catch {
    return undefined
  }
}

/**
 * Each value with the ratio behind it.
 *
 * @param {import('./harness.mjs').Result[]} rows
 */
function table(rows) {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row.peers)))]
  const cells = [
    ['', 'unit', 'konserve-ts', ...columns],
    ...rows.map((row) => [
      row.name,
      row.unit,
      String(row.ours),
      ...columns.map((peer) => (peer in row.peers ? `${row.peers[peer]} (${row.ratio[peer]}x)` : '')),
    ]),
  ]
  const widths = cells[0]?.map((_, i) => Math.max(...cells.map((line) => line[i]?.length ?? 0))) ?? []
  const lines = cells.map((line) =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  return [...lines, '', '(Nx): how many times faster, or smaller, konserve-ts is; below 1 it loses.'].join('\n')
}
