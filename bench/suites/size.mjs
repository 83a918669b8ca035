import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { minifySync } from 'vite'
import { bundle } from '../../scripts/bundle.mjs'
import { compare, isWanted } from '../harness.mjs'

/**
 * What a page downloads: bytes of the minified bundle of everything that an entry exports, dependencies included, after
 * gzip at its highest level, at its start and, for a store that compresses or encrypts, later. The browser entry may have
 * 64 kB at its start, and the module for what comes later 45.
 */

const BUDGET = 64_000
const UNIT = 'B gzip'
const root = fileURLToPath(new URL('../..', import.meta.url))
const bench = fileURLToPath(new URL('..', import.meta.url))

/** @type {Record<string, string>} */
const PEER_CODE = {
  'idb-keyval': `export * from 'idb-keyval'`,
  localforage: `export { default } from 'localforage'`,
  dexie: `export * from 'dexie'; export { default } from 'dexie'`,
  'unstorage, memory driver': `export * from 'unstorage'; export { default } from 'unstorage/drivers/memory'`,
  keyv: `export * from 'keyv'; export { default } from 'keyv'`,
}

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  /** @type {Record<string, number>} */
  const others = {}
  for (const [name, code] of Object.entries(PEER_CODE))
    others[name] = gzip((await bundle(bench, code, ['browser'])).code)
  const browser = await bundle(root, `export * from 'konserve-ts'`, ['browser'], { splits: true })
  const js = await bundle(root, `export * from 'konserve-ts/js'`, ['browser'], { splits: true })
  const tag = readFileSync(new URL('../../dist/konserve.global.js', import.meta.url), 'utf8')
  return [
    compare('browser entry', UNIT, gzip(browser.code), others),
    compare('js entry', UNIT, gzip(js.code), others),
    compare('script tag', UNIT, gzip(tag), others),
    compare('budget of the browser entry, left', UNIT, BUDGET - gzip(browser.code), {}),
    ...[...browser.later].map(([file, code]) => compare(`browser entry, later: ${file}`, UNIT, gzip(code), {})),
    ...parts(browser.modules),
  ].filter(({ name }) => isWanted(name, options))
}

/**
 * The browser entry by folder of `src` and by dependency. Each part is compressed alone, so that together they are
 * somewhat more than the whole.
 *
 * @param {Map<string, string>} modules
 */
function parts(modules) {
  /** @type {Map<string, string[]>} */
  const groups = new Map()
  for (const [id, code] of modules) {
    const name = part(id)
    groups.set(name, [...(groups.get(name) ?? []), code])
  }
  return [...groups]
    .map(([name, code]) => compare(`browser entry, ${name}`, UNIT, gzip(minified(code.join('\n'))), {}))
    .sort((a, b) => b.ours - a.ours)
}

/** @param {string} id */
function part(id) {
  const dependency = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)
  if (dependency) return String(dependency[1])
  const [folder, file] = id.startsWith(`${root}dist/`) ? id.slice(`${root}dist/`.length).split('/') : []
  return folder !== undefined && file !== undefined ? `${folder}/` : 'entries and bundler'
}

/** @param {string} code */
function minified(code) {
  const options = { module: true, compress: { unused: false }, mangle: { toplevel: true } }
  const result = minifySync('part.js', code, options)
  if (result.errors.length > 0) throw new Error(result.errors.map((error) => error.message).join('\n'))
  return result.code
}

/** @param {string} text */
function gzip(text) {
  return gzipSync(text, { level: 9 }).length
}
