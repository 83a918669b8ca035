import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { findChromium, MISSING_CHROMIUM } from './chromium.mjs'

/**
 * What `npm test` runs, in order: each stage with its real output only where it failed, and at the end a line for each
 * failed test, and one that counts every test and every check. What a test has put into its `meta.print` is printed in
 * any case. `--all` adds what needs more than Node and Chromium, and `--rest` runs that alone.
 *
 * @typedef {{ passed: number, failed: number }} Count
 * @typedef {{ numPassedTests: number, numTotalTests: number, testResults: TestFile[] }} Report
 * @typedef {{ name: string, assertionResults: TestResult[] }} TestFile
 * @typedef {{ fullName: string, status: string, failureMessages?: string[], meta: { print?: string } }} TestResult
 * @typedef {{ count: Count, prints: string[], failures: string[] }} Outcome
 * @typedef {{ name: string, command: string[], tests?: boolean }} Stage `tests`: vitest, whose tests are counted
 */

/** @type {Stage} */
const BUILD = { name: 'build', command: [process.execPath, 'scripts/build.mjs'] }

/** @type {Stage[]} */
const STAGES = [
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['oxfmt', '--check'] },
  { name: 'types of src', command: ['tsc', '-p', '.'] },
  { name: 'types of tests', command: ['tsc', '-p', 'tsconfig.test.json'] },
  { name: 'types of scripts', command: ['tsc', '-p', 'tsconfig.scripts.json'] },
  { name: 'types of the playground', command: ['tsc', '-p', 'playground'] },
  { name: 'type tests, Node', command: ['tsc', '-p', 'test/types/node'] },
  { name: 'type tests, browser', command: ['tsc', '-p', 'test/types/browser'] },
  { name: 'WASM of these sources', command: [process.execPath, 'scripts/wasm.mjs', 'hash'] },
  BUILD,
  { name: 'tests', command: ['vitest', 'run', '--project', 'node', '--project', 'chromium'], tests: true },
  { name: 'package', command: ['vitest', 'run', '--project', 'package'], tests: true },
]

/** @type {Stage[]} */
const REST = [
  {
    name: 'Firefox and WebKitGTK',
    command: ['vitest', 'run', '--project', 'firefox', '--project', 'webkit', '--project', 'firefox-tabs'],
    tests: true,
  },
  { name: 'what the system sees', command: ['vitest', 'run', '--project', 'system'], tests: true },
  { name: 'services', command: ['vitest', 'run', '--project', 'services'], tests: true },
  { name: 'interop', command: ['vitest', 'run', '--project', 'interop'], tests: true },
  { name: 'workerd', command: ['vitest', 'run', '--project', 'runtimes'], tests: true },
  { name: 'WASM built anew', command: [process.execPath, 'scripts/wasm.mjs', 'check'] },
]

const root = fileURLToPath(new URL('..', import.meta.url))

if (findChromium() === undefined) {
  console.error(MISSING_CHROMIUM)
  process.exit(1)
}
const total = { passed: 0, failed: 0 }
const stages = process.argv.includes('--rest')
  ? [BUILD, ...REST]
  : [...STAGES, ...(process.argv.includes('--all') ? REST : [])]
/** @type {string[]} */
const failed = []
for (const stage of stages) {
  const started = performance.now()
  const { count, output, prints, failures } = await run(stage)
  total.passed += count.passed
  total.failed += count.failed
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const counted = stage.tests ? ` (${count.passed} of ${count.passed + count.failed})` : ''
  console.log(`${count.failed === 0 ? 'ok    ' : 'FAILED'} ${stage.name}${counted}, ${seconds} s`)
  for (const text of prints) console.log(text)
  if (count.failed > 0) console.log(output)
  failed.push(...failures)
}
for (const failure of failed) console.log(`FAILED ${failure}`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

/**
 * @param {Stage} stage
 * @returns {Promise<Outcome & { output: string }>}
 */
async function run({ command, tests }) {
  if (!tests) {
    const { code, output } = await execute(command)
    return { count: code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }, output, prints: [], failures: [] }
  }
  const folder = await mkdtemp(join(tmpdir(), 'konserve-test-'))
  try {
    const report = join(folder, 'report.json')
    const reporters = ['--reporter', 'default', '--reporter', 'json', `--outputFile.json=${report}`]
    const { code, output } = await execute([...command, ...reporters])
    const outcome = await readReport(report)
    // An error outside of any test, or a file that did not load, has no failed test of its own.
    if (code !== 0 && outcome.count.failed === 0) outcome.count.failed = 1
    return { ...outcome, output }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * A skipped test counts as failed: nobody may take it for a passed one.
 *
 * @param {string} path
 * @returns {Promise<Outcome>}
 */
async function readReport(path) {
  try {
    /** @type {Report} */
    const report = JSON.parse(await readFile(path, 'utf8'))
    const { numPassedTests: passed, numTotalTests: all } = report
    const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults)
    const failures = report.testResults.flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status !== 'passed')
        .map((test) => `${relative(root, name)} > ${test.fullName}: ${firstLine(test) ?? test.status}`),
    )
    return { count: { passed, failed: all - passed }, prints: tests.flatMap(({ meta }) => meta.print ?? []), failures }
  } catch {
    return { count: { passed: 0, failed: 0 }, prints: [], failures: [] }
  }
}

/**
 * @param {TestResult} test
 * @returns {string | undefined}
 */
function firstLine({ failureMessages }) {
  return failureMessages?.[0]?.split('\n', 1)[0]
}

/**
 * @param {string[]} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function execute([program = '', ...args]) {
  const path = [join(root, 'node_modules/.bin'), process.env['PATH']].join(process.platform === 'win32' ? ';' : ':')
  const shell = process.platform === 'win32' && program !== process.execPath
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path, CI: 'true', NO_COLOR: '1' },
    shell,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  /** @type {string[]} */
  const output = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8')
    stream.on('data', (text) => output.push(text))
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, output: output.join('') }))
  })
}
