import { execFileSync } from 'node:child_process'
import process from 'node:process'

/** Install Debian packages, as root. @param {readonly string[]} packages */
export function aptInstall(...packages) {
  run('apt-get', ['update', '-qq'])
  run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages])
}

/**
 * Run a program; what it prints goes to stderr.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env] besides that of this process
 */
export function run(program, args, env = {}) {
  console.error(program, ...args)
  execFileSync(program, args, {
    stdio: ['ignore', 2, 2],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', ...env },
  })
}
