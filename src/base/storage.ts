import { inTime } from './timers.ts'

/** How much of what a site may store is used, in bytes, and whether the browser keeps it when space runs short. */
export interface StorageReport {
  readonly usage: number
  readonly quota: number
  /** `undefined` where the browser does not tell. */
  readonly persisted: boolean | undefined
}

/**
 * Ask the browser to keep what this site stores until the user deletes it. Browsers decide by themselves, or ask the
 * user; whether they will is the answer. `false` too where there is nobody to ask, or who does not answer in time.
 */
export async function requestPersistence({ timeout = 5000 }: { readonly timeout?: number } = {}): Promise<boolean> {
  return (await answerOf(() => storage()?.persist?.(), timeout)) ?? false
}

/** What the browser says of this site's storage; `undefined` if it says nothing, or not in time (milliseconds). */
export async function storageEstimate({ timeout = 5000 }: { readonly timeout?: number } = {}): Promise<
  StorageReport | undefined
> {
  const [estimate, persisted] = await Promise.all([
    answerOf(() => storage()?.estimate?.(), timeout),
    answerOf(() => storage()?.persisted?.(), timeout),
  ])
  const { usage, quota } = { ...estimate }
  return usage === undefined || quota === undefined ? undefined : { usage, quota, persisted }
}

function storage(): Partial<StorageManager> | undefined {
  return globalThis.navigator?.storage
}

/** Firefox does not answer while a user leaves its question open, or without a window. */
async function answerOf<T>(ask: () => Promise<T> | undefined, timeout: number): Promise<T | undefined> {
  try {
    return await inTime(ask(), timeout)
  } catch {
    return undefined
  }
}
