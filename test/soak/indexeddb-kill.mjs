/** 50 rounds of SIGKILL for a browser whose page writes to a strict IndexedDB store: see `test/tabs/crash.mjs`. */
import { existsSync } from 'node:fs'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { serve } from '../../scripts/serve.mjs'
import { crashRound, finalCheck, newProgress } from '../tabs/crash.mjs'

const ROUNDS = 50
const GLOBAL = fileURLToPath(new URL('../../dist/konserve.global.js', import.meta.url))

if (!existsSync(GLOBAL)) {
  console.error('The soak uses the built package: run `npm run build` first.')
  process.exit(1)
}
const folder = await mkdtemp(join(tmpdir(), 'konserve-kill-'))
const site = join(folder, 'site')
await cp(GLOBAL, join(site, 'konserve.js'))
await writeFile(join(site, 'index.html'), '<!doctype html><title>konserve</title><script src="konserve.js"></script>')
const server = await serve(site)
try {
  const progress = newProgress()
  const id = crypto.randomUUID()
  const profile = join(folder, 'profile')
  for (let round = 0; round < ROUNDS; round++) {
    await crashRound(server.url, profile, id, 100 + Math.random() * 900, progress)
  }
  await finalCheck(server.url, profile, id, progress)
  const { single, batch, wave, count } = progress
  console.log(
    `indexeddb-kill: ${ROUNDS} kills, ${single + 1} single writes, ${batch + 1} batches, ${wave + 1} waves, ` +
      `${count} updates; none that was acknowledged is lost, none is torn.`,
  )
} finally {
  await server.close()
  await rm(folder, { recursive: true, force: true, maxRetries: 5 })
}
