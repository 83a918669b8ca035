import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crashRound, newProgress } from './children/crash.mjs'

const ENTRY = fileURLToPath(new URL('children/engines.mjs', import.meta.url))
const BUILT = fileURLToPath(new URL('../../dist/node.js', import.meta.url))

/**
 * Kill a process that writes to a strict store in a folder, at a random moment, `rounds` times: nothing that was
 * acknowledged is lost, and nothing is torn. The machine goes on running, so that this says nothing about a power cut.
 *
 * @param {string} backend
 * @param {number} rounds
 * @returns {Promise<string>} what was done, for who reads it
 */
export async function killRounds(backend, rounds) {
  if (!existsSync(BUILT)) throw new Error('This uses the built package: run `npm run build` first.')
  const folder = await mkdtemp(join(tmpdir(), 'konserve-kill-'))
  try {
    const config = { backend, id: crypto.randomUUID(), path: join(folder, 'store') }
    const progress = newProgress()
    for (let round = 0; round < rounds; round++) await crashRound(ENTRY, config, 20 + Math.random() * 480, progress)
    assert.ok(progress.last > rounds, `only ${progress.last} writes were acknowledged`)
    const left = backend === 'file' ? ` ${progress.leftChunks} chunks without an owner are left, and not listed.` : ''
    return `${rounds} kills, ${progress.last + 1} writes; none that was acknowledged is lost, none is torn.${left}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
