/**
 * A process that writes to a strict file store is killed at a random moment, 100 times: nothing that was acknowledged
 * is lost, and nothing is torn. The machine goes on running, so that this says nothing about a power cut.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { crashRound, newProgress } from '../proofs/children/crash.mjs'

const ROUNDS = 100
const ENTRY = fileURLToPath(new URL('../../dist/node.js', import.meta.url))

if (!existsSync(ENTRY)) {
  console.error('The kill soak uses the built package: run `npm run build` first.')
  process.exit(1)
}

const folder = await mkdtemp(join(tmpdir(), 'konserve-kill-'))
try {
  /** @type {{ backend: 'file', id: string, path: string }} */
  const config = { backend: 'file', id: crypto.randomUUID(), path: join(folder, 'store') }
  const progress = newProgress()
  for (let round = 0; round < ROUNDS; round++) await crashRound(ENTRY, config, 20 + Math.random() * 480, progress)
  assert.ok(progress.last > ROUNDS, `only ${progress.last} writes were acknowledged`)
  console.log(
    `kill: ${ROUNDS} kills, ${progress.last + 1} writes; none that was acknowledged is lost, none is torn. ` +
      `${progress.leftChunks} chunks without an owner are left, and not listed.`,
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}
