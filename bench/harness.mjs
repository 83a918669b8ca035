/**
 * Contestants on the same work, interleaved in one process: each round runs all of them, in an order of its own,
 * and the median round counts. Nothing here needs Node, so that a page can run it too.
 *
 * @typedef {object} Contestant
 * @property {() => unknown} [before] prepares one run, untimed
 * @property {(slice: number) => unknown} [enter] comes before each slice, untimed
 * @property {(slice: number) => number | Promise<number>} run does the work, or a slice of it; answers a checksum of what
 *   it saw
 * @property {() => unknown} [after] looks at what one run has left, untimed; throws if it is wrong
 *
 * @typedef {object} Row
 * @property {string} name
 * @property {number} operations how many of them one run does, all slices together
 * @property {number | undefined} [slices] into how many slices the work of one run is cut. The contestants take turns by slices, each
 *   of which counts as a round: where the machine is slow for a while, it is so for all of them. Default 1
 * @property {Contestant} ours
 * @property {Record<string, Contestant>} peers
 *
 * @typedef {object} Result
 * @property {string} name
 * @property {string} unit
 * @property {number} ours
 * @property {Record<string, number>} peers
 * @property {Record<string, number>} ratio peer through ours: above 1 where ours is faster, or smaller
 *
 * @typedef {object} Options
 * @property {number} rounds
 * @property {string} [only] a regular expression: measure only the rows whose names match
 */

export const MINIMUM_ROUNDS = 9

const WARM_UP_MS = 60
const ROUND_MS = 6

/** Browsers round their clocks, by 5 µs to 1 ms: a round lasts at least so many steps. */
const ROUND_STEPS = 50

/**
 * Time one row, in microseconds an operation. Contestants that see different results do different work: an error.
 *
 * @param {Row} row
 * @param {Options} options
 * @returns {Promise<Result[]>} one, or none of a row that is not wanted
 */
export async function measure({ name, operations, slices = 1, ours, peers }, options) {
  if (!isWanted(name, options)) return []
  const roundMs = Math.max(ROUND_MS, ROUND_STEPS * clockStep())
  const runners = Object.entries({ ...peers, [OURS]: ours }).map(
    ([label, contestant]) => new Runner(label, contestant, slices),
  )
  for (const runner of runners) await runner.warmUp(roundMs)
  const checksums = new Set(runners.map((runner) => runner.checksum))
  if (checksums.size > 1) {
    throw new Error(`${name}: different results, ${runners.map((each) => `${each.label} ${each.checksum}`).join(', ')}`)
  }
  for (let round = 0; round < Math.max(options.rounds, MINIMUM_ROUNDS); round++) {
    if (slices === 1) for (const runner of shuffled(runners)) await runner.round()
    else await inSlices(runners, slices)
  }
  const medians = Object.fromEntries(runners.map(({ label, times }) => [label, (median(times) * 1000) / operations]))
  const { [OURS]: own = NaN, ...others } = medians
  return [compare(name, 'µs', own, others)]
}

/**
 * @param {string} name of a row
 * @param {Pick<Options, 'only'>} options
 */
export function isWanted(name, { only }) {
  return only === undefined || new RegExp(only).test(name)
}

/**
 * @param {string} name
 * @param {string} unit
 * @param {number} ours
 * @param {Record<string, number>} peers
 * @returns {Result}
 */
export function compare(name, unit, ours, peers) {
  const ratio = Object.fromEntries(Object.entries(peers).map(([peer, value]) => [peer, round(value / ours)]))
  const rounded = Object.fromEntries(Object.entries(peers).map(([peer, value]) => [peer, round(value)]))
  return { name, unit, ours: round(ours), peers: rounded, ratio }
}

const OURS = 'ours'

class Runner {
  /** Milliseconds a run, one number a round. @type {number[]} */
  times = []
  /** @type {number | undefined} */
  checksum
  #repetitions = 1
  #sum = 0

  /**
   * @param {string} label
   * @param {Contestant} contestant
   * @param {number} slices
   */
  constructor(label, contestant, slices) {
    this.label = label
    this.contestant = contestant
    this.slices = slices
  }

  /** @param {number} roundMs what a round shall last */
  async warmUp(roundMs) {
    let elapsed = 0
    let runs = 0
    while (elapsed < WARM_UP_MS || runs < 3) {
      elapsed += await this.#once()
      runs++
    }
    this.#repetitions = Math.max(1, Math.ceil((roundMs * runs) / elapsed))
  }

  async round() {
    await turn()
    let elapsed = 0
    for (let i = 0; i < this.#repetitions; i++) elapsed += await this.#once()
    this.times.push(elapsed / this.#repetitions)
  }

  async #once() {
    let elapsed = 0
    await this.begin()
    for (let slice = 0; slice < this.slices; slice++) elapsed += await this.slice(slice)
    await this.end()
    return elapsed
  }

  async begin() {
    this.#sum = 0
    await this.contestant.before?.()
  }

  /** @param {number} index */
  async slice(index) {
    await this.contestant.enter?.(index)
    const started = performance.now()
    const pending = this.contestant.run(index)
    this.#sum += typeof pending === 'number' ? pending : await pending
    return performance.now() - started
  }

  async end() {
    await this.contestant.after?.()
    if (this.checksum !== undefined && this.#sum !== this.checksum) throw new Error(`${this.label}: results differ`)
    this.checksum = this.#sum
  }
}

/**
 * One run of each, in turns.
 *
 * @param {readonly Runner[]} runners
 * @param {number} slices
 */
async function inSlices(runners, slices) {
  await turn()
  for (const runner of runners) await runner.begin()
  for (let slice = 0; slice < slices; slice++) {
    for (const runner of shuffled(runners)) runner.times.push((await runner.slice(slice)) * slices)
  }
  for (const runner of runners) await runner.end()
}

/**
 * In an order of its own for each round: who always came after the same one would always pay for what that has left behind.
 *
 * @template T
 * @param {readonly T[]} items
 */
function shuffled(items) {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

/**
 * Let the event loop go on, as it does in every program: what waits for that, as the timers of drivers, would pile up where
 * everything is answered by promises alone.
 */
function turn() {
  return new Promise((resolve) => void (globalThis.setImmediate ?? setTimeout)(resolve, 0))
}

/** Milliseconds between two readings of the clock that differ. */
function clockStep() {
  let step = Infinity
  for (let i = 0; i < 10; i++) {
    const started = performance.now()
    let now = started
    while (now === started) now = performance.now()
    step = Math.min(step, now - started)
  }
  return step
}

/** @param {number[]} values */
function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2
}

/** Three significant digits, and all of those before the point. @param {number} value */
function round(value) {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
