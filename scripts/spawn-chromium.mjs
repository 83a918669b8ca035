import { spawn } from 'node:child_process'
import process from 'node:process'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright'
import { launchOptions } from './chromium.mjs'

/**
 * A headless Chromium on the profile in `folder` that is ours to kill, or to run under another program (`strace` and its
 * arguments, say).
 *
 * @param {string} folder
 * @param {readonly string[]} [under]
 * @returns {Promise<{ context: import('playwright').BrowserContext, kill: () => Promise<void> }>} `kill` ends all of its
 *   processes at once, by SIGKILL
 */
export async function spawnChromium(folder, under = []) {
  const { executablePath, args } = launchOptions()
  const [command, ...rest] = [
    ...under,
    executablePath,
    ...args,
    '--headless',
    '--no-sandbox',
    '--remote-debugging-port=0',
    `--user-data-dir=${folder}`,
    'about:blank',
  ]
  // A process group of its own.
  const child = spawn(command, rest, { detached: true, stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const killGroup = () => {
    try {
      return process.kill(-(/** @type {number} */ (child.pid)), 'SIGKILL')
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
      return false
    }
  }
  const kill = async () => {
    process.off('exit', killGroup)
    // Until none of them is left: what still runs may still write.
    while (killGroup()) await sleep(5)
    await ended
  }
  process.once('exit', killGroup)
  try {
    const browser = await chromium.connectOverCDP(await endpointOf(child))
    const [context] = browser.contexts()
    if (context === undefined) throw new Error('Chromium has no context.')
    return { context, kill }
  } catch (error) {
    await kill()
    throw error
  }
}

/**
 * Where it takes commands, as it says itself.
 *
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<string>}
 */
async function endpointOf(child) {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text) => (said += text))
  for (let i = 0; i < 600 && child.exitCode === null; i++) {
    const endpoint = /ws:\/\/\S+/.exec(said)?.[0]
    if (endpoint) return endpoint
    await sleep(50)
  }
  throw new Error(`Chromium did not start:\n${said}`)
}
