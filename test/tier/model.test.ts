import fc from 'fast-check'
import process from 'node:process'
import { expect, test } from 'vitest'
import * as subject from '../../src/engine/tier/tier.ts'
import { trial } from './history.ts'
import { scenarios } from './scenarios.ts'

const RUNS = Number(process.env['KONSERVE_RUNS'] ?? 1000)

test('whatever is late or fails, readers of a tier see what one register a key would show them', async () => {
  await fc.assert(
    fc.asyncProperty(scenarios(), async (scenario) => {
      expect(await trial(subject, scenario)).toEqual([])
    }),
    { numRuns: RUNS },
  )
}, 600_000)
