import { FILL } from './data.mjs'
import { raw } from './raw.mjs'

/**
 * @typedef {import('./store.mjs').Store} Store
 * @typedef {import('./store.mjs').Open} Open
 */

/**
 * A contestant's database of this kind, opened and filled when it is first needed, and open for as long as it takes
 * until konserve-ts knows that nobody watches and no longer numbers its writes.
 *
 * @param {Open} open
 * @param {keyof typeof FILL} kind
 */
export function database(open, kind) {
  const ofContestant = databases.get(open) ?? new Map()
  databases.set(open, ofContestant)
  const known = ofContestant.get(kind)
  if (known) return known
  const name = `${kind}-${++count}`
  const opened = async () => {
    const store = await open(name)
    await FILL[kind](store)
    await new Promise((resolve) => setTimeout(resolve, 2000))
    return store
  }
  const made = { name, store: opened() }
  ofContestant.set(kind, made)
  return made
}

/**
 * What waits until the browser has done what earlier runs have left to it: a thousand reads are answered before their
 * transactions have ended, and whoever came next would pay for that, up to twice its own time.
 */
export async function settling() {
  const store = await raw('relaxed')('settling')
  return async () => {
    for (let i = 0; i < 5; i++) await store.set('', i)
  }
}

/** @type {Map<Open, Map<keyof typeof FILL, { name: string, store: Promise<Store> }>>} */
const databases = new Map()
let count = 0
