import { spawn } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'

/**
 * `npm run test:compliance` runs the compliance suite on every backend, in Node and in Chromium's pages and workers, and shows that each
 * rule's planted fault fails that rule alone. `npm run test:compliance -- --list` prints the rules, the backends that
 * each is tested on, and its planted fault. Nothing has to be built before.
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const options = process.argv.slice(2)

if (options.length === 1 && options[0] === '--list') await list()
else if (options.length === 0) run()
else {
  console.error('Usage: npm run test:compliance [-- --list]')
  process.exitCode = 1
}

function run() {
  const vitest = fileURLToPath(new URL('node_modules/vitest/vitest.mjs', `file://${root}`))
  const projects = ['--project', 'node', '--project', 'chromium']
  const child = spawn(process.execPath, [vitest, 'run', ...projects, 'test/compliance', 'test/browser/contexts'], {
    cwd: root,
    stdio: 'inherit',
  })
  child.once('close', (code) => (process.exitCode = code ?? 1))
}

async function list() {
  const server = await createServer({
    configFile: false,
    root,
    logLevel: 'error',
    appType: 'custom',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, watch: null, ws: false },
  })
  try {
    const { table } = await server.ssrLoadModule('/test/compliance/table.ts')
    print(table())
  } finally {
    await server.close()
  }
}

/** @param {{ rule: string, title: string, fault: string, runsOn: { async: string[], sync: string[] } }[]} rows */
function print(rows) {
  const all = [...new Set(rows.flatMap(({ runsOn }) => [...runsOn.async, ...runsOn.sync]))]
  const letters = new Map(all.map((name, i) => [name, String.fromCharCode(97 + i)]))
  console.log('Backends')
  for (const [name, letter] of letters) console.log(`  ${letter}  ${name}`)
  /** @param {string[]} names */
  const short = (names) => all.map((name) => (names.includes(name) ? letters.get(name) : '·')).join('')
  const cells = [
    ['RULE', 'ASYNC ON', 'SYNC ON', 'WHAT HOLDS', 'PLANTED FAULT'],
    ...rows.map(({ rule, title, fault, runsOn }) => [rule, short(runsOn.async), short(runsOn.sync), title, fault]),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  console.log(`\n${cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')).join('\n')}`)
  console.log(`\n${rows.length} rules, each with a planted fault that fails it and no other`)
}
