import type { Key } from '../base/entry.ts'
import { KeyQueue } from '../engine/queue.ts'
import { type Context, checkOpen, nameAndKey, placeOf } from './context.ts'

const locks = new KeyQueue()

/**
 * Run `fn` while no other `withLock` of this key runs: in this process, and in the origin's other tabs and workers where
 * the backend reaches that far and the platform has Web Locks. The lock is advisory and stands apart from the key's order.
 */
export async function withLock<T>(
  context: Context,
  key: Key,
  fn: () => T,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Awaited<T>> {
  const { handle } = context
  checkOpen(handle)
  signal?.throwIfAborted()
  const [name] = nameAndKey(context, key)
  const task = async (): Promise<Awaited<T>> => fn() as Awaited<T>
  if (handle.engine.backend.capabilities.lock === 'origin') {
    const lock = `konserve-ts:${handle.config.id}:${name}`
    return navigator.locks.request(lock, { signal: signal! }, task)
  }
  return locks.exclusive([placeOf(context, name)], { sync: false, signal }, task)
}
