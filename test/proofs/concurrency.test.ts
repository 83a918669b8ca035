import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeFileSystems } from '../../src/backends/file-system.ts'
import {
  type AnyConfig,
  type StoreConfig,
  connectStore,
  createStore,
  deleteStore,
  releaseStore,
} from '../../src/node.ts'
import { registerMapBackend } from './map-blobs.ts'
import { buildForNode, ended, firstOutput, makeFolder, outputOf, startChild } from './processes.ts'

const increment = (n: number | undefined): number => (n ?? 0) + 1

let folder: string
beforeAll(() => {
  folder = makeFolder()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const mapPlace = registerMapBackend('proof-concurrency')

/** How often the engine under the store is written to while `work` runs; `undefined` where it cannot be counted. */
type CountWrites = (work: () => Promise<void>) => Promise<number | undefined>

const stores: [name: string, config: () => StoreConfig, countWrites: CountWrites][] = [
  ['memory', () => ({ backend: 'memory', id: crypto.randomUUID() }), async (work) => void (await work())],
  ['file', () => ({ backend: 'file', id: crypto.randomUUID(), path: freshPath() }), countRenames],
  [
    'tiered, memory over file',
    () => ({
      backend: 'tiered',
      id: crypto.randomUUID(),
      frontendConfig: { backend: 'memory' },
      backendConfig: { backend: 'file', path: freshPath() },
    }),
    countRenames,
  ],
  [
    'bytes in a Map',
    () => ({ backend: 'proof-concurrency', id: crypto.randomUUID() }) satisfies AnyConfig as unknown as StoreConfig,
    async (work) => {
      const before = mapPlace.puts
      await work()
      return mapPlace.puts - before
    },
  ],
]

describe.each(stores)('%s', (name, makeConfig, countWrites) => {
  test('200 updates at once through two handles give exactly 200, in few writes', async () => {
    const config = makeConfig()
    const handles = [await connectStore(config), await connectStore(config)]
    const answers: number[] = []
    const writes = await countWrites(async () => {
      const updates = Array.from({ length: 200 }, async (_, i) => {
        const [, next] = await handles[i % 2]!.update('n', increment)
        answers.push(next)
      })
      await Promise.all(updates)
    })
    expect(await Promise.all(handles.map((handle) => handle.get('n')))).toEqual([200, 200])
    expect(answers.sort((a, b) => a - b)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    if (name !== 'memory') expect(writes).toBeGreaterThanOrEqual(1)
    if (name !== 'memory') expect(writes).toBeLessThanOrEqual(20)
    for (const handle of handles) await releaseStore(config, handle)
    if (name === 'bytes in a Map' || name === 'memory') return deleteStore(config)
    const reopened = await connectStore(config, { create: false })
    expect(await reopened.get('n')).toBe(200)
    await releaseStore(config, reopened)
    await deleteStore(config)
  })

  test('updates, sets, appends and deletes of one key at once take effect in the order of the calls', async () => {
    const config = makeConfig()
    const handles = [await connectStore(config), await connectStore(config)]
    const calls = Array.from({ length: 100 }, (_, i): Promise<unknown> => {
      const handle = handles[i % 2]!
      if (i % 10 === 4) return handle.set('n', i)
      if (i % 10 === 9) return handle.delete('n')
      return handle.update('n', increment)
    })
    const results = await Promise.all(calls)
    let n: number | undefined
    for (const [i, result] of results.entries()) {
      const old = n
      if (i % 10 === 4) n = i
      else if (i % 10 === 9) n = undefined
      else n = increment(n)
      expect(result).toEqual(i % 10 === 4 ? undefined : i % 10 === 9 ? old !== undefined : [old, n])
    }
    expect(await handles[0]!.has('n')).toBe(false)
    await Promise.all(Array.from({ length: 50 }, (_, i) => handles[i % 2]!.append('log', i)))
    expect(await handles[0]!.log('log')).toEqual(Array.from({ length: 50 }, (_, i) => i))
    for (const handle of handles) await releaseStore(config, handle)
    await deleteStore(config)
  })
})

describe.each(stores.slice(0, 3))('%s', (_, makeConfig) => {
  test('of 16 createStore at once one wins, and 15 find that the store exists', async () => {
    for (let round = 0; round < 5; round++) {
      const config = makeConfig()
      const made = await Promise.allSettled(Array.from({ length: 16 }, () => createStore(config)))
      const winners = made.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
      const codes = made.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code: string }).code] : []))
      expect(winners).toHaveLength(1)
      expect(codes).toEqual(Array.from({ length: 15 }, () => 'STORE_EXISTS'))
      await winners[0]!.set('a', 1)
      await releaseStore(config, winners[0]!)
      await deleteStore(config)
    }
  })

  test('of 16 connectStore at once all get the same store', async () => {
    const config = makeConfig()
    const handles = await Promise.all(Array.from({ length: 16 }, () => connectStore(config)))
    await Promise.all(handles.map((handle) => handle.update('n', increment)))
    expect(await handles[7]!.get('n')).toBe(16)
    for (const handle of handles) await releaseStore(config, handle)
    await deleteStore(config)
  })
})

