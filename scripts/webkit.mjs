import { spawn } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, statfsSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { findProgram } from './programs.mjs'

/** What to tell a user whose machine has no WebKitGTK that can be driven. */
export const MISSING_WEBKIT =
  'No WebKitGTK was found: install it (`apt-get install webkit2gtk-driver xvfb xauth`), or set KONSERVE_WEBKIT to the ' +
  'path of a WebKitWebDriver, and KONSERVE_MINIBROWSER to that of its MiniBrowser; `xvfb-run` and `xauth` must be on the ' +
  'PATH.'

/**
 * The driver of the WebKitGTK to test with: the one that KONSERVE_WEBKIT names, else the one on the PATH.
 *
 * @returns {string | undefined}
 */
export function findWebKit() {
  const hasDisplay = ['xvfb-run', 'xauth'].every((name) => findProgram([], [name]) !== undefined)
  return hasDisplay ? findProgram(['KONSERVE_WEBKIT'], ['WebKitWebDriver']) : undefined
}

/**
 * The MiniBrowser to test with: the one that KONSERVE_MINIBROWSER names, else the one where distributions put it.
 *
 * @returns {string | undefined}
 */
export function findMiniBrowser() {
  const places = ['/usr/lib', '/usr/lib64', '/usr/libexec'].flatMap((root) => [root, ...foldersIn(root)])
  const folders = places.flatMap(foldersIn).filter((folder) => /\/webkit(2gtk|gtk)-\d/.test(folder))
  return findProgram(
    ['KONSERVE_MINIBROWSER'],
    folders.toSorted().map((folder) => join(folder, 'MiniBrowser')),
  )
}

/**
 * Open `url` in a MiniBrowser that nobody drives. Its storage is in files, as that of a user; a driven one has an
 * ephemeral session, whose IndexedDB keeps no Blob.
 *
 * @param {string} url
 * @returns {() => void} closes it
 */
export function showInWebKit(url) {
  const path = findMiniBrowser()
  if (path === undefined) throw new Error(MISSING_WEBKIT)
  return startOnDisplay([path, url])
}

/**
 * WebKitGTK's MiniBrowser on a display of its own, driven over the WebDriver protocol (W3C), as the part of Playwright's
 * BrowserContext that we need. It has one page, and its storage is in memory.
 *
 * @returns {Promise<WebKit>}
 *
 * @typedef {object} WebKit
 * @property {() => { version: () => string }} browser
 * @property {() => Promise<Page>} newPage
 * @property {() => Promise<void>} close
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<void>} goto
 * @property {(expression: string) => Promise<any>} evaluate waits for a promise, and answers what JSON can tell of its value
 */
export async function openWebKit() {
  const driver = await startDriver()
  try {
    const { sessionId, capabilities } = await send('POST', `${driver.url}/session`, { capabilities: {} })
    const session = `${driver.url}/session/${sessionId}`
    await send('POST', `${session}/timeouts`, { script: null, pageLoad: 60_000 })
    const page = {
      /** @param {string} url */
      goto: (url) => send('POST', `${session}/url`, { url }),
      /** @param {string} expression */
      evaluate: async (expression) => {
        const { value, error } = await send('POST', `${session}/execute/async`, {
          script: asking(expression),
          args: [],
        })
        if (error !== undefined) throw new Error(error)
        return JSON.parse(value)
      },
    }
    return {
      browser: () => ({ version: () => capabilities.browserVersion }),
      newPage: async () => page,
      close: async () => {
        await send('DELETE', session).finally(driver.stop)
      },
    }
  } catch (error) {
    driver.stop()
    throw error
  }
}

/**
 * JSON, as the protocol sorts the properties of objects.
 *
 * @param {string} expression
 */
function asking(expression) {
  return `const answer = arguments[0]
    Promise.resolve(${expression}).then(
      (value) => answer({ value: JSON.stringify(value ?? null) }),
      (error) => answer({ error: error + ' ' + error.stack }),
    )`
}

/** The driver, on a display that it shares with nobody. */
async function startDriver() {
  const path = findWebKit()
  if (path === undefined) throw new Error(MISSING_WEBKIT)
  const url = `http://127.0.0.1:${await freePort()}`
  const stop = startOnDisplay([path, `--port=${new URL(url).port}`])
  try {
    await untilReady(url)
  } catch (error) {
    stop()
    throw error
  }
  return { url, stop }
}

/**
 * Start a program on a display, and with a home, that it shares with nobody.
 *
 * @param {string[]} command
 * @returns {() => void} ends it
 */
function startOnDisplay(command) {
  const folder = mkdtempSync(join(quickFolder(), 'konserve-webkit-'))
  // `detached` makes a process group: the display, the driver, the browser and its children end together.
  const { pid } = spawn('xvfb-run', ['-a', ...command], {
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      HOME: folder,
      TMPDIR: folder,
      XDG_CACHE_HOME: join(folder, 'cache'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_DATA_HOME: join(folder, 'data'),
      WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      LIBGL_ALWAYS_SOFTWARE: '1',
    },
  })
  const stop = () => {
    process.off('exit', stop)
    for (const signal of SIGNALS) process.off(signal, exit)
    if (pid !== undefined) endGroup(pid)
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  process.once('exit', stop)
  for (const signal of SIGNALS) process.once(signal, exit)
  return stop
}

/** On disk, each transaction of IndexedDB waits for a sync. */
function quickFolder() {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    accessSync('/dev/shm', constants.W_OK)
    return bavail * bsize > 2 ** 30 ? '/dev/shm' : tmpdir()
  } catch {
    return tmpdir()
  }
}

/** Those that end Node without an `exit` event. */
const SIGNALS = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])

function exit() {
  process.exit(1)
}

/** @param {number} pid */
function endGroup(pid) {
  try {
    process.kill(-pid)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}

/** @param {string} url */
async function untilReady(url) {
  const deadline = Date.now() + 20_000
  for (;;) {
    try {
      await send('GET', `${url}/status`)
      return
    } catch (error) {
      if (Date.now() > deadline) throw new Error('WebKitWebDriver does not answer.', { cause: error })
      await sleep(100)
    }
  }
}

/** @param {string} folder */
function foldersIn(folder) {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name))
  } catch {
    return []
  }
}

/**
 * One command of the protocol. Not by `fetch`, which gives up on an answer after five minutes.
 *
 * @param {'GET' | 'POST' | 'DELETE'} method
 * @param {string} url
 * @param {object} [body]
 * @returns {Promise<any>} the answer's `value`
 */
async function send(method, url, body) {
  /** @type {import('node:http').IncomingMessage} */
  const response = await new Promise((resolve, reject) => {
    request(url, { method }, resolve)
      .once('error', reject)
      .end(body && JSON.stringify(body))
  })
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) text += chunk
  const { value } = JSON.parse(text)
  if (response.statusCode !== 200) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`)
  return value
}
