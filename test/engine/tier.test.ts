import { beforeEach, describe, expect, test } from 'vitest'
import '../../src/backends/memory.ts'
import type { Backend, Call, Notice, OpenContext, Watcher } from '../../src/base/backend.ts'
import { findBackend } from '../../src/base/backend.ts'
import type { Entry } from '../../src/base/entry.ts'
import { type TierOptions, type TieredBackend, tieredBackend } from '../../src/engine/tier/tier.ts'
import { overlay } from '../../src/testing/overlay.ts'

const CALL: Call = { sync: false }
const SYNC: Call = { sync: true }
const POLICIES = {
  writePolicy: 'write-through',
  readPolicy: 'frontend-first',
  negative: false,
  outbox: { maxEntries: 100, maxBytes: 100_000 },
} as const
const context: OpenContext = { ...CALL, createContainer: false, private: true, onError: () => undefined }

/** A memory backend whose calls are counted and answered later; `before` runs in front of each and may throw. */
function spied(options: {
  later: boolean
  persistent?: boolean
}): Backend & { calls: string[]; before: (call: string) => void } {
  const inner = findBackend('memory')!.create({ backend: 'memory', id: 'x' }, context) as Backend
  const spy = { calls: [] as string[], before: (_call: string): void => undefined }
  return new Proxy(inner, {
    get(target, property: keyof Backend | 'calls' | 'before') {
      if (property === 'calls' || property === 'before') return spy[property]
      if (property === 'capabilities') {
        return { ...target.capabilities, sync: !options.later, persistent: options.persistent === true }
      }
      const method = target[property]
      if (typeof method !== 'function' || property === 'watch') return method
      return (...args: unknown[]): unknown => {
        const run = (): unknown => {
          spy.calls.push(String(property))
          spy.before(String(property))
          return (method as (...args: unknown[]) => unknown).apply(target, args)
        }
        return options.later ? Promise.resolve().then(run) : run()
      }
    },
    set: (_, property: 'before', value) => ((spy[property] = value), true),
  }) as Backend & typeof spy
}

function entry(value: unknown): Entry {
  return { meta: { key: 'k', type: 'value', lastWrite: new Date() }, value }
}

