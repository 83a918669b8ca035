import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { KeyQueue, type Outcome } from '../../src/engine/queue.ts'

const ASYNC = { sync: false }
const SYNC = { sync: true }

function deferred(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve!: () => void
  let reject!: (error: unknown) => void
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { promise, resolve, reject }
}

/** Whether a task on `name` is running or waiting. */
function busy(queue: KeyQueue, name: string): boolean {
  try {
    void queue.exclusive([name], SYNC, () => undefined)
    return false
  } catch {
    return true
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

describe('KeyQueue', () => {
  test('runs a task on a name at rest within the call', () => {
    const queue = new KeyQueue()
    expect(queue.exclusive(['a'], SYNC, () => 1)).toBe(1)
    expect(busy(queue, 'a')).toBe(false)
  })

  test('runs exclusive tasks of one name in order and alone', async () => {
    const queue = new KeyQueue()
    const log: string[] = []
    const task = (name: string) => async () => {
      log.push(`+${name}`)
      await turn()
      log.push(`-${name}`)
    }
    await Promise.all(['1', '2', '3'].map((name) => queue.exclusive(['a'], ASYNC, task(name))))
    expect(log).toEqual(['+1', '-1', '+2', '-2', '+3', '-3'])
  })

  test('lets shared tasks run beside each other, but not past a waiting exclusive one', async () => {
    const queue = new KeyQueue()
    const gate = deferred()
    const log: string[] = []
    const reads = [
      queue.shared(['a'], ASYNC, () => gate.promise.then(() => log.push('r1'))),
      queue.shared(['a'], ASYNC, () => gate.promise.then(() => log.push('r2'))),
      queue.exclusive(['a'], ASYNC, () => void log.push('w')),
      queue.shared(['a'], ASYNC, () => void log.push('r3')),
    ]
    gate.resolve()
    await Promise.all(reads)
    expect(log).toEqual(['r1', 'r2', 'w', 'r3'])
    expect(busy(queue, 'a')).toBe(false)
  })

  test('frees the name before the caller of an asynchronous task goes on, whether it succeeded or failed', async () => {
    const queue = new KeyQueue()
    await queue.exclusive(['a'], ASYNC, turn)
    expect(queue.exclusive(['a'], SYNC, () => 1)).toBe(1)
    await expect(queue.exclusive(['a'], ASYNC, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(queue.exclusive(['a'], SYNC, () => 2)).toBe(2)
    const first = queue.exclusive(['a'], ASYNC, turn)
    const second = queue.exclusive(['a'], ASYNC, turn)
    await first
    await second
    expect(queue.exclusive(['a'], SYNC, () => 3)).toBe(3)
  })

  test('refuses a synchronous call on a busy name, and takes one on another', async () => {
    const queue = new KeyQueue()
    const work = queue.exclusive(['a'], ASYNC, turn)
    expect(() => queue.exclusive(['a'], SYNC, () => 1)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    expect(() => queue.shared(['b', 'a'], SYNC, () => 1)).toThrow(expect.objectContaining({ code: 'BUSY' }))
    expect(queue.exclusive(['b'], SYNC, () => 1)).toBe(1)
    await work
  })

  test('folds the items that wait behind one another and settles each by its own outcome', async () => {
    const queue = new KeyQueue()
    const runs: number[][] = []
    const run = async (items: readonly number[]): Promise<Outcome<number>[]> => {
      runs.push([...items])
      await turn()
      return items.map((item) => (item === 3 ? { error: new Error('three') } : { value: item * 10 }))
    }
    const results = await Promise.allSettled([1, 2, 3, 4].map((item) => queue.fold('a', ASYNC, item, run)))
    expect(runs).toEqual([[1], [2, 3, 4]])
    expect(results.map((r) => (r.status === 'fulfilled' ? r.value : 'error'))).toEqual([10, 20, 'error', 40])
  })

  test('leaves out a folded item that is aborted while it waits, not one whose run has begun', async () => {
    const queue = new KeyQueue()
    const runs: number[][] = []
    const late = new AbortController()
    const early = new AbortController()
    const run = async (items: readonly number[]): Promise<Outcome<number>[]> => {
      runs.push([...items])
      if (items.includes(3)) late.abort(new Error('late'))
      await turn()
      return items.map((value) => ({ value }))
    }
    const signals = [undefined, early.signal, undefined, late.signal]
    const results = Promise.allSettled(signals.map((signal, i) => queue.fold('a', { ...ASYNC, signal }, i + 1, run)))
    early.abort(new Error('early'))
    expect((await results).map((r) => (r.status === 'fulfilled' ? r.value : r.reason.message))).toEqual([
      1,
      'early',
      3,
      4,
    ])
    expect(runs).toEqual([[1], [3, 4]])
    expect(() => queue.fold('a', { ...SYNC, signal: early.signal }, 5, run)).toThrow('early')
    expect(busy(queue, 'a')).toBe(false)
  })

  test('does not fold past a task of another kind', async () => {
    const queue = new KeyQueue()
    const log: unknown[] = []
    const run = async (items: readonly number[]): Promise<Outcome<void>[]> => {
      log.push([...items])
      await turn()
      return items.map(() => ({ value: undefined }))
    }
    await Promise.all([
      queue.fold('a', ASYNC, 1, run),
      queue.fold('a', ASYNC, 2, run),
      queue.shared(['a'], ASYNC, () => log.push('read')),
      queue.fold('a', ASYNC, 3, run),
    ])
    expect(log).toEqual([[1], [2], 'read', [3]])
  })

  test('drops a waiting task when its signal aborts, and the others go on', async () => {
    const queue = new KeyQueue()
    const gate = deferred()
    const first = queue.exclusive(['a'], ASYNC, () => gate.promise)
    const controller = new AbortController()
    let ran = false
    const waiting = queue.exclusive(['a', 'b'], { sync: false, signal: controller.signal }, () => void (ran = true))
    const last = queue.exclusive(['b'], ASYNC, () => 'b')
    controller.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    expect(await last).toBe('b')
    gate.resolve()
    await first
    expect(ran).toBe(false)
    expect(busy(queue, 'a') || busy(queue, 'b')).toBe(false)
  })

  test('does not grow the stack when thousands of waiting tasks end at once', async () => {
    const queue = new KeyQueue()
    const gate = deferred()
    const first = queue.exclusive(['a'], ASYNC, () => gate.promise)
    const waiting = Array.from({ length: 20_000 }, (_, i) => queue.exclusive(['a'], ASYNC, () => i))
    gate.resolve()
    await first
    expect((await Promise.all(waiting)).at(-1)).toBe(19_999)
  })

  test('waits for everything under way when it is asked to be idle', async () => {
    const queue = new KeyQueue()
    const log: string[] = []
    void queue.exclusive(['a'], ASYNC, () => turn().then(() => log.push('a')))
    void queue.exclusive(['b'], ASYNC, () =>
      turn()
        .then(turn)
        .then(() => log.push('b')),
    )
    await queue.idle(ASYNC)
    expect(log).toEqual(['a', 'b'])
    expect(queue.idle(ASYNC)).toBeUndefined()
  })

  test('keeps order and exclusion for any mix of tasks on several names', async () => {
    const task = fc.record({
      names: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
      exclusive: fc.boolean(),
      turns: fc.nat(2),
      fails: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 12 }), async (tasks) => {
        const queue = new KeyQueue()
        const inside = new Map<string, { readers: number; writers: number }>()
        const started = new Map<string, number[]>()
        const results = tasks.map(async ({ names, exclusive, turns, fails }, i) => {
          const enter = exclusive ? queue.exclusive.bind(queue) : queue.shared.bind(queue)
          return enter(names, ASYNC, async () => {
            for (const name of names) {
              const state = inside.get(name) ?? { readers: 0, writers: 0 }
              inside.set(name, state)
              if (exclusive) state.writers++
              else state.readers++
              if (state.writers > 1 || (state.writers === 1 && state.readers > 0)) throw new Error(`overlap on ${name}`)
              started.set(name, [...(started.get(name) ?? []), i])
            }
            for (let n = 0; n < turns; n++) await turn()
            for (const name of names) inside.get(name)![exclusive ? 'writers' : 'readers']--
            if (fails) throw 'planned'
          })
        })
        for (const [i, result] of (await Promise.allSettled(results)).entries()) {
          if (result.status === 'rejected') expect([tasks[i]!.fails, result.reason]).toEqual([true, 'planned'])
        }
        for (const [name, order] of started) {
          const writes = order.filter((i) => tasks[i]!.exclusive)
          expect(writes, name).toEqual([...writes].sort((x, y) => x - y))
        }
        for (const name of ['a', 'b', 'c']) expect(busy(queue, name)).toBe(false)
      }),
      { numRuns: 200 },
    )
  }, 60_000)
})