describe('several processes on one file store', () => {
  let entry: string
  beforeAll(async () => {
    entry = await buildForNode(folder)
  })

  test('of 16 createStore at once in 4 processes one wins, and 15 find that the store exists', async () => {
    for (let round = 0; round < 6; round++) {
      const config = { backend: 'file', id: crypto.randomUUID(), path: freshPath() } as const
      // An empty folder is no store yet: everyone races for the descriptor alone.
      if (round % 2 === 1) mkdirSync(config.path)
      const children = Array.from({ length: 4 }, () => startChild('create', entry, JSON.stringify(config)))
      const outputs = children.map(outputOf)
      await Promise.all(children.map(firstOutput))
      const start = Date.now() + 30
      for (const child of children) child.stdin!.write(`${start}\n`)
      const lines = (await Promise.all(outputs)).flatMap((output) => output.trim().split('\n'))
      const count = (word: string): number => lines.filter((line) => line === word).length
      expect({ ready: count('ready'), made: count('made'), exists: count('STORE_EXISTS'), all: lines.length }).toEqual({
        ready: 4,
        made: 1,
        exists: 15,
        all: 20,
      })
      const store = await connectStore(config, { create: false })
      await store.set('a', 1)
      await releaseStore(config, store)
      expect(readdirSync(config.path).sort()).toEqual(['sa', '~d'])
      await deleteStore(config)
      expect(existsSync(config.path)).toBe(false)
    }
  })

  test('a temporary file stays while its process lives, and goes when the store is next opened after it was killed', async () => {
    const config = { backend: 'file', id: crypto.randomUUID(), path: freshPath() } as const
    const child = startChild('busy', entry, JSON.stringify(config))
    try {
      await firstOutput(child)
      const temps = (): string[] => readdirSync(config.path).filter((name) => name.startsWith('.tmp-'))
      // Stopped in the middle of a write.
      for (let tries = 0; ; tries++) {
        child.kill('SIGSTOP')
        if (temps().length > 0) break
        expect(tries).toBeLessThan(1000)
        child.kill('SIGCONT')
        await delay(5 + (tries % 7))
      }
      const left = temps()
      const open = async (): Promise<void> => {
        const store = await connectStore(config)
        expect(await store.get('key', { default: 'x' })).toMatch(/^x+\d*$/)
        await releaseStore(config, store)
      }
      await open()
      expect(temps()).toEqual(left)
      child.kill('SIGKILL')
      await ended(child)
      expect(temps()).toEqual(left)
      await open()
      expect(temps()).toEqual([])
    } finally {
      child.kill('SIGKILL')
      await ended(child)
    }
    await deleteStore(config)
    expect(existsSync(config.path)).toBe(false)
  })
})

let paths = 0
function freshPath(): string {
  return join(folder, `store-${paths++}`)
}

/** A file that takes its place is a write. */
async function countRenames(work: () => Promise<void>): Promise<number> {
  const { rename } = nodeFileSystems.async
  let count = 0
  nodeFileSystems.async.rename = (from, to) => {
    count++
    return rename(from, to)
  }
  try {
    await work()
  } finally {
    nodeFileSystems.async.rename = rename
  }
  return count
}
