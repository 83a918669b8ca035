import { afterAll, expect, test } from 'vitest'
import { cdp } from 'vitest/browser'
import { connectStore, deleteStore } from '../../src/browser.ts'
import { startWorker } from './contexts/context.ts'

interface Protocol {
  send(method: 'ServiceWorker.enable' | 'ServiceWorker.stopAllWorkers'): Promise<void>
}

const config = { backend: 'indexeddb', id: crypto.randomUUID() } as const
afterAll(() => deleteStore(config))

test('a service worker that the browser stops and starts again goes on with the same store', async () => {
  const worker = await startWorker('service worker', 'module')
  const increment = (): Promise<number[]> => worker.ask('increment', { config, start: Date.now(), times: 5 })
  expect(await increment()).toEqual([1, 2, 3, 4, 5])
  const before = await worker.ask('startedAt')
  const protocol = cdp() as Protocol
  await protocol.send('ServiceWorker.enable')
  await protocol.send('ServiceWorker.stopAllWorkers')
  expect(await increment()).toEqual([6, 7, 8, 9, 10])
  expect(await worker.ask('startedAt')).toBeGreaterThan(before)
  expect(await (await connectStore(config)).get('n')).toBe(10)
  await worker.end()
})