describe('a tier', () => {
  let front: ReturnType<typeof spied>
  let back: ReturnType<typeof spied>
  let errors: unknown[]

  function tier(options: Partial<TierOptions> = {}): TieredBackend {
    return tieredBackend(front, back, {
      capabilities: back.capabilities,
      ...POLICIES,
      ...options,
      onError: (error) => errors.push(error),
      close: () => undefined,
    })
  }

  beforeEach(() => {
    front = spied({ later: false })
    back = spied({ later: true })
    errors = []
  })

  test('reads the back once for all who miss one name at the same time, and gives each a copy of its own', async () => {
    await back.write('sk', entry({ n: 1 }), {}, CALL)
    back.calls.length = 0
    const subject = tier()
    const found = await Promise.all(Array.from({ length: 1000 }, () => subject.read('sk', CALL)))
    expect(back.calls).toEqual(['readMany'])
    expect(found.every((each) => (each!.value as { n: number }).n === 1)).toBe(true)
    expect(new Set(found.map((each) => each?.value)).size).toBe(1000)
    await subject.read('sk', CALL)
    expect(back.calls).toEqual(['readMany'])
  })

  test('joins reads of many names to the reads that are under way', async () => {
    for (const name of ['sa', 'sb', 'sc']) await back.write(name, entry(name), {}, CALL)
    back.calls.length = 0
    const subject = tier()
    const [a, all] = await Promise.all([subject.read('sa', CALL), subject.readMany(['sa', 'sb', 'sc', 'sd'], CALL)])
    expect(a?.value).toBe('sa')
    expect(all.map((each) => each?.value)).toEqual(['sa', 'sb', 'sc', undefined])
    expect(back.calls).toEqual(['readMany', 'readMany'])
  })

  test('never lets the filling of the front overtake a write', async () => {
    await back.write('sk', entry('old'), {}, CALL)
    const subject = tier()
    const read = subject.read('sk', CALL)
    const write = subject.write('sk', entry('new'), {}, CALL)
    const later = subject.read('sk', CALL)
    expect((await read)?.value).toBe('old')
    await write
    expect((await later)?.value).toBe('new')
    expect((await front.read('sk', CALL))?.value).toBe('new')
  })

  test('forgets the name after any error of the back, which may have come after the write had landed', async () => {
    const subject = tier()
    await subject.write('sk', entry('old'), {}, CALL)
    const { write } = back
    const landing = new Proxy(back, {
      get: (target, property) =>
        property === 'write'
          ? async (...args: Parameters<Backend['write']>) => {
              await write(...args)
              throw new Error('time-out')
            }
          : Reflect.get(target, property),
    })
    const unlucky = tieredBackend(front, landing, {
      capabilities: back.capabilities,
      ...POLICIES,
      onError: (error) => errors.push(error),
      close: () => undefined,
    })
    await expect(unlucky.write('sk', entry('new'), {}, CALL)).rejects.toThrow('time-out')
    expect((await unlucky.read('sk', CALL))?.value).toBe('new')
  })

  test('does not ask a front that failed to forget a name, until it took a new entry', async () => {
    const subject = tier({ writePolicy: 'write-around' })
    await back.write('sk', entry('old'), {}, CALL)
    await subject.read('sk', CALL)
    front.before = (call) => {
      if (call === 'delete' || call === 'write') throw new Error('front is broken')
    }
    await subject.write('sk', entry('new'), {}, CALL)
    expect((await subject.read('sk', CALL))?.value).toBe('new')
    expect((await subject.readMeta('sk', CALL))?.key).toBe('k')
    expect(errors.length).toBeGreaterThan(0)
    front.before = () => undefined
    expect((await subject.read('sk', CALL))?.value).toBe('new')
    back.calls.length = 0
    expect((await subject.read('sk', CALL))?.value).toBe('new')
    expect(back.calls).toEqual([])
  })

  test('answers from the back when the front cannot be read', async () => {
    const subject = tier()
    await subject.write('sk', entry('v'), {}, CALL)
    front.before = (call) => {
      if (call.startsWith('read')) throw new Error('unreadable')
    }
    expect((await subject.read('sk', CALL))?.value).toBe('v')
    expect(errors).toHaveLength(1)
  })

  test('runs an update once, on the back, whatever the front holds', async () => {
    const subject = tier()
    await front.write('sk', entry(1), {}, CALL)
    await back.write('sk', entry(100), {}, CALL)
    let runs = 0
    const [old, next] = await subject.update('sk', (before) => (runs++, entry((before?.value as number) + 1)), CALL)
    expect([old?.value, next?.value, runs]).toEqual([100, 101, 1])
    expect((await subject.read('sk', CALL))?.value).toBe(101)
  })

  test('hands waiting updates to the back at once and keeps the last of them in front', async () => {
    const subject = tier()
    const add = (before: Entry | undefined): Entry => entry(((before?.value as number | undefined) ?? 0) + 1)
    await Promise.all(Array.from({ length: 200 }, () => subject.update('sk', add, CALL)))
    expect((await front.read('sk', CALL))?.value).toBe(200)
    expect((await back.read('sk', CALL))?.value).toBe(200)
  })

  test('keeps nothing in front of a write-around, but what is read later', async () => {
    const subject = tier({ writePolicy: 'write-around' })
    await subject.write('sk', entry('v'), {}, CALL)
    expect(await front.read('sk', CALL)).toBeUndefined()
    await subject.read('sk', CALL)
    expect((await front.read('sk', CALL))?.value).toBe('v')
    await subject.update('sk', () => entry('w'), CALL)
    expect(await front.read('sk', CALL)).toBeUndefined()
  })

  test('lets the front agree with the last op of each name of a batch, and forget all when it fails', async () => {
    const subject = tier()
    const ops = [{ write: ['sa', entry(1)] as const }, { write: ['sb', entry(2)] as const }, { delete: 'sa' }]
    expect(await subject.batch(ops, { atomic: true }, CALL)).toEqual([true, true, true])
    expect(await front.readMany(['sa', 'sb'], CALL)).toMatchObject([undefined, { value: 2 }])
    back.before = (call) => {
      if (call === 'batch') throw new Error('no')
    }
    await expect(subject.batch([{ write: ['sb', entry(3)] }], { atomic: true }, CALL)).rejects.toThrow('no')
    expect(await front.read('sb', CALL)).toBeUndefined()
  })

  test('empties a front that outlives the process before it writes to the back', async () => {
    front = spied({ later: false, persistent: true })
    const subject = tier()
    await subject.write('sk', entry('old'), {}, CALL)
    let seen: Entry | undefined | 'unset' = 'unset'
    back.before = (call) => {
      if (call === 'write') seen = front.read('sk', SYNC) as Entry | undefined
    }
    await subject.write('sk', entry('new'), {}, CALL)
    expect(seen).toBeUndefined()
    expect((await front.read('sk', CALL))?.value).toBe('new')
  })

  test('answers synchronous reads of what is resident over an asynchronous back, and says so of what is not', async () => {
    const subject = tier()
    await back.write('sk', entry('v'), {}, CALL)
    expect(() => subject.read('sk', SYNC)).toThrow(expect.objectContaining({ code: 'NOT_RESIDENT' }))
    await subject.read('sk', CALL)
    expect((subject.read('sk', SYNC) as Entry).value).toBe('v')
    expect(() => subject.write('sk', entry('w'), {}, SYNC)).toThrow(
      expect.objectContaining({ code: 'SYNC_UNSUPPORTED' }),
    )
    expect(() => subject.list({}, SYNC)).toThrow(expect.objectContaining({ code: 'NOT_RESIDENT' }))
  })

  test('keeps values apart from the caller while the write is under way', async () => {
    const subject = tier()
    const value = { n: 1 }
    const written = subject.write('sk', entry(value), {}, CALL)
    value.n = 2
    await written
    expect((await subject.read('sk', CALL))?.value).toEqual({ n: 1 })
    expect((await back.read('sk', CALL))?.value).toEqual({ n: 1 })
    const shared = { n: 1 }
    const updated = subject.update('sk', () => entry(shared), CALL)
    await Promise.resolve().then(() => (shared.n = 3))
    await updated
    expect((await subject.read('sk', CALL))?.value).toEqual((await back.read('sk', CALL))?.value)
  })

  test('has forgotten what changed in the back when a watcher is told of it, whoever changed it', async () => {
    back = spied({ later: false })
    const subject = tier()
    const read: unknown[] = []
    subject.watch(() => read.push((subject.read('sk', SYNC) as Entry | undefined)?.value))
    await subject.write('sk', entry('ours'), {}, CALL)
    await back.write('sk', entry('theirs'), {}, CALL)
    await back.delete('sk', {}, CALL)
    expect(read).toEqual(['ours', 'theirs', undefined])
    await subject.write('sk', entry('last'), {}, CALL)
    expect((await front.read('sk', CALL))?.value).toBe('last')
  })

  test('has forgotten everything when a watcher is told that changes may have been missed', async () => {
    let tell: Watcher | undefined
    const watchable = overlay<Backend>(back, {
      watch(watcher) {
        tell = watcher
        return () => undefined
      },
    })
    const names = Array.from({ length: 3 }, (_, i) => `s${i}`)
    for (const name of names) await front.write(name, entry('old'), {}, CALL)
    const subject = tieredBackend(front, watchable, {
      capabilities: back.capabilities,
      ...POLICIES,
      onError: (error) => errors.push(error),
      close: () => undefined,
    })
    const heard: Notice[] = []
    subject.watch((notice) => {
      expect(front.list({}, SYNC)).toMatchObject({ names: [] })
      heard.push(notice)
    })
    tell!({ type: 'resync' })
    expect(heard).toEqual([{ type: 'resync' }])
  })

  test('does not keep logs or large binaries in front', async () => {
    const subject = tier()
    const large = {
      meta: { key: 'k', type: 'binary', lastWrite: new Date() } as const,
      value: new Uint8Array(2 ** 20 + 1),
    }
    await subject.write('sk', large, {}, CALL)
    expect(await front.read('sk', CALL)).toBeUndefined()
    expect(((await subject.read('sk', CALL))!.value as Uint8Array).length).toBe(2 ** 20 + 1)
    expect(await front.read('sk', CALL)).toBeUndefined()
  })
})
