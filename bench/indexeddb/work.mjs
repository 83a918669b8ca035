import { COUNT, MANY, binaries, keys, pairs } from './data.mjs'

/**
 * The rows: what is done, and how it is checked. Of what was read the scores are summed; of what was written the first and
 * the last are looked at.
 *
 * @typedef {import('./store.mjs').Store} Store
 * @typedef {import('./store.mjs').Pair} Pair
 * @typedef {import('../harness.mjs').Contestant} Contestant
 *
 * @typedef {object} Work
 * @property {keyof typeof import('./data.mjs').FILL} kind what has to be in the database
 * @property {number} operations
 * @property {number} [rounds] the fewest
 * @property {number} [slices]
 * @property {(store: Store, reopen: () => Promise<Store>) => Contestant | undefined} contest nothing for a store that cannot
 */

const SEQUENTIAL = 100
/**
 * One call after the other waits for other threads and processes most of its time, and for seconds at a time that takes
 * longer than at others. So they take turns after ten calls. The first of them, which finds nothing of its own in the
 * processor's caches, is not timed.
 */
const SLICES = 10
const SLICE = SEQUENTIAL / SLICES
/** Of rows that vary much from round to round. */
const MANY_ROUNDS = 31
const CALLERS = 50
const CALLS = 20
const SAME = 200

const few = keys.slice(0, SEQUENTIAL)

/**
 * A call for each of a few keys, one after the other, in slices.
 *
 * @param {(key: string, i: number) => Promise<unknown>} call may answer a number for the checksum
 * @returns {Required<Pick<Contestant, 'enter' | 'run'>>}
 */
function oneByOne(call) {
  const next = (/** @type {number} */ i) => call(String(few[i]), i)
  return {
    enter: (slice) => next(slice * SLICE),
    run: async (slice) => {
      let sum = 0
      for (let i = slice * SLICE + 1; i < (slice + 1) * SLICE; i++) {
        const answer = await next(i)
        if (typeof answer === 'number') sum += answer
      }
      return sum
    },
  }
}

/** @type {Record<string, Work>} */
export const WORK = {
  'set.sequential': {
    kind: 'records',
    operations: SEQUENTIAL - SLICES,
    slices: SLICES,
    rounds: MANY_ROUNDS,
    contest(store) {
      const { current, ...contestant } = revising(store, few)
      return { ...contestant, ...oneByOne((key, i) => store.set(key, current()[i]?.[1])) }
    },
  },
  'set.concurrent1k': {
    kind: 'records',
    operations: COUNT,
    contest: (store) => writing(store, keys, (pairs) => store.setAtOnce(pairs)),
  },
  'set.callers50': {
    kind: 'records',
    operations: COUNT,
    contest: (store) => writing(store, keys, (pairs) => byCallers(pairs, (pair) => store.set(...pair))),
  },
  'get.sequential': {
    kind: 'records',
    operations: SEQUENTIAL - SLICES,
    slices: SLICES,
    rounds: MANY_ROUNDS,
    contest: (store) => oneByOne(async (key) => (await store.get(key)).score),
  },
  'get.concurrent1k': {
    kind: 'records',
    operations: COUNT,
    contest: (store) => ({ run: async () => sumOf(await store.getAtOnce(keys)) }),
  },
  'get.callers50': {
    kind: 'records',
    operations: COUNT,
    contest: (store) => ({
      run: async () => {
        let sum = 0
        await byCallers(keys, async (key) => {
          // Two statements: one would add to the sum from before the await.
          const { score } = await store.get(key)
          sum += score
        })
        return sum
      },
    }),
  },
  'mix.callers50': {
    kind: 'records',
    operations: COUNT,
    contest: (store) => {
      const written = keys.filter((_, i) => i % 2 === 1)
      return writing(store, written, async (pairs) => {
        let sum = 0
        await byCallers(pairs, async ([key, value], i) => {
          if (i % 2 === 1) return store.set(key, value)
          const { score } = await store.get(key)
          sum += score
        })
        return sum
      })
    },
  },
  setMany1k: {
    kind: 'records',
    operations: COUNT,
    contest: (store) => writing(store, keys, (pairs) => store.setMany(pairs)),
  },
  getMany1k: {
    kind: 'records',
    operations: COUNT,
    contest: (store) => ({ run: async () => sumOf(await store.getMany(keys)) }),
  },
  'update.sequential': {
    kind: 'records',
    operations: SEQUENTIAL - SLICES,
    slices: SLICES,
    rounds: MANY_ROUNDS,
    contest: (store) => ({
      ...updating(store, few, 1),
      ...oneByOne((key) => store.update(key, revised)),
    }),
  },
  'update.same200': {
    kind: 'records',
    operations: SAME,
    contest(store) {
      if (!store.isExact) return
      const same = new Array(SAME).fill(keys[0])
      return {
        ...updating(store, same.slice(0, 1), SAME),
        run: async () => (await Promise.all(same.map((key) => store.update(key, revised)))).length,
      }
    },
  },
  keys10k: {
    kind: 'many',
    operations: MANY,
    rounds: MANY_ROUNDS,
    contest: (store) => ({
      run: async () => {
        const found = await store.keys()
        return found.length + Number(String(found.at(-1)).slice('user:'.length))
      },
    }),
  },
  entries1k: {
    kind: 'records',
    operations: COUNT,
    rounds: MANY_ROUNDS,
    contest: (store) => ({ run: async () => sumOf(Array.from(await store.entries(), ([, value]) => value)) }),
  },
  'binary100k.set': {
    kind: 'binaries',
    operations: binaries.length,
    contest(store) {
      let mark = 0
      return {
        before: () => {
          mark = 1 - mark
          for (const [, bytes] of binaries) bytes[0] = mark
        },
        run: async () => {
          for (const [key, bytes] of binaries) await store.setBytes(key, bytes)
          return 0
        },
        after: async () => {
          for (const [key, { length }] of binaries) {
            const bytes = await store.getBytes(key)
            if (bytes.length !== length || bytes[0] !== mark) throw new Error(`${key} is not what was written.`)
          }
        },
      }
    },
  },
  'binary100k.get': {
    kind: 'binaries',
    operations: binaries.length,
    contest: (store) => ({
      run: async () => {
        let sum = 0
        for (const [key] of binaries) {
          const bytes = await store.getBytes(key)
          sum += bytes.length + bytes.at(-1)
        }
        return sum
      },
    }),
  },
  'connect.cold': {
    kind: 'closing',
    operations: 1,
    contest(store, reopen) {
      if (store.close === undefined) return
      let open = store
      return {
        before: () => open.close?.(),
        run: async () => {
          open = await reopen()
          return (await open.get(String(keys[7]))).score
        },
      }
    },
  },
}

