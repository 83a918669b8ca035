import { spawnSync } from 'node:child_process'
import process from 'node:process'

/**
 * The two codecs compared on 200,000 values and as many damaged encodings, and on frames a tenth of that; `KONSERVE_RUNS`
 * sets another number.
 */
const { KONSERVE_RUNS = '200000' } = process.env
const args = [
  'vitest',
  'run',
  '--project',
  'node',
  'test/codec/wasm.test.ts',
  'test/codec/sealed-frames.test.ts',
  '--testTimeout',
  String(4 * 60 * 60 * 1000),
]
const { status } = spawnSync('npx', args, { stdio: 'inherit', env: { ...process.env, KONSERVE_RUNS } })
if (status === 0) console.log(`codec: ${KONSERVE_RUNS} values and ${KONSERVE_RUNS} damaged encodings, no difference.`)
process.exitCode = status ?? 1
