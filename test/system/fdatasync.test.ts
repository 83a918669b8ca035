import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { serve } from '../../scripts/serve.mjs'
import { spawnChromium } from '../../scripts/spawn-chromium.mjs'
import { buildSite } from '../tabs/page.ts'

test('strict and relaxed writes are told apart by the fdatasync calls of the browser', async ({ task }) => {
  if (spawnSync('strace', ['--version']).error) throw new Error('strace is missing: apt-get install strace.')
  const folder = mkdtempSync(join(tmpdir(), 'konserve-fdatasync-'))
  const log = join(folder, 'calls')
  const site = join(folder, 'site')
  await buildSite(site)
  const server = await serve(site)
  const strace = ['strace', '-f', '-qq', '-e', 'trace=fdatasync', '-e', 'signal=none', '-o', log]
  const { context, kill } = await spawnChromium(join(folder, 'profile'), strace)
  try {
    const page = await context.newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => 'konserve' in window)
    await page.evaluate(async () => {
      const store = await window.konserve.connectStore({ backend: 'indexeddb', id: crypto.randomUUID() })
      const awaited = async (options?: { durability: 'strict' }): Promise<void> => {
        for (let i = 0; i < 100; i++) await store.set(`key-${i}`, i, options)
      }
      const together = async (): Promise<void> => {
        await Promise.all(Array.from({ length: 100 }, (_, i) => store.set(`key-${i}`, i, { durability: 'strict' })))
      }
      await store.set('warm', 0)
      Object.assign(window, {
        relaxed: () => awaited(),
        strict: () => awaited({ durability: 'strict' }),
        together,
        flushed: () => store.flush(),
      })
    })
    /** How many there are while the page runs one of these. */
    const calls = async (what: 'relaxed' | 'strict' | 'together' | 'flushed'): Promise<number> => {
      const count = (): number => readFileSync(log, 'utf8').match(/fdatasync\(/g)?.length ?? 0
      const before = count()
      await page.evaluate((name) => (window as unknown as Record<string, () => Promise<void>>)[name]!(), what)
      return count() - before
    }
    const relaxed = await calls('relaxed')
    const strict = await calls('strict')
    const together = await calls('together')
    const flushed = await calls('flushed')
    task.meta.print = `fdatasync calls: ${relaxed} for 100 relaxed writes, ${strict} for 100 strict ones, ${together} for 100 at once, ${flushed} for a flush`
    expect(strict).toBeGreaterThanOrEqual(100)
    expect(relaxed).toBeLessThan(20)
    expect(together).toBeGreaterThanOrEqual(1)
    expect(together).toBeLessThan(20)
    expect(flushed).toBeGreaterThanOrEqual(1)
  } finally {
    await kill()
    await server.close()
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}, 120_000)
