import { MANY, fill, many, manyKeys } from './data.mjs'
import { tierConfig } from './ours.mjs'

/**
 * Connect a tiered store, whose front is empty then, and fill the front with all records of the back. The back is open all
 * the time, as the database of `raw` is, which reads all its records in one request. Where there is none, we run alone.
 * What is there is looked at afterwards, untimed.
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
        const found = sumOf(manyKeys.map((key) => store.get(key, { sync: true })))
        if (found !== SUM) throw new Error(`The front is not filled: ${found} instead of ${SUM}.`)
        await releaseStore(config, store)
      }
      return (await store.tier.populate('missing')).read
    },
    after: async () => {
      await release?.()
      await place.settle()
    },
  }
  const getAll = await place.openRaw?.(name)
  const raw = getAll && {
    run: async () => (await getAll()).length,
    after: async () => {
      if (sumOf(await getAll()) !== SUM) throw new Error('Other records than expected.')
      await place.settle()
    },
  }
  await place.toFiles?.()
  return { operations: MANY, ours, peers: { ...(raw && { raw }) } }
}

const SUM = sumOf(many.map(([, record]) => record))

/** @param {Iterable<any>} records */
function sumOf(records) {
  let sum = 0
  for (const { score } of records) sum += score
  return sum
}
