import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { pathToFileURL } from 'node:url'

/*
 * Cloudflare's runtime, by miniflare. It is too large to be installed with everything else: it comes into
 * $XDG_CACHE_HOME/konserve-ts (~/.cache without it) when it is first asked for.
 */

const MINIFLARE = '4.20260730.0'

/** @returns {Promise<any>} the module `miniflare` */
export async function loadMiniflare() {
  const cache = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const folder = join(cache, 'konserve-ts', `miniflare-${MINIFLARE}`)
  const entry = join(folder, 'node_modules/miniflare/dist/src/index.js')
  if (!existsSync(entry)) {
    mkdirSync(folder, { recursive: true })
    const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--no-save', `miniflare@${MINIFLARE}`]
    execFileSync('npm', args, { stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  }
  return import(pathToFileURL(entry).href)
}
