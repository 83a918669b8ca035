import { type Store, type StoreConfig, connectStore, createStore, releaseStore } from '../../../src/browser.ts'

/** A store that several contexts use, and the time at which all begin. */
export interface Place {
  readonly config: StoreConfig
  readonly start: number
}

/** Jobs of several contexts at the same store at once. */
export const together = {
  /** Add one to the counter, five at a time so that the contexts take turns, and answer what each call answered. */
  increment: ({ times, ...place }: Place & { readonly times: number }): Promise<number[]> =>
    atStart(place, async (store) => {
      const answers: number[] = []
      while (answers.length < times) {
        const updates = Array.from({ length: 5 }, () => store.update('n', (n: number = 0) => n + 1))
        for (const [, next] of await Promise.all(updates)) answers.push(next)
      }
      return answers
    }),
  /** Add one to the counter without `update`, in a lock. */
  incrementLocked: ({ times, ...place }: Place & { readonly times: number }): Promise<void> =>
    atStart(place, async (store) => {
      const enter = (): Promise<void> =>
        store.withLock('door', async () => {
          const n = ((await store.get('n', { default: 0 })) as number) + 1
          await new Promise((resolve) => setTimeout(resolve, 5))
          await store.set('n', n)
        })
      await Promise.all(Array.from({ length: times }, enter))
    }),
  append: ({ elements, ...place }: Place & { readonly elements: readonly string[] }): Promise<void> =>
    atStart(place, async (store) => {
      for (const element of elements) await store.append('log', element)
    }),
  /** Write under the own name, and answer the names that a watch has told of until there are that many. */
  meet: ({ name, others, ...place }: Place & { readonly name: string; readonly others: number }): Promise<string[]> =>
    atStart(place, async (store) => {
      const met = new Set<string>()
      const all = new Promise<void>((resolve) => {
        store.watch({}, (event) => {
          if (event.type !== 'resync') met.add(String(event.key))
          if (met.size === others + 1) resolve()
        })
      })
      // Whoever watches later than this is written does not hear of it, so it is written until all have met.
      const writing = setInterval(() => void store.set(name, Date.now()), 100)
      try {
        await all
        await new Promise((resolve) => setTimeout(resolve, 500))
      } finally {
        clearInterval(writing)
      }
      return [...met].sort()
    }),
  create: async ({ config, start }: Place): Promise<string> => {
    await until(start)
    try {
      await releaseStore(config, await createStore(config))
      return 'made'
    } catch (error) {
      return String((error as { code?: string }).code)
    }
  },
}

async function atStart<T>({ config, start }: Place, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await connectStore(config)
  try {
    await until(start)
    return await work(store)
  } finally {
    await releaseStore(config, store)
  }
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, time - Date.now()))
}
