import { record } from '../record.mjs'

/** What is in the stores: the record of 183 bytes that the codec suite has as `small`, a thousand times or ten thousand. */

/**
 * @typedef {ReturnType<typeof record>} Item
 * @typedef {readonly [key: string, value: Item]} Pair
 */

export const COUNT = 1000
export const MANY = 10_000

/** @type {readonly Pair[]} */
export const many = Array.from({ length: MANY }, (_, i) => {
  const value = record(i)
  return [value.id, value]
})

const few = many.slice(0, COUNT)
export const keys = few.map(([key]) => key)
export const manyKeys = many.map(([key]) => key)

/** The same keys with records of two ages, so that each write changes what is stored. */
export const revisions = [few, few.map(([key, value]) => /** @type {Pair} */ ([key, { ...value, age: value.age + 1 }]))]

/**
 * Fill a store, with a thousand records at a time.
 *
 * @param {{ setMany: (pairs: readonly Pair[]) => unknown }} store
 * @param {readonly Pair[]} [pairs]
 */
export async function fill(store, pairs = few) {
  for (let from = 0; from < pairs.length; from += COUNT) await store.setMany(pairs.slice(from, from + COUNT))
}
