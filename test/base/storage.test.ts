import { afterEach, expect, test, vi } from 'vitest'
import { requestPersistence, storageEstimate } from '../../src/index.ts'

afterEach(() => vi.unstubAllGlobals())

/** A browser whose storage answers so. */
function stub(storage: Partial<StorageManager> | undefined): void {
  vi.stubGlobal('navigator', { storage })
}

const never = (): Promise<never> => new Promise(() => undefined)

test('the browser is asked to keep what is stored, and its answer is given', async () => {
  stub({ persist: async () => true })
  expect(await requestPersistence()).toBe(true)
  stub({ persist: async () => false })
  expect(await requestPersistence()).toBe(false)
})

test('usage and quota are those that the browser tells', async () => {
  stub({ estimate: async () => ({ usage: 10, quota: 100 }), persisted: async () => true })
  expect(await storageEstimate()).toEqual({ usage: 10, quota: 100, persisted: true })
  stub({ estimate: async () => ({ usage: 10, quota: 100 }) })
  expect(await storageEstimate()).toEqual({ usage: 10, quota: 100, persisted: undefined })
})

test('a browser that does not answer is not waited for without end', async () => {
  stub({ persist: never, estimate: never, persisted: never })
  const started = performance.now()
  expect(await requestPersistence({ timeout: 20 })).toBe(false)
  expect(await storageEstimate({ timeout: 20 })).toBeUndefined()
  expect(performance.now() - started).toBeLessThan(2000)
})

test('where there is no such storage, or it refuses, the answer is that nothing is known', async () => {
  const refuse = (): Promise<never> => Promise.reject(new TypeError('no'))
  for (const storage of [undefined, {}, { persist: refuse, estimate: refuse, persisted: refuse }]) {
    stub(storage)
    expect(await requestPersistence()).toBe(false)
    expect(await storageEstimate()).toBeUndefined()
  }
  vi.stubGlobal('navigator', undefined)
  expect(await requestPersistence()).toBe(false)
})
