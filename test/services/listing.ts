import type { Store } from '../../src/node.ts'

/** All keys of a store, in the order of its listing. */
export async function listNames(store: Store): Promise<unknown[]> {
  const keys: unknown[] = []
  for await (const key of store.keys()) keys.push(key)
  return keys
}
