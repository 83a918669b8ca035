/**
 * `cargo fuzz` for each target of wasm/fuzz, under AddressSanitizer and with debug assertions: `KONSERVE_FUZZ_SECONDS`
 * each (default 1800). Needs rustup's stable Rust, whose sanitizers are enough, and a C++ compiler. What is found
 * beyond the corpus in the repository is kept in the cache folder, and the next run goes on from there.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const CARGO_FUZZ = '0.13.2'
const TARGETS = ['parse', 'frame', 'lz4']
/** Of inputs of 8 KiB nothing takes a second, or makes more than 255 times their size of them. */
const LIMITS = ['-max_len=8192', '-timeout=10', '-malloc_limit_mb=16', '-rss_limit_mb=1024']
const { KONSERVE_FUZZ_SECONDS = '1800', XDG_CACHE_HOME, PATH } = process.env

const crate = fileURLToPath(new URL('../../wasm/fuzz', import.meta.url))
const cache = join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'konserve-ts/fuzz')
const env = {
  ...process.env,
  PATH: [join(cache, 'bin'), PATH].join(delimiter),
  RUSTUP_TOOLCHAIN: 'stable',
  // Sanitizers are an option of nightly compilers.
  RUSTC_BOOTSTRAP: '1',
}

installCargoFuzz()
let crashes = 0
for (const target of TARGETS) crashes += fuzz(target)
process.exitCode = crashes === 0 ? 0 : 1

function installCargoFuzz() {
  const { stdout } = spawnSync(join(cache, 'bin/cargo-fuzz'), ['--version'], { encoding: 'utf8' })
  if (stdout?.trim().endsWith(CARGO_FUZZ)) return
  const args = ['install', 'cargo-fuzz', '--version', CARGO_FUZZ, '--locked', '--root', cache]
  execFileSync('cargo', args, { stdio: 'inherit', env })
}

/**
 * Answers how many crashes there were: libFuzzer ends with the first.
 *
 * @param {string} target
 */
function fuzz(target) {
  const found = join(cache, 'corpus', target)
  mkdirSync(found, { recursive: true })
  const before = readdirSync(found).length
  const limits = [`-max_total_time=${KONSERVE_FUZZ_SECONDS}`, '-print_final_stats=1', ...LIMITS]
  const log = join(cache, `${target}.log`)
  const logFile = openSync(log, 'w')
  // New inputs go into the first folder.
  const args = ['fuzz', 'run', target, found, join(crate, 'corpus', target), '--', ...limits]
  const { status } = spawnSync('cargo', args, { cwd: crate, env, stdio: ['ignore', logFile, logFile] })
  closeSync(logFile)

  const output = readFileSync(log, 'utf8')
  const artifact = output.match(/Test unit written to (.*)/)?.[1]
  if (status !== 0 && artifact === undefined) throw new Error(`cargo fuzz failed:\n${output.slice(-4000)}`)
  const runs = output.match(/number_of_executed_units: (\d+)/)?.[1]
  const coverage = [...output.matchAll(/ cov: (\d+) /g)].at(-1)?.[1] ?? 0
  const added = readdirSync(found).length - before
  const crashed = status === 0 ? 0 : 1
  console.log(`fuzz ${target}: ${runs} runs, coverage ${coverage}, ${added} new corpus files, ${crashed} crashes`)
  if (crashed) {
    const reason = output.match(/^.*(panicked at|ERROR: ).*\n.*/m)?.[0]
    console.log(`${reason}\nThe input is ${artifact}, the log is ${log}`)
  }
  return crashed
}
