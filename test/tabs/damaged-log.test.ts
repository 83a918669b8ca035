import { appendFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { serve } from '../../scripts/serve.mjs'
import { inKilledBrowser } from './crash.mjs'
import { buildSite } from './page.ts'

const folder = mkdtempSync(join(tmpdir(), 'konserve-log-'))
const id = crypto.randomUUID()
let server: Awaited<ReturnType<typeof serve>>
let profile: string

beforeAll(async () => {
  await buildSite(join(folder, 'site'))
  server = await serve(join(folder, 'site'))
}, 60_000)
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})
beforeEach(() => {
  profile = mkdtempSync(join(folder, 'profile-'))
})

/** Start Chromium, look how many entries there are, write some more, and kill it. */
function session(more: number): Promise<{ found: number; errors: string[] }> {
  return inKilledBrowser(server.url, profile, (page) =>
    page.evaluate(
      async ([given, count]) => {
        const errors: string[] = []
        const onError = (error: unknown): number => errors.push(String(error))
        const config = { backend: 'indexeddb', id: given, durability: 'strict' } as const
        const store = await window.konserve.connectStore(config, { onError })
        let found = 0
        for await (const _ of store.keys()) found++
        for (let n = 0; n < count; n++) await store.set(found + n, { text: 'x'.repeat(300) })
        return { found, errors }
      },
      [id, more] as const,
    ),
  )
}

/** The log that LevelDB writes to. */
function lastLog(): string {
  const databases = join(profile, 'Default', 'IndexedDB')
  const logs = readdirSync(databases, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.log'))
  return join(databases, logs.toSorted().at(-1)!)
}

test('half a record, which a kill has left at the end of the log, costs nothing', async () => {
  expect(await session(30)).toEqual({ found: 0, errors: [] })
  // The head of a record of 500 bytes: LevelDB writes it by itself.
  appendFileSync(lastLog(), Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0xf4, 0x01, 0x01))
  expect(await session(30)).toEqual({ found: 30, errors: [] })
  expect(await session(0)).toEqual({ found: 60, errors: [] })
}, 120_000)

test('a store that the browser deletes because its log is damaged is empty, and STORE_LOST says so', async () => {
  await session(30)
  const log = lastLog()
  const bytes = readFileSync(log)
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(log, bytes)
  const { found, errors } = await session(5)
  expect(found).toBe(0)
  expect(errors).toEqual([expect.stringMatching(/^StoreLostError: .*konserve-.*checksum mismatch/)])
  expect(await session(0)).toEqual({ found: 5, errors: [] })
}, 120_000)
