import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { textOf } from './wasm-text.mjs'

/*
 * `node scripts/wasm.mjs build` makes the WASM modules from the Rust in `wasm/` and puts them, as files and as modules to
 * import, where they are committed; `check` makes them anew and compares. Only these two need Rust.
 *
 * `hash` compares what was committed with the sources of now: that is what `npm test` does.
 */

const root = fileURLToPath(new URL('..', import.meta.url))
const crates = readdirSync(join(root, 'wasm'), { withFileTypes: true })
  .map((entry) => entry.name)
  .filter((name) => name !== 'fuzz' && existsSync(join(root, 'wasm', name, 'src/lib.rs')))
const OPTIMIZATIONS = [
  '-O3',
  '--strip-debug',
  '--strip-producers',
  '--enable-simd',
  '--enable-bulk-memory',
  '--enable-nontrapping-float-to-int',
  '--enable-sign-ext',
  '--enable-mutable-globals',
]
const recordFile = join(root, 'wasm/artifacts/record.json')

const commands = { build, check, hash }
const command = commands[/** @type {keyof typeof commands} */ (process.argv[2] ?? '')]
if (command) {
  command()
} else {
  console.error('Usage: node scripts/wasm.mjs build | check | hash')
  process.exitCode = 1
}

function build() {
  const { modules, compiler } = compile()
  mkdirSync(join(root, 'wasm/artifacts'), { recursive: true })
  for (const [crate, bytes] of Object.entries(modules)) {
    writeFileSync(wasmFile(crate), bytes)
    writeFileSync(inlinedFile(crate), inlined(bytes))
    console.log(`${crate}: ${bytes.length} bytes`)
  }
  const sums = Object.fromEntries(Object.entries(modules).map(([crate, bytes]) => [crate, sha256(bytes)]))
  writeFileSync(recordFile, `${JSON.stringify({ compiler, sources: sourceHash(), modules: sums }, null, 2)}\n`)
}

/** The committed modules are what these sources make: byte for byte with the compiler that made them. */
function check() {
  hash()
  const { compiler, modules: sums } = readRecord()
  const rebuilt = compile()
  cargoTest('wasm', ['--release'])
  // Debug assertions check what `unsafe` relies on. The fuzzer itself needs more than this compiler.
  cargoTest('wasm/fuzz', ['--no-default-features'])
  for (const [crate, bytes] of Object.entries(rebuilt.modules)) {
    const same = sha256(bytes) === sums[crate]
    if (!same && rebuilt.compiler === compiler)
      fail(`${crate}: the same compiler makes other bytes. Run: npm run wasm:build`)
    console.log(`${crate}: ${same ? 'the same bytes' : 'another compiler, other bytes'}`)
    if (!same) testRebuilt(crate, bytes)
  }
}

/**
 * @param {string} folder
 * @param {string[]} options
 */
function cargoTest(folder, options) {
  execFileSync('/usr/bin/cargo', ['test', '--locked', ...options], {
    cwd: join(root, folder),
    env: { ...process.env, RUSTC: '/usr/bin/rustc' },
    stdio: 'inherit',
  })
}

/**
 * With another compiler the bytes may differ, but not what they do.
 *
 * @param {string} crate
 * @param {Buffer} bytes
 */
function testRebuilt(crate, bytes) {
  const file = inlinedFile(crate)
  const committed = readFileSync(file)
  try {
    writeFileSync(file, inlined(bytes))
    execFileSync('npx', ['vitest', 'run', '--project', 'node', 'test/codec'], { cwd: root, stdio: 'inherit' })
  } finally {
    writeFileSync(file, committed)
  }
}

function hash() {
  const { sources, modules } = readRecord()
  if (sources !== sourceHash())
    fail('The sources in wasm/ are not those of the committed modules. Run: npm run wasm:build')
  for (const crate of crates) {
    const bytes = readFileSync(wasmFile(crate))
    if (sha256(bytes) !== modules[crate]) fail(`wasm/artifacts/${crate}.wasm was changed. Run: npm run wasm:build`)
    if (readFileSync(inlinedFile(crate), 'utf8') !== inlined(bytes)) {
      fail(`src/codec/wasm/${crate}.ts is not made of wasm/artifacts/${crate}.wasm. Run: npm run wasm:build`)
    }
  }
  console.log(`The committed modules (${crates.join(', ')}) are of these sources.`)
}

/** @returns {{ modules: Record<string, Buffer>, compiler: string }} */
function compile() {
  const tools = execFileSync('bash', [join(root, 'scripts/wasm-toolchain.sh')], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 2],
  }).trim()
  const env = {
    ...process.env,
    RUSTC: '/usr/bin/rustc',
    PATH: [join(tools, 'node_modules/.bin'), '/usr/bin', process.env['PATH']].join(delimiter),
    // What is read in a panic's message must not tell where it was built.
    RUSTFLAGS: [
      '-Ctarget-feature=+simd128,+bulk-memory',
      `--remap-path-prefix=${join(root, 'wasm')}=/src`,
      `--remap-path-prefix=${process.env['CARGO_HOME'] ?? join(homedir(), '.cargo')}=/cargo`,
    ].join(' '),
  }
  execFileSync('/usr/bin/cargo', ['build', '--release', '--locked', '--target', 'wasm32-unknown-unknown'], {
    cwd: join(root, 'wasm'),
    env,
    stdio: ['ignore', 2, 2],
  })
  const target = join(root, 'wasm/target/wasm32-unknown-unknown/release')
  const modules = Object.fromEntries(
    crates.map((crate) => {
      const optimized = join(target, `${crate}.wasm`)
      execFileSync('wasm-opt', [...OPTIMIZATIONS, join(target, `konserve_${crate}.wasm`), '-o', optimized], { env })
      return [crate, readFileSync(optimized)]
    }),
  )
  const compiler = execFileSync('/usr/bin/rustc', ['-vV'], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => /^(release|LLVM version|host):/.test(line))
    .join(', ')
  const optimizer = execFileSync('wasm-opt', ['--version'], { env, encoding: 'utf8' }).trim()
  return { modules, compiler: `${compiler}, ${optimizer}` }
}

/** @param {string} crate */
function wasmFile(crate) {
  return join(root, `wasm/artifacts/${crate}.wasm`)
}

/** @param {string} crate */
function inlinedFile(crate) {
  return join(root, `src/codec/wasm/${crate}.ts`)
}

/** @param {Buffer} bytes */
function inlined(bytes) {
  return `// Made by scripts/wasm.mjs.\nconst source: string =\n  '${textOf(bytes)}'\nexport default source\n`
}

/** Of everything that decides what the compiler makes. */
function sourceHash() {
  const files = readdirSync(join(root, 'wasm'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^(?!target|artifacts|.*fuzz).*(\.rs|Cargo\.(toml|lock))$/.test(file))
    .sort()
  const sum = createHash('sha256')
  for (const file of files)
    sum
      .update(`${file}\0`)
      .update(readFileSync(join(root, 'wasm', file)))
      .update('\0')
  return sum.digest('hex')
}

/** @param {Uint8Array} bytes */
function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex')
}

/** @returns {{ compiler: string, sources: string, modules: Record<string, string> }} */
function readRecord() {
  return JSON.parse(readFileSync(recordFile, 'utf8'))
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message)
  process.exit(1)
}