/**
 * @param {Store} store
 * @param {readonly string[]} written the keys
 * @param {(pairs: readonly Pair[]) => Promise<unknown>} write may answer a checksum
 * @returns {Contestant}
 */
function writing(store, written, write) {
  const { current, ...contestant } = revising(store, written)
  return {
    ...contestant,
    run: async () => {
      const sum = await write(current())
      return typeof sum === 'number' ? sum : 0
    },
  }
}

/**
 * Each run is to write the pairs of the other revision.
 *
 * @param {Store} store
 * @param {readonly string[]} written the keys
 */
function revising(store, written) {
  let revision = 0
  return {
    current: () => pairs[revision] ?? [],
    before: () => {
      revision = 1 - revision
    },
    after: () => expectRevision(store, written, revision),
  }
}

/**
 * Each run is to update the keys, which are the first ones, from the revision 0 on.
 *
 * @param {Store} store
 * @param {readonly string[]} updated
 * @param {number} times how often each
 */
function updating(store, updated, times) {
  return {
    before: () => store.setMany((pairs[0] ?? []).slice(0, updated.length)),
    after: () => expectRevision(store, updated, times),
  }
}

/** @param {import('./store.mjs').Item} old */
function revised(old) {
  return { ...old, revision: old.revision + 1 }
}

/**
 * As many callers, each making its next call when the one before is answered.
 *
 * @template T
 * @param {readonly T[]} items
 * @param {(item: T, i: number) => Promise<unknown>} call
 */
async function byCallers(items, call) {
  await Promise.all(
    Array.from({ length: CALLERS }, async (_, caller) => {
      for (const [i, item] of items.slice(caller * CALLS, (caller + 1) * CALLS).entries()) await call(item, i)
    }),
  )
}

/** @param {readonly import('./store.mjs').Item[]} items */
function sumOf(items) {
  let sum = 0
  for (const { score } of items) sum += score
  return sum
}

/**
 * @param {Store} store
 * @param {readonly string[]} written
 * @param {number} revision
 */
async function expectRevision(store, written, revision) {
  for (const key of [written.at(0), written.at(-1)]) {
    const found = (await store.get(String(key))).revision
    if (found !== revision) throw new Error(`${key} is at revision ${found}, not ${revision}.`)
  }
}
