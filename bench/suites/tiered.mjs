import { isWanted, measure } from '../harness.mjs'
import { hot, hotSync } from '../tiered/gets.mjs'
import { openPlace } from '../tiered/place.mjs'
import { populate } from '../tiered/populate.mjs'
import { writes } from '../tiered/sets.mjs'

/**
 * A tiered store, memory in front of IndexedDB, beside caches in memory and libraries over IndexedDB. In Node the back is a
 * `file` store. `@freeze` is the front's `isolation: 'freeze'`, else values are cloned.
 */

export const inPage = true

/**
 * @typedef {Omit<import('../harness.mjs').Row, 'name'>} Contest
 *
 * @type {Record<string, (place: import('../tiered/place.mjs').Place, name: string) => Promise<Contest>>}
 */
const ROWS = {
  'get.hot': hot,
  'get.hotSync': hotSync,
  'get.hot@freeze': (place, name) => hot(place, name, 'freeze'),
  'get.hotSync@freeze': (place, name) => hotSync(place, name, 'freeze'),
  'set.writeThrough': (place, name) => writes(place, name, 'write-through'),
  'set.writeBehind': (place, name) => writes(place, name, 'write-behind'),
  populate10k: populate,
}

/**
 * @param {import('../harness.mjs').Options} options
 * @returns {Promise<import('../harness.mjs').Result[]>}
 */
export async function run(options) {
  const place = await openPlace()
  try {
    const results = []
    for (const [name, contest] of Object.entries(ROWS)) {
      if (!isWanted(name, options)) continue
      results.push(...(await measure({ name, ...(await contest(place, name)) }, options)))
    }
    return results
  } finally {
    await place.close()
  }
}
