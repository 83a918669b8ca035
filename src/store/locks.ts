import type { Key } from '../base/entry.ts'
import { type Context, named, sharedBy } from './context.ts'

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
  handle.checkOpen()
  signal?.throwIfAborted()
  const { name } = named(context, key)
  const task = async (): Promise<Awaited<T>> => await fn()
  if (handle.engine.backend.capabilities.lock === 'origin') {
    const lock = `konserve-ts:${handle.config.id}:${name}`
    return await navigator.locks.request(lock, signal ? { signal } : {}, task)
  }
  return sharedBy(handle.engine).locks.exclusive([name], { sync: false, signal }, task)
}
