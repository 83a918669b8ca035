import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serve } from '../../scripts/serve.mjs'
import { crashRound, finalCheck, newProgress } from './crash.mjs'
import { buildSite } from './page.ts'

test('a browser that is killed while it writes loses nothing that was acknowledged, and tears nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'konserve-crash-'))
  const site = join(folder, 'site')
  const profile = join(folder, 'profile')
  await buildSite(site)
  const server = await serve(site)
  try {
    const progress = newProgress()
    const id = crypto.randomUUID()
    for (let round = 0; round < 3; round++) {
      await crashRound(server.url, profile, id, 300 + 300 * Math.random(), progress)
    }
    await finalCheck(server.url, profile, id, progress)
    expect(progress.single).toBeGreaterThan(5)
  } finally {
    await server.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}, 120_000)
