/**
 * A browser that is killed while a page writes: what was acknowledged is there when it is started again, and nothing is
 * torn. The machine goes on running, so that this says nothing about a power cut.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { spawnChromium } from '../../scripts/spawn-chromium.mjs'

/**
 * What the page has been told is stored, over all rounds.
 *
 * @typedef {object} Progress
 * @property {number} single the last number of a single entry
 * @property {number} batch the last number of a batch
 * @property {number} count how often the counter was incremented
 * @property {number} wave the last number of a wave of writes at once
 */

/** @returns {Progress} */
export function newProgress() {
  return { single: -1, batch: -1, count: 0, wave: -1 }
}

const BATCH = 7
const WAVE = 20

/**
 * Use a page of a browser that is then killed.
 *
 * @template T
 * @param {string} url a page that has the library as `konserve`
 * @param {string} profile
 * @param {(page: import('playwright').Page) => Promise<T>} use
 */
export async function inKilledBrowser(url, profile, use) {
  const { context, kill } = await spawnChromium(profile)
  try {
    const page = await context.newPage()
    await page.goto(url)
    await page.waitForFunction('"konserve" in window')
    return await use(page)
  } finally {
    await kill()
  }
}

/**
 * Start a browser, check what is there, write for so many milliseconds, and kill it.
 *
 * @param {string} url
 * @param {string} profile
 * @param {string} id
 * @param {number} milliseconds
 * @param {Progress} progress
 */
export function crashRound(url, profile, id, milliseconds, progress) {
  return inKilledBrowser(url, profile, async (page) => {
    await page.exposeFunction('acknowledge', (/** @type {keyof Progress} */ what, /** @type {number} */ n) => {
      progress[what] = n
    })
    await check(page, id, progress)
    void page.evaluate(load, { id, progress, BATCH, WAVE }).catch(() => undefined)
    await sleep(milliseconds)
  })
}

/**
 * Look at what is there once more, without writing.
 *
 * @param {string} url
 * @param {string} profile
 * @param {string} id
 * @param {Progress} progress
 */
export function finalCheck(url, profile, id, progress) {
  return inKilledBrowser(url, profile, (page) => check(page, id, progress))
}

/**
 * @param {import('playwright').Page} page
 * @param {string} id
 * @param {Progress} progress
 */
async function check(page, id, progress) {
  const found = await page.evaluate(read, { id, progress })
  assert.deepEqual(found.wrong, [])
  for (let n = 0; n <= progress.single; n++) assert.ok(found.singles.includes(n), `single ${n} is lost`)
  for (const [n, count] of Object.entries(found.batches)) assert.equal(count, BATCH, `batch ${n} is torn`)
  for (let n = 0; n <= progress.batch; n++) assert.ok(n in found.batches, `batch ${n} is lost`)
  for (let n = 0; n <= progress.wave; n++) assert.equal(found.waves[n], WAVE, `wave ${n} is not whole`)
  assert.ok(found.count === progress.count || found.count === progress.count + 1, `${found.count} is not the count`)
  // What was written and not acknowledged any more is there for good, too.
  progress.count = found.count
  progress.single = Math.max(progress.single, ...found.singles)
  progress.batch = Math.max(progress.batch, ...Object.keys(found.batches).map(Number))
  progress.wave = Math.max(progress.wave, ...Object.keys(found.waves).map(Number))
  for (let n = 0; n <= progress.wave; n++) if (found.waves[n] !== WAVE) progress.wave = n - 1
}

/**
 * In the page: write without end.
 *
 * @param {{ id: string, progress: Progress, BATCH: number, WAVE: number }} given
 */
async function load({ id, progress, BATCH, WAVE }) {
  const { konserve, acknowledge } = /** @type {any} */ (globalThis)
  const store = await konserve.connectStore({ backend: 'indexeddb', id, durability: 'strict' })
  /** @param {number} n */
  const value = (n) => ({ n, text: String(n).repeat(1 + ((n * 37) % 900)) })
  /** @param {(n: number) => Promise<void>} step @param {number} from */
  const forever = async (step, from) => {
    for (let n = from; ; n++) await step(n)
  }
  await Promise.all([
    forever(async (n) => {
      await store.set(`single-${n}`, value(n))
      await acknowledge('single', n)
    }, progress.single + 1),
    forever(async (n) => {
      await store.setMany(Array.from({ length: BATCH }, (_, i) => [`batch-${n}-${i}`, value(n)]))
      await acknowledge('batch', n)
    }, progress.batch + 1),
    forever(async (n) => {
      await Promise.all(Array.from({ length: WAVE }, (_, i) => store.set(`wave-${n}-${i}`, value(n))))
      await acknowledge('wave', n)
    }, progress.wave + 1),
    forever(async () => {
      const [, count] = await store.update('count', (/** @type {number | undefined} */ old = 0) => old + 1)
      await acknowledge('count', count)
    }, 0),
  ])
}

/**
 * In the page: what is there, and what of it is not as it was written.
 *
 * @param {{ id: string }} given
 */
async function read({ id }) {
  const { konserve } = /** @type {any} */ (globalThis)
  const store = await konserve.connectStore({ backend: 'indexeddb', id, durability: 'strict' })
  /** @type {{ singles: number[], batches: Record<string, number>, waves: Record<string, number>, count: number, wrong: string[] }} */
  const found = { singles: [], batches: {}, waves: {}, count: 0, wrong: [] }
  for await (const [key, value] of store.entries()) {
    const [kind, n] = key.split('-')
    if (kind === 'count') {
      found.count = value
      continue
    }
    if (value.n !== Number(n) || value.text !== n.repeat(1 + ((value.n * 37) % 900))) found.wrong.push(key)
    if (kind === 'single') found.singles.push(value.n)
    else if (kind === 'batch') found.batches[n] = (found.batches[n] ?? 0) + 1
    else found.waves[n] = (found.waves[n] ?? 0) + 1
  }
  return found
}
