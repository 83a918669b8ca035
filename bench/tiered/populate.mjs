import { MANY, fill, many, manyKeys } from './data.mjs'
import { tierConfig } from './ours.mjs'

/**
 * Connect a tiered store, whose front is empty then, and have all records of the back in front. The back is open all the
 * time, as the database of `raw` is, which reads all its records in one request. Where there is none, we run alone.
 *
 * @param {import('./place.mjs').Place} place
 * @param {string} name
 */
export async function populate(place, name) {
  const { connectStore, releaseStore } = place
  await fill(await connectStore(place.back(name)), many)
  const config = tierConfig(place, name)
  /** @type {(() => Promise<void>) | undefined} */
  let release
  /** @type {import('../harness.mjs').Contestant} */
  const ours = {
    run: async () => {
      const store = await connectStore(config)
      release = async () => {
        if (store.get(manyKeys[MANY - 1], { sync: true }) === undefined) throw new Error('The front is not filled.')
        await releaseStore(config, store)
      }
      return sumOf((await store.getMany(manyKeys)).values())
    },
    after: async () => {
      await release?.()
      await place.settle()
    },
  }
  const getAll = await place.openRaw?.(name)
  const raw = getAll && { run: async () => sumOf(await getAll()), after: place.settle }
  return { operations: MANY, ours, peers: { ...(raw && { raw }) } }
}

/** @param {Iterable<any>} records */
function sumOf(records) {
  let sum = 0
  for (const { score } of records) sum += score
  return sum
}
