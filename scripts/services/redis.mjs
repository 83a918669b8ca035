import { connect } from 'node:net'
import { findProgram } from '../programs.mjs'
import { aptInstall } from './apt.mjs'

const PROGRAMS = ['redis-server', 'valkey-server']
export const findRedis = () => findProgram(['KONSERVE_REDIS'], PROGRAMS)

/**
 * Redis or Valkey, with a log that is synced with each write (`appendfsync always`).
 *
 * @type {import('../services.mjs').ServiceDefinition}
 */
export const redis = {
  missing:
    'On Debian `apt-get install redis-server`; elsewhere put redis-server or valkey-server on the PATH, or name it in KONSERVE_REDIS.',
  isThere: () => findRedis() !== undefined,
  install: () => aptInstall('redis-server'),
  launch: ({ port, folder, args }) => ({
    program: findRedis() ?? 'redis-server',
    args: [
      ...options({ bind: '127.0.0.1', port, dir: folder, appendonly: 'yes', appendfsync: 'always', save: '' }),
      ...args,
    ],
    url: `redis://127.0.0.1:${port}`,
    isReady: () => answersPing(port),
  }),
}

/** @param {Readonly<Record<string, string | number>>} values */
function options(values) {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)])
}

/**
 * Whether a server answers a command: with an error, too, if it asks for a password, but not while it still loads.
 *
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function answersPing(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    /** @param {boolean} ready */
    const end = (ready) => {
      socket.destroy()
      resolve(ready)
    }
    socket.once('data', (data) => end(!String(data).startsWith('-LOADING')))
    socket.once('error', () => end(false))
    socket.once('close', () => end(false))
    socket.setTimeout(1000, () => end(false))
  })
}
