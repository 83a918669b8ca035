/**
 * The model of tiers (test/tier) on `KONSERVE_RUNS` scenarios (default 20,000), every fault planted in them, and a bounded
 * front in `KONSERVE_OPERATIONS` calls (default 1,000,000).
 */
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const vitest = fileURLToPath(new URL('../../node_modules/vitest/vitest.mjs', import.meta.url))
const { KONSERVE_RUNS = '20000', KONSERVE_OPERATIONS = '1000000' } = process.env
const { status } = spawnSync(process.execPath, [vitest, 'run', '--project', 'node', 'test/tier'], {
  cwd: fileURLToPath(new URL('../..', import.meta.url)),
  stdio: 'inherit',
  env: { ...process.env, KONSERVE_RUNS, KONSERVE_OPERATIONS },
})
process.exitCode = status ?? 1
