import { afterAll, describe, expect, test } from 'vitest'
import type { Request, Response, TestId } from './compliance.worker.ts'

const worker = new Worker(new URL('./compliance.worker.ts', import.meta.url), { type: 'module' })
afterAll(() => worker.terminate())

const waiting = new Map<number, (response: Response) => void>()
worker.addEventListener('message', ({ data }: MessageEvent<Response>) => waiting.get(data.id)?.(data))

const started = new Promise<never>((_, reject) => {
  worker.addEventListener('error', (event) => reject(new Error(`The worker failed: ${event.message}`)))
})
const { tests = [] } = await Promise.race([ask(), started])

test('the worker runs the suite on every backend', () => {
  expect(new Set(tests.map(({ target }) => target)).size).toBe(6)
  expect(tests.length).toBeGreaterThan(300)
})

for (const [target, listed] of Map.groupBy(tests, (each) => each.target)) {
  describe(`${target}, in a worker`, () => {
    for (const { name, title } of listed) {
      test(`${name}: ${title}`, async () => {
        expect((await ask({ target, name })).error).toBeUndefined()
      })
    }
  })
}

function ask(wanted?: TestId): Promise<Response> {
  const id = waiting.size
  const request: Request = { id, ...(wanted && { test: wanted }) }
  return new Promise((resolve) => {
    waiting.set(id, resolve)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- it is a worker, not a window
    worker.postMessage(request)
  })
}
