import { execFileSync } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'
import { aptInstall, run } from './services/apt.mjs'

/** Other programs that `npm run test:interop` reads from and writes for. `node scripts/interop-tools.mjs` installs them. */

const CBOR2 = 'cbor2==6.3.0'
const PYCRYPTODOME = 'pycryptodome==4.4.0'
const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
const environment = join(cache, 'konserve-ts', 'interop-python')

/** Global set-up of the interop tests. */
export default function requireTools() {
  const missing = [hasLz4() ? '' : 'lz4', findPython() === undefined ? `Python with ${CBOR2} and ${PYCRYPTODOME}` : '']
  if (missing.some(Boolean)) {
    throw new Error(
      `Missing for the interop tests: ${missing.filter(Boolean).join(' and ')}. As root on Debian, ` +
        '`node scripts/interop-tools.mjs` installs it; elsewhere `apt-get install lz4 python3 python3-pip` (or the like) ' +
        `and \`pip install ${CBOR2} ${PYCRYPTODOME}\`.`,
    )
  }
}

/**
 * A Python that has the packages, in just these versions: that of our own environment, else the one on the PATH.
 *
 * @returns {string | undefined}
 */
export function findPython() {
  const probe = [CBOR2, PYCRYPTODOME].map((pinned) => `version(${JSON.stringify(pinned.split('==')[0])})`).join(', ')
  return [join(environment, 'bin', 'python'), 'python3'].find((python) => {
    const versions = output(python, ['-c', `from importlib.metadata import version; print(${probe})`])
    return versions?.trim() === [CBOR2, PYCRYPTODOME].map((pinned) => pinned.split('==')[1]).join(' ')
  })
}

function hasLz4() {
  return output('lz4', ['--version']) !== undefined
}

function install() {
  const packages = [hasLz4() ? [] : ['lz4'], hasVenv() ? [] : ['python3', 'python3-venv']].flat()
  if (packages.length > 0) {
    aptInstall(...packages)
  }
  if (findPython() === undefined) {
    run('python3', ['-m', 'venv', '--clear', environment])
    run(join(environment, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', CBOR2, PYCRYPTODOME])
  }
}

function hasVenv() {
  return output('python3', ['-c', 'import ensurepip, venv']) !== undefined
}

/**
 * @param {string} program
 * @param {string[]} args
 * @returns {string | undefined} undefined if it is not there, or fails
 */
function output(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  install()
  requireTools()
}
