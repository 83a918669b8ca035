import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { trial } from './history.ts'
import { planted, removeLeftovers } from './planted.ts'
import { plants } from './plants.ts'
import { scenarios } from './scenarios.ts'

const MOST_RUNS = 20_000
const SEED = 1

beforeAll(removeLeftovers)
afterAll(removeLeftovers)

test.each(Object.entries(plants))('the model sees that %s', { timeout: 120_000 }, async (_, plant) => {
  const { subject, remove } = await planted(plant)
  try {
    const property = fc.asyncProperty(
      scenarios(plant.given),
      async (scenario) => (await trial(subject, scenario)).length === 0,
    )
    const { failed, numRuns } = await fc.check(property, { numRuns: MOST_RUNS, seed: SEED, endOnFailure: true })
    expect(failed, `${numRuns} scenarios, and none shows it`).toBe(true)
  } finally {
    await remove()
  }
})
