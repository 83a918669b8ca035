import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { dynamodb } from './services/dynamodb.mjs'
import { redis } from './services/redis.mjs'
import { s3 } from './services/s3.mjs'

/**
 * The servers that the backends are tested against, each on a free port of 127.0.0.1 with a folder of its own:
 *
 *     npm run services             start them all, print where they are, and leave them up until Ctrl-C
 *     npm run services -- redis    only these
 *     npm run services -- install  install what is missing (Debian, root)
 *
 * @typedef {object} ServiceDefinition
 * @property {string} missing what to do where the server is missing
 * @property {() => boolean} isThere
 * @property {() => void} install
 * @property {(place: Place) => Launch} launch how the server is started
 *
 * @typedef {object} Place
 * @property {number} port
 * @property {string} folder its data; what is there when it starts is an earlier run's
 * @property {readonly string[]} args more arguments of the command line
 *
 * @typedef {object} Launch
 * @property {string} program
 * @property {readonly string[]} args
 * @property {string} url
 * @property {() => Promise<boolean>} isReady
 *
 * @typedef {object} StartOptions
 * @property {readonly string[]} [args] more arguments of the command line
 * @property {number} [port]
 *
 * @typedef {object} Service
 * @property {string} name
 * @property {string} url
 * @property {number} port
 * @property {string} folder
 * @property {() => Promise<void>} start again, on the same port and folder
 * @property {(signal: NodeJS.Signals) => void} signal send it one: SIGSTOP, SIGCONT
 * @property {() => Promise<void>} kill with SIGKILL; resolves once it is gone
 * @property {() => Promise<void>} stop for good, with its folder
 */

/** @type {Readonly<Record<string, ServiceDefinition>>} */
const SERVICES = { dynamodb, redis, s3 }

/** How long a server may take until it answers. */
const READY_MS = 60_000

const GUARD = fileURLToPath(new URL('services/guard.mjs', import.meta.url))

/**
 * Start a server of its own. It ends with this process at the latest, whatever ends that.
 *
 * @param {string} name
 * @param {StartOptions} [options]
 * @returns {Promise<Service>}
 */
export async function startService(name, options) {
  const { launch, isThere, missing } = definitionOf(name)
  if (!isThere()) throw new Error(`The ${name} server is missing. ${missing}`)
  return startServer(name, launch, options)
}

/**
 * The same for a server that is none of those.
 *
 * @param {string} name
 * @param {ServiceDefinition['launch']} launch
 * @param {StartOptions} [options]
 * @returns {Promise<Service>}
 */
export async function startServer(name, launch, { args = [], port: wanted } = {}) {
  const port = wanted ?? (await freePort())
  const folder = mkdtempSync(join(tmpdir(), `konserve-${name}-`))
  const { program, args: own, url, isReady } = launch({ port, folder, args })
  const guard = fork(GUARD, [folder, program, ...own], {
    cwd: folder,
    // Whoever kills our group of processes, as Ctrl-C does, leaves the guard to its work.
    detached: true,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  const ended = once(guard, 'exit')
  const output = /** @type {string[]} */ ([])
  for (const stream of [guard.stdout, guard.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => output.length < MOST_OUTPUT && output.push(text))
  }
  /** The server, while it runs. @type {number | undefined} */
  let pid
  guard.on('message', (message) => ({ pid } = /** @type {{ pid?: number }} */ (message)))
  /** @param {string} what */
  const failure = (what) => new Error(`The ${name} server ${what}.\n${output.join('')}`)
  const answer = () =>
    Promise.race([once(guard, 'message'), ended.then(() => Promise.reject(failure('has lost its guard')))])

  /** @param {NodeJS.Signals} signalName */
  const signal = (signalName) => {
    try {
      if (pid !== undefined) process.kill(pid, signalName)
    } catch (error) {
      // It has ended by itself, which the guard is about to say.
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
    }
  }
  const start = async () => {
    output.length = 0
    guard.send('start')
    await answer()
    const until = Date.now() + READY_MS
    while (!(await isReady())) {
      if (pid === undefined || Date.now() > until) {
        signal('SIGKILL')
        throw failure('did not start')
      }
      await delay(50)
    }
  }
  const kill = async () => {
    if (pid === undefined) return
    const gone = answer()
    signal('SIGKILL')
    await gone
  }
  const stop = async () => {
    if (guard.connected) guard.disconnect()
    await ended
  }
  try {
    await start()
  } catch (error) {
    await stop()
    throw error
  }
  return { name, url, port, folder, start, signal, kill, stop }
}

/** Pieces of output that are kept for the message of a server that does not start. */
const MOST_OUTPUT = 200

/** @returns {Promise<number>} a port of 127.0.0.1 that nobody listens on */
export async function freePort() {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}

/** Install the servers that are missing. */
function install() {
  for (const [name, { isThere, install, missing }] of Object.entries(SERVICES)) {
    if (isThere()) continue
    install()
    if (!isThere()) throw new Error(`The ${name} server could not be installed. ${missing}`)
  }
}

/** @param {string} name */
function definitionOf(name) {
  const found = SERVICES[name]
  if (found) return found
  throw new Error(`There is no service ${name}, only ${Object.keys(SERVICES).join(', ')}.`)
}

/** @param {readonly string[]} names */
async function leaveUp(names) {
  const services = await Promise.all(names.map((name) => startService(name)))
  for (const { name, url } of services) console.log(`${name.padEnd(10)} ${url}`)
  console.log('Ctrl-C ends them.')
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  await Promise.all(services.map(({ stop }) => stop()))
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const names = process.argv.slice(2)
  if (names[0] === 'install') install()
  else await leaveUp(names.length > 0 ? names : Object.keys(SERVICES))
}
