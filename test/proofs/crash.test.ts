import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { crashRound, newProgress } from './children/crash.mjs'
import { buildForNode, makeFolder } from './processes.ts'

let folder: string
let entry: string
beforeAll(async () => {
  folder = makeFolder()
  entry = await buildForNode(folder)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test('a writer killed at any moment loses nothing that was acknowledged, tears no value, and shows no leftovers', async () => {
  const config = { backend: 'file', id: crypto.randomUUID(), path: join(folder, 'store') } as const
  const progress = newProgress()
  const acknowledged: number[] = []
  for (let round = 0; round < 5; round++) {
    const before = progress.last
    await crashRound(entry, config, 200 + Math.random() * 300, progress)
    acknowledged.push(progress.last - before)
  }
  expect(acknowledged).toHaveLength(5)
  expect(Math.min(...acknowledged), 'writes in each round').toBeGreaterThan(0)
  expect(progress.last).toBeGreaterThan(20)
}, 60_000)
