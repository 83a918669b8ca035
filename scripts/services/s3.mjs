import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { findProgram } from '../programs.mjs'
import { aptInstall, run } from './apt.mjs'

const GATEWAY = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0'
const folder = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'konserve-ts', 'bin')
const find = () => findProgram(['KONSERVE_VERSITYGW'], [join(folder, 'versitygw'), 'versitygw'])

/** What the server takes. */
export const S3_CREDENTIALS = { accessKeyId: 'user', secretAccessKey: 'password-of-user' }

/**
 * S3 by versitygw over files, one a key: a part of a key between slashes has at most 255 bytes there. Pages of any origin
 * may use it.
 *
 * @type {import('../services.mjs').ServiceDefinition}
 */
export const s3 = {
  missing: `With Go 1.24 or newer \`GOBIN=${folder} go install ${GATEWAY}\` (some minutes), or name versitygw in KONSERVE_VERSITYGW.`,
  isThere: () => find() !== undefined,
  install() {
    if (findProgram([], ['go']) === undefined) aptInstall('golang')
    mkdirSync(folder, { recursive: true })
    run('go', ['install', GATEWAY], { GOBIN: folder })
  },
  launch: ({ port, folder, args }) => ({
    program: find() ?? 'versitygw',
    args: [
      ...options({
        port: `127.0.0.1:${port}`,
        access: S3_CREDENTIALS.accessKeyId,
        secret: S3_CREDENTIALS.secretAccessKey,
        health: '/health',
      }),
      '--quiet',
      '--keep-alive',
      ...args,
      'posix',
      folder,
    ],
    url: `http://127.0.0.1:${port}`,
    isReady: () => isHealthy(port),
  }),
}

/** @param {Readonly<Record<string, string>>} values */
function options(values) {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value])
}

/** @param {number} port */
async function isHealthy(port) {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`, { signal: AbortSignal.timeout(1000) })).ok
  } catch {
    return false
  }
}
